// A model's config.json.
#include "model/config.h"
#include "tests/fuzz/entries.h"
#include "tests/fuzz/expectations.h"
#include "tests/temporary_folder.h"

namespace headsweep {

void fuzz_config(std::string_view input) {
  static const TemporaryFolder folder;
  folder.write("config.json", input);
  is_taken([&] {
    const ModelConfig config = read_config(folder.path());
    for (const int size : {config.layers, config.heads, config.d_model, config.d_mlp,
                           config.positions, config.vocabulary, config.d_head()})
      expect(size > 0, "a size that is not positive");
    expect(config.d_head() * config.heads == config.d_model, "heads that do not fill the model");
    expect(config.layer_norm_epsilon > 0, "an epsilon that is not positive");
  });
}

}  // namespace headsweep
