#include "pipeline/recorded_run.h"

#include <fmt/format.h>

#include "io/errors.h"
#include "io/job_choices.h"

namespace headsweep {
namespace {

/// The value whose name the run's identity has.
template <class Value>
Value identified(const RunRecord& record, const char* key) {
  const std::string name = value_of(record.identity, key, "");
  for (const Value value : Choices<Value>::all)
    if (name == name_of(value)) return value;
  throw UserError(fmt::format(
      "the run's {} is '{}', which this version of headsweep does not know: use the version that "
      "made the run ({})",
      key, name, value_of(record.identity, "program", "unknown")));
}

}  // namespace

SearchRule search_rule_of(const RunRecord& record) {
  SearchRule rule{record.layers, record.heads, identified<Order>(record, "order"),
                  record.threshold};
  rule.components = record.components;
  rule.granularity = record.granularity;
  return for_family(rule, record.position_names);
}

AblationRule ablation_of(const RunRecord& record) {
  return {identified<Ablation>(record, "ablation"), identified<Positions>(record, "positions"),
          record.components, identified<MlpMeans>(record, "mlp_means")};
}

PromptBatch batch_of(const std::vector<PromptRecord>& prompts,
                     const std::vector<std::string>& position_names) {
  PromptBatch batch;
  batch.position_names = position_names;
  for (const PromptRecord& prompt : prompts) {
    batch.tokens.push_back(prompt.tokens);
    batch.answers.push_back(prompt.answer_token);
    batch.distractors.push_back(prompt.distractor_token);
    batch.templates.push_back(prompt.template_id);
    batch.positions.push_back(prompt.positions);
  }
  return batch;
}

std::filesystem::path find_model(const RunRecord& record, const std::filesystem::path& elsewhere) {
  const std::filesystem::path folder =
      elsewhere.empty() ? value_of(record.provenance, "model_path", "") : elsewhere.string();
  if (!std::filesystem::exists(folder))
    throw UserError(fmt::format(
        "{}: the run's model is not there: name the folder in which it is here with --model",
        folder.string()));
  return folder;
}

void check_model(const std::string& sha256, const RunRecord& record,
                 const std::filesystem::path& folder) {
  const std::string wanted = value_of(record.identity, "model_sha256", "");
  if (sha256 == wanted) return;
  throw UserError(fmt::format(
      "{}: these are not the weights that the run was made with (sha256 {}, the run's {})",
      folder.string(), sha256, wanted));
}

}  // namespace headsweep
