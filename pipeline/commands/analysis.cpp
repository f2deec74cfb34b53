#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "io/analysis_file.h"
#include "io/checkpoint_watch.h"
#include "io/errors.h"
#include "io/printable.h"
#include "pipeline/analyses/make_on_ranks.h"
#include "pipeline/analyses/tables.h"
#include "pipeline/commands.h"
#include "pipeline/finished_runs.h"
#include "pipeline/message_loop.h"
#include "pipeline/recorded_run.h"

namespace headsweep {
namespace {

struct Prepared {
  std::optional<Analyses> analyses;
  std::filesystem::path model;
  WorkOrder order;
};

/// Resamples say how sure a circuit is: they are analysed where nothing else is named.
std::vector<FoundRun> without_resamples(std::vector<FoundRun> runs) {
  const auto is_resample = [](const FoundRun& run) { return !run.resample.empty(); };
  if (std::ranges::all_of(runs, is_resample)) return runs;
  if (const auto left_out = std::erase_if(runs, is_resample); left_out > 0)
    print_text(stderr, "headsweep: {} resamples are left out; name only their files for them\n",
               left_out);
  return runs;
}

/// comparison.h5 beside the runs; nothing if they are in several folders.
std::filesystem::path comparison_path(const std::vector<FoundRun>& runs,
                                      const AnalysisRequest& request) {
  if (!request.comparison.empty()) return request.comparison;
  const std::filesystem::path folder = runs.front().file.parent_path();
  const bool together = std::ranges::all_of(
      runs, [&](const FoundRun& run) { return run.file.parent_path() == folder; });
  if (together) return comparison_path_in(folder);
  print_text(stderr,
             "headsweep: the runs are in several folders, so the comparison is not kept: name a "
             "file for it with -o\n");
  return {};
}

void check_shape(const ModelConfig& config, const std::vector<FoundRun>& runs,
                 const std::filesystem::path& folder) {
  for (const FoundRun& run : runs)
    if (run.record->layers != config.layers || run.record->heads != config.heads)
      throw UserError(fmt::format(
          "{}: this model has {} layers with {} heads each, {}'s {} with {}: name the folder of "
          "the run's model with --model",
          folder.string(), config.layers, config.heads, run.name, run.record->layers,
          run.record->heads));
}

/// What is to be made on which prompts; nothing if all is there.
Prepared prepare(const Ranks& ranks, Analysis analysis, const AnalysisRequest& request) {
  std::vector<FoundRun> runs = finished_runs(
      without_resamples(find_runs(request.runs)),
      fmt::format("{}: none of the runs is finished, so there is no circuit: run the job again",
                  name_of(analysis)));
  AnalysisWish wish{{analysis}, request.draws, named_rung(request.precision), {}};
  if (analysis == Analysis::compare) wish.comparison = comparison_path(runs, request);
  Prepared prepared;
  WorkOrder& order = prepared.order;
  Analyses& analyses = prepared.analyses.emplace(std::move(runs), wish);
  order.refused = analyses.complete();
  if (order.refused) return prepared;
  const RunRecord& first = *analyses.runs().front().record;
  prepared.model = find_model(first, request.model);
  order.config = read_config(prepared.model);
  check_shape(order.config, analyses.runs(), prepared.model);
  // What can be wrong with a checkpoint is better found before others wait for it.
  if (ranks.size() > 1) StoredWeights(prepared.model, order.config);
  order.device = request.device;
  order.threads = request.threads;
  order.rule.search = search_rule_of(first);
  order.rule.ladder = {{wish.rung}, {1.0}, Climbing::never};
  analyses.need_families(order.families);
  return prepared;
}

Outcome make(Ranks& ranks, Prepared& prepared) {
  const WorkOrder& order = prepared.order;
  CheckpointWatch checkpoint(prepared.model);
  const LoadedRungs loaded = load_shared_model(ranks, order, prepared.model);
  print_text(stderr, "{}, {}\n", describe(ranks, loaded), describe(order.rule.ladder));
  const Outcome outcome = telling_all(ranks, [&] {
    check_model(checkpoint.sha256(), *prepared.analyses->runs().front().record, prepared.model);
    checkpoint.check_loaded();
    prepared.analyses->check_before_saving([&] { checkpoint.check(); });
    Worker worker(ranks, worker_options(order, loaded));
    return make_on_ranks(ranks, worker, order, loaded, 0, *prepared.analyses);
  });
  tell_all_to_quit(ranks, outcome);
  return outcome;
}

}  // namespace

Outcome analysis_command(Ranks& ranks, Analysis analysis, const AnalysisRequest& request,
                         Format format) {
  if (ranks.rank() != 0) return take_part(ranks);
  Prepared prepared = share_prepared(ranks, [&] { return prepare(ranks, analysis, request); });
  const Analyses& analyses = *prepared.analyses;
  if (!prepared.order.refused && make(ranks, prepared) == Outcome::stopped) {
    print_text(stderr, "stopped on request; give the same command again to go on\n");
    return Outcome::stopped;
  }
  print_text(stdout, "{}",
             format == Format::json ? analyses_json(analyses, analysis) + "\n"
                                    : analysis_tables(analyses, analysis));
  return Outcome::done;
}

}  // namespace headsweep
