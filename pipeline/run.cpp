#include "pipeline/run.h"

#include <filesystem>
#include <numeric>

#include <fmt/format.h>

#include "io/errors.h"
#include "pipeline/evaluator.h"
#include "pipeline/inputs.h"
#include "pipeline/picture.h"
#include "pipeline/plan.h"
#include "pipeline/progress.h"
#include "pipeline/run_store.h"
#include "pipeline/search.h"
#include "pipeline/stop.h"

namespace headsweep {
namespace {

/// The search as it stands after the decisions in the run file: they are made again from their
/// scores.
GreedySearch replayed_search(const Job& job, const RunRecord& record) {
  GreedySearch search(Circuit(record.layers, record.heads, Circuit::Start::everything),
                      backward_order(record.layers, record.heads), job.search.threshold);
  for (const DecisionRecord& decision : record.decisions) {
    const Head head{decision.layer, decision.head};
    const bool fits = !search.finished() && search.next_head() == head;
    if (!fits || search.tell(decision.score_percent).removed != decision.removed)
      throw UserError(fmt::format(
          "family '{}': the run file's decision on head {} of layer {} does not follow from those "
          "before it: the file was changed; move it away and run again",
          record.family, head.head, head.layer));
  }
  return search;
}

DecisionRecord to_record(const Decision& decision, const Evaluation& evaluation, double seconds) {
  return {decision.head.layer,
          decision.head.head,
          decision.score_percent,
          decision.margin,
          decision.removed,
          seconds,
          0,
          0,
          0,
          evaluation.per_prompt};
}

/// Search and evaluator, until the circuit is found or a signal asks to stop.
Outcome search_family(const Job& job, const Family& family, const Gpt2& model, RunStore& store) {
  Evaluator evaluator(model, family.clean, family.corrupted, job.search.ablation,
                      job.search.positions);
  store.set_full(evaluator.full().mean, evaluator.full().per_prompt);

  GreedySearch search = replayed_search(job, store.record());
  Progress progress(family.prompts.name, store.record().layers * store.record().heads,
                    static_cast<int>(store.record().decisions.size()));
  while (!search.finished() && !stop_requested()) {
    const Evaluation evaluation = evaluator.evaluate(search.wanted());
    const Decision& decision = search.tell(evaluation.score_percent);
    store.add(to_record(decision, evaluation, store.seconds()));
    progress.show(store.record(), Progress::When::passing);
  }
  progress.show(store.record(), Progress::When::last);
  store.finish(search.finished() ? RunStatus::complete : RunStatus::stopped);
  return search.finished() ? Outcome::done : Outcome::stopped;
}

std::vector<IndexEntry> index_entries(const Job& job, const std::vector<RunStore>& stores) {
  std::vector<IndexEntry> entries;
  for (std::size_t i = 0; i < stores.size(); ++i)
    entries.push_back(index_entry(job.families[i], stores[i]));
  return entries;
}

/// The file of each family's run, found fit to go on before anything is computed.
std::vector<RunStore> open_stores(const Job& job, const Inputs& inputs, const Gpt2& model,
                                  const std::string& model_sha256) {
  std::vector<RunStore> stores;
  for (std::size_t i = 0; i < job.families.size(); ++i)
    stores.emplace_back(
        run_file_path(job, job.families[i]),
        new_run(job, job.families[i], inputs.families[i], model, inputs.tokenizer, model_sha256));
  return stores;
}

/// Refuses a family before the first search begins, which may take a night. The full model knows no
/// ablation.
void check_baselines(const Job& job, const Inputs& inputs, const Gpt2& model,
                     const std::vector<RunStore>& stores) {
  for (std::size_t i = 0; i < stores.size(); ++i) {
    if (stores[i].record().status == RunStatus::complete) continue;
    const Family& family = inputs.families[i];
    const Evaluator evaluator(model, family.clean, family.corrupted, Ablation::zero,
                              Positions::all);
    check_baseline(evaluator.full().mean, family.prompts.name, job);
  }
}

}  // namespace

Outcome run_job(const Job& job) {
  watch_for_stop_signals();
  const Inputs inputs = read_inputs(job);
  fmt::print(stderr, "{}", describe_first_prompt(inputs.families.front(), inputs.tokenizer));
  std::future<std::string> model_sha256 = hash_model(job.model.path);
  const LoadedModel loaded = load_model(job.model.path, job.run.device, job.run.threads);
  fmt::print(stderr, "{}\n", loaded.backend->info().description);
  std::vector<RunStore> stores = open_stores(job, inputs, *loaded.model, model_sha256.get());
  check_baselines(job, inputs, *loaded.model, stores);
  make_run_folder(job);
  update_index(run_folder(job), index_entries(job, stores));

  for (std::size_t i = 0; i < stores.size(); ++i) {
    const bool was_complete = stores[i].record().status == RunStatus::complete;
    const Outcome outcome = was_complete
                                ? Outcome::done
                                : search_family(job, inputs.families[i], *loaded.model, stores[i]);
    update_index(run_folder(job), {index_entry(job.families[i], stores[i])});
    if (outcome == Outcome::stopped) {
      fmt::print(stderr, "stopped on request; run the same command again to go on\n");
      return Outcome::stopped;
    }
    fmt::print("\n{}run file: {}{}\n", summary(stores[i].record()), stores[i].path().string(),
               was_complete ? " (was complete already)" : "");
  }
  return Outcome::done;
}

}  // namespace headsweep
