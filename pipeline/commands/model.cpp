#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/errors.h"
#include "io/json_output.h"
#include "io/printable.h"
#include "model/stored_weights.h"
#include "model/tokenizer.h"
#include "pipeline/commands.h"

namespace headsweep {

void model_command(const std::filesystem::path& folder, Format format) {
  const ModelConfig config = read_config(folder);
  const StoredWeights stored(folder, config);
  const Tokenizer tokenizer(folder);
  if (tokenizer.largest_id() >= config.vocabulary)
    throw UserError(fmt::format(
        "{}: the tokenizer has the token {}, but config.json's vocab_size is {}: the two belong to "
        "different models",
        folder.string(), tokenizer.largest_id(), config.vocabulary));
  const ModelSummary summary{folder.string(),
                             name_of(config.kind),
                             stored.prefix().empty() ? "hub" : "prefixed",
                             config.layers,
                             config.heads,
                             config.d_model,
                             config.d_head(),
                             config.d_mlp,
                             config.positions,
                             config.vocabulary,
                             config.layer_norm_epsilon,
                             stored.element_types(),
                             stored.parameters(),
                             stored.sha256(),
                             tokenizer.sha256()};
  if (format == Format::json) {
    fmt::print("{}\n", to_json(summary));
    return;
  }
  print_text(stdout, "{}: a {} that headsweep can use\n", summary.path,
             config.kind == ModelKind::gpt2 ? "GPT-2" : "GPT-NeoX (as Pythia is)");
  print_text(stdout, "  {} layers, {} heads of {}, d_model {}, d_mlp {}, {} positions, {} tokens\n",
             config.layers, config.heads, config.d_head(), config.d_model, config.d_mlp,
             config.positions, config.vocabulary);
  print_text(stdout, "  {} parameters, stored as {}, tensor names {}\n", summary.parameters,
             fmt::join(summary.element_types, ", "),
             stored.prefix().empty() ? "without a prefix, as on the model hub"
                                     : fmt::format("with '{}'", stored.prefix()));
  print_text(stdout, "  weights   sha256 {}\n  tokenizer sha256 {}\n", summary.sha256,
             summary.tokenizer_sha256);
}

}  // namespace headsweep
