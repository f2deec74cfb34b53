#include "pipeline/run_store.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "headsweep/version.h"
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/errors.h"
#include "io/run_file.h"
#include "pipeline/clock.h"
#include "pipeline/drawn_prompts.h"
#include "pipeline/family_warnings.h"
#include "pipeline/ranks/open_ranks.h"

namespace headsweep {
namespace {

void set(NamedValues& values, const std::string& name, std::string value) {
  for (auto& [key, old] : values)
    if (key == name) {
      old = std::move(value);
      return;
    }
  values.emplace_back(name, std::move(value));
}

/// The number of a host in the record, added if it is new there.
int host_number(RunRecord& record, const std::string& host) {
  const auto found = std::ranges::find(record.hosts, host);
  const auto number = found - record.hosts.begin();
  if (found == record.hosts.end()) record.hosts.push_back(host);
  return static_cast<int>(number);
}

/// What config.json adds to the weights: the same tensors can be cut into other heads.
std::string config_text(const ModelConfig& config) {
  std::string text =
      fmt::format("{} layers, {} heads, d_model {}, d_mlp {}, epsilon {}", config.layers,
                  config.heads, config.d_model, config.d_mlp, config.layer_norm_epsilon);
  // GPT-2's usual form goes without saying.
  if (config.activation !=
      (config.kind == ModelKind::gpt2 ? Activation::gelu_tanh : Activation::gelu))
    text += config.activation == Activation::gelu ? ", gelu" : ", gelu_new";
  if (config.is_rotary())
    text += fmt::format(", {} rotary columns, base {}", config.rotary_columns, config.rotary_base);
  if (config.is_parallel()) text += ", parallel";
  return text;
}

/// "threshold is 3 in the file, 5 in the job"; empty if the two runs are the same.
std::string differences(const NamedValues& in_file, const NamedValues& wanted) {
  std::string result;
  for (const auto& [name, value] : wanted)
    if (const std::string old = value_of(in_file, name, ""); old != value)
      result += fmt::format("{}{} is {} in the file, {} now", result.empty() ? "" : "; ", name,
                            old.empty() ? "missing" : old, value);
  return result;
}

}  // namespace

std::vector<PromptRecord> prompt_records(const std::vector<Prompt>& prompts,
                                         const PromptBatch& batch) {
  std::vector<PromptRecord> records;
  for (std::size_t b = 0; b < prompts.size(); ++b) {
    const Prompt& p = prompts[b];
    records.push_back({p.text, p.answer, p.distractor, p.template_id, batch.tokens[b],
                       batch.answers[b], batch.distractors[b], batch.positions[b]});
  }
  return records;
}

std::filesystem::path run_folder(const Job& job) {
  return (job.run.output / job.file.stem()).lexically_normal();
}

void make_run_folder(const Job& job) {
  std::error_code error;
  std::filesystem::create_directories(run_folder(job), error);
  if (error || !std::filesystem::is_directory(run_folder(job)))
    throw UserError(
        fmt::format("{}: run.output: the folder {} cannot be made ({}): choose another, as with "
                    "--set run.output=$PWD/runs",
                    job.file.string(), run_folder(job).string(),
                    error ? error.message() : "something else has that name"));
}

std::filesystem::path run_file_path(const Job& job, const RunSpec& run) {
  return run_folder(job) / (run_name(job, run) + ".h5");
}

RunRecord new_run(const Job& job, const RunSpec& run, const Family& family,
                  const Tokenizer& tokenizer, const RunSetting& setting) {
  const FamilySpec& spec = job.families[run.family];
  RunRecord record;
  record.identity = {{"program", std::string(program_version)},
                     {"model_sha256", setting.model_sha256},
                     {"model_config", config_text(setting.config)},
                     {"tokenizer_sha256", tokenizer.sha256()},
                     {"prompts_sha256", family.sha256},
                     {"family", spec.name},
                     {"corruption", name_of(spec.corruption)},
                     {"rule", "greedy"},
                     {"order", name_of(run.order)},
                     {"threshold", fmt::format("{}", run.threshold)},
                     {"components", name_of(job.search.components)},
                     {"mlp_means", name_of(job.search.mlp_means)},
                     {"granularity", name_of(job.search.granularity)},
                     {"ablation", name_of(run.ablation)},
                     {"positions", name_of(job.search.positions)},
                     {"device", setting.device.kind},
                     {"precision", name_of(job.run.precision)},
                     {"ladder", describe(setting.ladder)}};
  if (std::string resample = resample_text(job, run); !resample.empty())
    set(record.identity, "resample", std::move(resample));
  record.provenance = {{"job_file", std::filesystem::absolute(job.file).string()},
                       {"model_path", std::filesystem::absolute(job.model.path).string()},
                       {"device", setting.device.description},
                       {"mpi", mpi_description()},
                       {"ranks", ranks_of_start(setting.places, setting.devices)},
                       {"host", setting.places.front().host},
                       {"started", now_utc()},
                       {"starts", "1"}};
  if (std::string gpus = gpus_of_start(setting.places, setting.devices); !gpus.empty())
    set(record.provenance, "gpus", std::move(gpus));
  if (std::string left_out = describe_left_out(family.selection); !left_out.empty())
    set(record.provenance, "left_out", std::move(left_out));
  if (!family.warnings.empty())
    set(record.provenance, "prompt_warnings", fmt::format("{}", fmt::join(family.warnings, "; ")));
  record.job = resolved_job(job);
  record.family = spec.name;
  record.layers = setting.config.layers;
  record.heads = setting.config.heads;
  record.components = job.search.components;
  record.granularity = job.search.granularity;
  record.threshold = run.threshold;
  record.position_names = family.clean.position_names;
  const std::vector<int> prompts =
      draw_prompts(run.resample, job.search.resample_seed, family.clean.prompts());
  record.clean = drawn(prompt_records(family.prompts.clean, family.clean), prompts);
  // Those that a clean prompt is paired with are drawn with it; means are of all.
  record.corrupted = prompt_records(family.prompts.corrupted, family.corrupted);
  if (run.ablation == Ablation::resample) record.corrupted = drawn(record.corrupted, prompts);
  for (std::size_t i = 0; i < setting.ladder.rungs.size(); ++i)
    record.rungs.push_back({name_of(setting.ladder.rungs[i]), setting.ladder.costs[i], 0, 0});
  return record;
}

RunStore::RunStore(std::filesystem::path path, RunRecord fresh)
    : path_(std::move(path)), record_(std::move(fresh)), started_(monotonic_seconds()) {
  if (!std::filesystem::exists(path_)) return;
  RunRecord found = read_run_file(path_, FileOrigin::own_output);
  if (const std::string different = differences(found.identity, record_.identity);
      !different.empty())
    throw UserError(fmt::format(
        "{}: is the file of another run ({}): headsweep does not mix runs; choose another "
        "run.output, or move that file away",
        path_.string(), different));
  if (found.status == RunStatus::spoilt)
    throw UserError(
        fmt::format("{}: is spoilt: the checkpoint changed while it was computed with, so that its "
                    "scores are of no one model: remove it, and give the same command again",
                    path_.string()));
  const int starts = 1 + std::atoi(value_of(found.provenance, "starts", "0").c_str());
  if (!is_over(found.status)) {
    set(found.provenance, "starts", std::to_string(starts));
    set(found.provenance, "ranks",
        ranks_of_all_starts(value_of(found.provenance, "ranks", ""),
                            value_of(record_.provenance, "ranks", "")));
  }
  record_ = std::move(found);
  if (!record_.decisions.empty()) seconds_before_ = record_.decisions.back().seconds;
}

std::string ranks_of_all_starts(const std::string& before, const std::string& now) {
  constexpr const char* link = ", then ";
  return before == now || before.ends_with(link + now) ? before : before + link + now;
}

double RunStore::seconds() const { return seconds_before_ + monotonic_seconds() - started_; }

void RunStore::set_full(double mean, const std::vector<double>& per_prompt) {
  record_.full_mean = mean;
  record_.full_per_prompt = per_prompt;
  if (const auto warnings = full_model_warnings(per_prompt); !warnings.empty())
    set(record_.provenance, "full_model_warnings", fmt::format("{}", fmt::join(warnings, "; ")));
  record_.status = RunStatus::running;
  anything_new_ = true;
}

void RunStore::set_errors(const Ladder& ladder, const std::vector<double>& errors) {
  Guards guards(ladder);
  guards.set_errors(errors);
  for (std::size_t i = 0; i < record_.rungs.size(); ++i) {
    record_.rungs[i].error = i < errors.size() ? errors[i] : 0;
    record_.rungs[i].guard = guards.of(static_cast<int>(i));
  }
  anything_new_ = true;
}

void RunStore::add(const Decision& decision, const UsedScore& used, const std::string& host) {
  const bool exact = std::cmp_equal(used.rung + 1, record_.rungs.size());
  // Its numbers are those of the record: no head for an MLP, and no position for every one.
  static_assert(Component::no_head == no_head && Component::every_position == every_position);
  record_.decisions.push_back({.layer = decision.component.layer,
                               .head = decision.component.head,
                               .score_percent = decision.score_percent,
                               .margin = decision.margin,
                               .removed = decision.removed,
                               .seconds = seconds(),
                               .wave = used.wave,
                               .rank = used.rank,
                               .host = host_number(record_, host),
                               .per_prompt = used.per_prompt,
                               .rung = used.rung,
                               .guard = used.guard,
                               .tie = exact && std::abs(decision.margin) < tie_points,
                               .position = decision.component.position});
  anything_new_ = true;
}

void RunStore::add_ranking(int layer, std::span<const UsedScore> scores) {
  for (std::size_t head = 0; head < scores.size(); ++head)
    record_.single_removals.push_back(
        {layer, static_cast<int>(head), scores[head].score_percent, scores[head].rung});
  anything_new_ = true;
}

void RunStore::keep_first(std::size_t decisions, std::size_t single_removals) {
  record_.decisions.resize(decisions);
  record_.single_removals.resize(single_removals);
  anything_new_ = true;
}

void RunStore::set_audit(const std::vector<Audited>& audited) {
  record_.audit.clear();
  for (const Audited& each : audited)
    record_.audit.push_back({each.decision, each.score_percent, each.agrees});
  anything_new_ = true;
}

void RunStore::add(const WorkDone& work) { record_.work += work; }

void RunStore::finish(RunStatus status) {
  record_.status = status;
  set(record_.provenance, "ended", now_utc());
  write();
}

bool RunStore::is_due() const { return anything_new_ && monotonic_seconds() - written_ >= 1; }

void RunStore::write() {
  write_run_file(record_, path_);
  written_ = monotonic_seconds();
  anything_new_ = false;
}

}  // namespace headsweep
