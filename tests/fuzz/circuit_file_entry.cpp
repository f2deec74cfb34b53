// A circuit, in YAML and in JSON.
#include "io/circuit_file.h"
#include "tests/fuzz/entries.h"
#include "tests/fuzz/expectations.h"
#include "tests/temporary_folder.h"

namespace headsweep {

void fuzz_circuit_file(std::string_view input) {
  static const TemporaryFolder folder;
  for (const char* name : {"circuit.yaml", "circuit.json"}) {
    const auto path = folder.write(name, input);
    is_taken([&] {
      const CircuitFile circuit = read_circuit(path);
      for (const auto& [layer, head] : circuit.heads)
        expect(layer >= 0 && head >= 0, "a head that is negative");
    });
  }
}

}  // namespace headsweep
