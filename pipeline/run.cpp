#include "pipeline/run.h"

#include <chrono>
#include <future>
#include <string>
#include <utility>

#include "io/checkpoint_watch.h"
#include "io/printable.h"
#include "pipeline/analyses/job_analyses.h"
#include "pipeline/coordinator.h"
#include "pipeline/family_warnings.h"
#include "pipeline/ledger.h"
#include "pipeline/message_loop.h"
#include "pipeline/plan.h"
#include "pipeline/shared_model.h"
#include "pipeline/work_order.h"
#include "pipeline/worker.h"

// The way of a job, in README's words:
//   job YAML    read()                       io/job_reader.cpp
//   family      read_inputs()                pipeline/family_prompts.cpp
//   tokens      read_inputs()                pipeline/families.cpp
//   model       load_shared_model()          pipeline/shared_model.cpp
//   means       an Evaluator of the family   model/ablation.cpp
//   search      search_all(), its leaders    pipeline/leader.cpp, pipeline/certified_search.cpp
//   evaluator   search_all(), every worker   pipeline/worker.cpp, pipeline/evaluator.cpp
//   run file    the ledger                   pipeline/ledger.cpp, pipeline/run_store.cpp

namespace headsweep {
namespace {

using namespace std::chrono_literals;

struct Prepared {
  Job job;
  Inputs inputs;
  WorkOrder order;
};

Prepared prepare(const Ranks& ranks, const std::function<Job()>& read) {
  Job job = read();
  Inputs inputs = read_inputs(job);
  // What can be wrong with a checkpoint is better found before others wait for it.
  if (ranks.size() > 1) StoredWeights(job.model.path, inputs.config);
  const Device device = find_device({job.run.device, job.run.threads});
  WorkOrder order = make_work_order(job, choose_ladder(job, device), inputs.config,
                                    ablated_families(job, inputs.families));
  return {std::move(job), std::move(inputs), std::move(order)};
}

Coordinator make_coordinator(Ranks& ranks, const Job& job, const LoadedRungs& loaded,
                             Ledger& ledger) {
  return {ranks,
          {.families = ledger.pending(),
           .ranks_per_family = job.run.ranks_per_family,
           .patience_seconds = job.run.stall_seconds,
           .same_on_all = about_this_rank(loaded),
           .check_baseline = [&](const Baseline& baseline,
                                 int run) { return ledger.check(baseline, run); },
           .begin = [&] { ledger.begin(); },
           .commit = [&](const SearchProgress& progress) { ledger.commit(progress); }}};
}

/// Over a network, time stamps may say too late, or never, that a file has changed.
void check_checkpoint_at_end(CheckpointWatch& checkpoint, Ledger& ledger,
                             Coordinator& coordinator) {
  if (!ledger.anything_added()) return;
  auto checked = std::async(std::launch::async, [&] { checkpoint.check_all_bytes(); });
  // The other ranks must not take this one for lost.
  while (checked.wait_for(100ms) != std::future_status::ready) coordinator.keep_watch();
  try {
    checked.get();
  } catch (const CheckpointChanged&) {
    ledger.mark_spoilt();
    throw;
  }
}

/// Rank 0: reads the job, tells the others what to do, and keeps the books.
Outcome conduct(Ranks& ranks, const std::function<Job()>& read) {
  const Prepared prepared = share_prepared(ranks, [&] { return prepare(ranks, read); });
  const Job& job = prepared.job;
  const Inputs& inputs = prepared.inputs;
  const WorkOrder& order = prepared.order;
  print_text(stderr, "{}{}", describe_first_prompts(job, inputs), describe_left_out(inputs));
  print_warnings(all_prompt_warnings(job, inputs));
  CheckpointWatch checkpoint(job.model.path);
  const LoadedRungs loaded = load_shared_model(ranks, order, job.model.path);
  const DeviceInfo device = device_of(loaded);
  print_text(stderr, "{}\nprecision: {}\n", describe(ranks, loaded), describe(order.rule.ladder));
  const Outcome outcome = telling_all(ranks, [&] {
    const std::string model_sha256 = checkpoint.sha256();
    checkpoint.check_loaded();
    Ledger ledger(
        job, inputs, order.rule.search,
        {inputs.config, model_sha256, order.rule.ladder, device, ranks.places(), loaded.devices},
        checkpoint);
    Worker worker(ranks, worker_options(order, loaded));
    Coordinator coordinator = make_coordinator(ranks, job, loaded, ledger);
    const Outcome result = search_all(ranks, worker, coordinator, [&] {
      ledger.write_what_is_due();
      ledger.show_progress(coordinator.ranks_at_work());
    });
    ledger.end();
    if (result != Outcome::done) return result;
    check_checkpoint_at_end(checkpoint, ledger, coordinator);
    if (make_analyses(ranks, worker, job, order, loaded, checkpoint) == Outcome::stopped)
      return Outcome::stopped;
    return ledger.any_contradicted() ? Outcome::contradicted
           : ledger.any_failed()     ? Outcome::failed
                                     : Outcome::done;
  });
  tell_all_to_quit(ranks, outcome);
  if (outcome == Outcome::stopped)
    print_text(stderr, "stopped on request; run the same command again to go on\n");
  return outcome;
}

}  // namespace

Outcome run_job(Ranks& ranks, const std::function<Job()>& read) {
  return ranks.rank() == 0 ? conduct(ranks, read) : take_part(ranks);
}

}  // namespace headsweep
