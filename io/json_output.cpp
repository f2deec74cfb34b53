#include "io/json_output.h"

#include "io/written_json.h"

namespace headsweep {
namespace {

/// Null where the record does not say.
Json rung_name(int rung, const RunRecord& run) {
  if (run.rungs.empty()) return nullptr;
  return run.rungs.at(static_cast<std::size_t>(rung)).name;
}

Json component(int layer, int head) {
  const bool is_mlp = head == no_head;
  return {{"layer", layer},
          {"component", is_mlp ? "mlp" : "head"},
          {"head", is_mlp ? Json() : Json(head)}};
}

/// What a decision was about.
Json component(const DecisionRecord& record, const RunRecord& run) {
  Json json = component(record.layer, record.head);
  if (run.granularity == Granularity::position)
    json["position"] = record.position == every_position
                           ? Json()
                           : Json(run.position_names.at(static_cast<std::size_t>(record.position)));
  return json;
}

Json decision(const DecisionRecord& record, const RunRecord& run) {
  Json json = component(record, run);
  json.update({{"score_percent", record.score_percent},
               {"removed", record.removed},
               {"margin", record.margin},
               {"seconds", record.seconds},
               {"per_prompt", record.per_prompt},
               {"wave", record.wave},
               {"rank", record.rank},
               {"host", run.hosts.at(static_cast<std::size_t>(record.host))},
               {"rung", rung_name(record.rung, run)},
               {"guard", record.guard},
               {"tie", record.tie}});
  return json;
}

Json head_list(const HeadList& list) {
  Json heads = Json::array();
  for (const auto& [layer, head] : list) heads.push_back(Json::array({layer, head}));
  return heads;
}

/// Heads and MLPs that are kept, with the names that a circuit file has for them.
void add_circuit(const RunRecord& record, Json& json) {
  json["circuit"] = head_list(kept_heads(record));
  json["mlps"] = mlps_take_part(record.components) ? Json(kept_mlps(record)) : Json();
  if (record.granularity != Granularity::position) return;
  const std::vector<HeadList> kept = kept_heads_by_position(record);
  Json& positions = json["positions"] = Json::object();
  for (std::size_t i = 0; i < kept.size(); ++i)
    positions[record.position_names[i]] = head_list(kept[i]);
}

Json work(const WorkRecord& record) {
  return {{"waves", record.waves},
          {"evaluations", record.evaluations},
          {"discarded", record.discarded},
          {"compute_seconds", record.compute_seconds},
          {"communication_seconds", record.communication_seconds},
          {"waiting_seconds", record.waiting_seconds}};
}

Json single_removals(const RunRecord& record) {
  Json rows = Json::array();
  for (const SingleRemoval& each : record.single_removals)
    rows.push_back(Json::array({each.layer, each.head, each.score_percent}));
  return rows;
}

Json precision(const RunRecord& record) {
  Json rungs = Json::array();
  for (const auto& [name, cost, error, guard] : record.rungs)
    rungs.push_back({{"name", name}, {"cost", cost}, {"error", error}, {"guard", guard}});
  return {{"rungs", std::move(rungs)}};
}

Json audit(const RunRecord& record) {
  Json rows = Json::array();
  for (const AuditRecord& each : record.audit) {
    const DecisionRecord& decision = record.decisions.at(static_cast<std::size_t>(each.decision));
    Json row = {{"decision", each.decision}};
    row.update(component(decision, record));
    row.update({{"score_percent", each.score_percent}, {"agrees", each.agrees}});
    rows.push_back(std::move(row));
  }
  return rows;
}

/// What was found out about a decision of a run.
Json about(const auto& compared, const Json& found) {
  Json row = {{"decision", compared.decision}};
  row.update(component(compared.layer, compared.head));
  row.update(found);
  return row;
}

Json prompts(const std::vector<PromptRecord>& records) {
  Json rows = Json::array();
  for (const PromptRecord& each : records)
    rows.push_back({{"text", each.text},
                    {"answer", each.answer},
                    {"distractor", each.distractor},
                    {"template", each.template_id},
                    {"tokens", each.tokens},
                    {"answer_token", each.answer_token},
                    {"distractor_token", each.distractor_token},
                    {"positions", each.positions}});
  return rows;
}

Json left_out(const std::vector<ListedFamily::LeftOut>& all) {
  Json rows = Json::array();
  for (const auto& [text, reason] : all) rows.push_back({{"text", text}, {"reason", reason}});
  return rows;
}

}  // namespace

std::string to_json(const std::vector<ListedFamily>& families) {
  Json rows = Json::array();
  for (const ListedFamily& each : families)
    rows.push_back({{"name", each.name},
                    {"corruption", each.corruption},
                    {"position_names", each.position_names},
                    {"clean", prompts(each.clean)},
                    {"corrupted", prompts(each.corrupted)},
                    {"generated", each.generated},
                    {"warnings", each.warnings},
                    {"left_out",
                     {{"prompts", left_out(each.prompts_left_out)},
                      {"words", left_out(each.words_left_out)}}}});
  return written({{"families", std::move(rows)}});
}

std::string to_json(const NextTokenTable& table) {
  Json top = Json::array();
  for (const auto& row : table.top)
    top.push_back(Json::array({row.id, row.text, row.logit, row.probability}));
  return written({{"tokens", table.tokens},
                  {"answer_token", table.answer_token},
                  {"rank", table.rank},
                  {"top", std::move(top)}});
}

std::string to_json(const ScoreResult& result) {
  return written({{"score_percent", result.score_percent},
                  {"logit_difference", result.logit_difference},
                  {"per_prompt", result.per_prompt}});
}

std::string to_json(const ModelSummary& summary) {
  return written({{"path", summary.path},
                  {"model_type", summary.kind},
                  {"layout", summary.layout},
                  {"layers", summary.layers},
                  {"heads", summary.heads},
                  {"d_model", summary.d_model},
                  {"d_head", summary.d_head},
                  {"d_mlp", summary.d_mlp},
                  {"positions", summary.positions},
                  {"vocabulary", summary.vocabulary},
                  {"layer_norm_epsilon", summary.layer_norm_epsilon},
                  {"element_types", summary.element_types},
                  {"parameters", summary.parameters},
                  {"sha256", summary.sha256},
                  {"tokenizer_sha256", summary.tokenizer_sha256}});
}

std::string to_json(const SweepTimes& times) {
  Json scores = Json::array();
  for (const auto& score : times.scores)
    scores.push_back(Json::array({score.layer, score.head, score.score_percent}));
  Json rungs = Json::array();
  for (std::size_t i = 0; i < times.rungs.size(); ++i) {
    const RungRecord& rung = times.rungs[i];
    rungs.push_back({{"name", rung.name},
                     {"cost", rung.cost},
                     {"error", rung.error},
                     {"guard", rung.guard},
                     {"decisions", times.decisions_by_rung[i]}});
  }
  return written({{"seconds", times.seconds},
                  {"rungs", std::move(rungs)},
                  {"load_seconds", times.load_seconds},
                  {"families", times.families},
                  {"ranks", times.ranks},
                  {"candidates", times.scores.size()},
                  {"weight_bytes", times.weight_bytes},
                  {"peak_memory_bytes", times.peak_memory_bytes},
                  {"backend", times.backend},
                  {"work", work(times.work)},
                  {"scores", std::move(scores)}});
}

std::string to_json(const VerifiedRun& run) {
  Json decisions = Json::array();
  for (const VerifiedDecision& each : run.decisions)
    decisions.push_back(about(each, {{"score_percent", each.score_percent},
                                     {"exact_score_percent", each.exact_score_percent},
                                     {"margin", each.margin},
                                     {"exact_margin", each.exact_margin},
                                     {"agrees", each.agrees}}));
  return written({{"device", run.device}, {"decisions", std::move(decisions)}});
}

std::string to_json(const ReproducedRun& run) {
  Json decisions = Json::array();
  for (const ReproducedDecision& each : run.decisions)
    decisions.push_back(
        about(each, {{"published_score_percent",
                      each.published_score_percent ? Json(*each.published_score_percent) : Json()},
                     {"score_percent", each.score_percent},
                     {"published_removed", each.published_removed},
                     {"removed", each.removed}}));
  return written({{"threshold", run.threshold_percent},
                  {"within", run.within},
                  {"device", run.device},
                  {"decisions", std::move(decisions)},
                  {"scored_here", run.scored_here},
                  {"run_decisions", run.run_decisions},
                  {"published_to_the_end", run.published_to_the_end},
                  {"same_circuit", run.same_circuit},
                  {"published_kept", run.published_kept},
                  {"kept", run.kept},
                  {"shared", run.shared}});
}

std::string to_json(const RunRecord& record) {
  Json decisions = Json::array();
  for (const DecisionRecord& each : record.decisions) decisions.push_back(decision(each, record));
  Json json = {{"status", name_of(record.status)},
               {"family", record.family},
               {"threshold", record.threshold},
               {"identity", named_values(record.identity)},
               {"provenance", named_values(record.provenance)},
               {"layers", record.layers},
               {"heads", record.heads},
               {"full", {{"mean", record.full_mean}, {"per_prompt", record.full_per_prompt}}},
               {"precision", precision(record)},
               {"decisions", std::move(decisions)}};
  add_circuit(record, json);
  json.update({{"work", work(record.work)},
               {"single_removals", single_removals(record)},
               {"audit", audit(record)}});
  return written(json);
}

}  // namespace headsweep
