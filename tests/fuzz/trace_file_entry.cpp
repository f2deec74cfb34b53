// A published search as a CSV file, in each of its forms.
#include "io/published_search.h"
#include "io/trace_file.h"
#include "tests/fuzz/entries.h"
#include "tests/fuzz/expectations.h"
#include "tests/temporary_folder.h"

namespace headsweep {

void fuzz_trace_file(std::string_view input) {
  static const TemporaryFolder folder;
  const auto path = folder.write("trace.csv", input);
  is_taken([&] { expect(!read_trace(path).empty(), "a search without decisions"); });
  is_taken([&] {
    expect(!read_published_search(path).decisions.empty(), "a published search without decisions");
  });
}

}  // namespace headsweep
