// A tokenizer.json, and a text for it.
#include "model/tokenizer.h"
#include "tests/fuzz/entries.h"
#include "tests/fuzz/expectations.h"
#include "tests/fuzz/input_parts.h"
#include "tests/temporary_folder.h"

namespace headsweep {

void fuzz_tokenizer_file(std::string_view input) {
  static const TemporaryFolder folder;
  const auto [file, text] = parts_of<2>(input);
  folder.write("tokenizer.json", file);
  is_taken([&, file = file, text = text] {
    const Tokenizer tokenizer(folder.path());
    const std::vector<int> ids = tokenizer.encode(text);
    const std::string back = tokenizer.decode(ids);
    // Composed, it is another text, but the same once more.
    const bool composes = file.find("NFC") != file.npos;
    expect(composes ? tokenizer.decode(tokenizer.encode(back)) == back : back == text,
           "a text that does not come back");
    tokenizer.decode(tokenizer.largest_id());
  });
}

}  // namespace headsweep
