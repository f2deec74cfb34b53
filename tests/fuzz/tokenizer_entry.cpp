// A tokenizer's vocab.json and merges.txt, and a text for it.
#include "model/tokenizer.h"
#include "tests/fuzz/entries.h"
#include "tests/fuzz/expectations.h"
#include "tests/fuzz/input_parts.h"
#include "tests/temporary_folder.h"

namespace headsweep {

void fuzz_tokenizer(std::string_view input) {
  static const TemporaryFolder folder;
  const auto [vocabulary, merges, text] = parts_of<3>(input);
  folder.write("vocab.json", vocabulary);
  folder.write("merges.txt", merges);
  is_taken([&, text = text] {
    const Tokenizer tokenizer(folder.path());
    const std::vector<int> ids = tokenizer.encode(text);
    expect(tokenizer.decode(ids) == text, "a text that does not come back");
    tokenizer.decode(tokenizer.largest_id());
  });
}

}  // namespace headsweep
