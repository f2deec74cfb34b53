// A family's prompts, in YAML and in JSON.
#include "io/prompt_file.h"
#include "tests/fuzz/entries.h"
#include "tests/fuzz/expectations.h"
#include "tests/temporary_folder.h"

namespace headsweep {

void fuzz_prompt_file(std::string_view input) {
  static const TemporaryFolder folder;
  for (const char* name : {"prompts.yaml", "prompts.json"}) {
    const auto path = folder.write(name, input);
    Prompt clean;
    const bool taken = is_taken([&] {
      const PromptFamily family = read_prompt_file(path, "even");
      expect(!family.clean.empty() && !family.corrupted.empty(), "a family without prompts");
      for (const Prompt& prompt : family.corrupted)
        expect(prompt.words.size() == family.clean.front().words.size(), "positions that differ");
      clean = family.clean.front();
    });
    if (!taken) is_taken([&] { read_corrupted_file(path, "even", clean); });
  }
}

}  // namespace headsweep
