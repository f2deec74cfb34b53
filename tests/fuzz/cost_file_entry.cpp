// What a machine needs, as `bench cost` writes it. What is taken is written and read again.
#include "io/cost_file.h"
#include "tests/fuzz/entries.h"
#include "tests/fuzz/expectations.h"
#include "tests/temporary_folder.h"

namespace headsweep {

void fuzz_cost_file(std::string_view input) {
  static const TemporaryFolder folder;
  const auto path = folder.write("cost.json", input);
  CostModel cost;
  if (!is_taken([&] { cost = read_cost(path); })) return;
  const std::string written = to_json(cost);
  const CostModel again = read_cost(folder.write("again.json", written));
  expect(to_json(again) == written, "costs that do not come back");
}

}  // namespace headsweep
