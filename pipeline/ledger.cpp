#include "pipeline/ledger.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "io/atomic_file.h"
#include "io/errors.h"
#include "io/printable.h"
#include "pipeline/drawn_prompts.h"
#include "pipeline/evaluator.h"
#include "pipeline/family_warnings.h"
#include "pipeline/picture.h"
#include "pipeline/recorded_steps.h"
#include "pipeline/selection_frequency.h"

namespace headsweep {
namespace {

/// What `contradicted` means: an error that names the first decision.
void print_contradiction(const RunRecord& record) {
  const auto wrong = std::ranges::find(record.audit, false, &AuditRecord::agrees);
  if (wrong == record.audit.end()) return;
  const DecisionRecord& decision = record.decisions[static_cast<std::size_t>(wrong->decision)];
  print_text(stderr,
             "headsweep: family '{}': {} was {} with score {:.9f} % ({}), but in "
             "fp64 its score is {:.9f} %, {:.9f} points on the other side of the threshold: this "
             "circuit is not to be trusted; run it with run.precision: fp64\n",
             record.family, component_text(decision, record), decision.removed ? "removed" : "kept",
             decision.score_percent, record.rungs[static_cast<std::size_t>(decision.rung)].name,
             wrong->score_percent, std::abs(100 - wrong->score_percent - record.threshold));
}

/// Waves of all starts: those that evaluated for several runs are counted with one of them.
int waves_of(const RunRecord& record) {
  int waves = record.work.waves;
  for (const DecisionRecord& decision : record.decisions) waves = std::max(waves, decision.wave);
  return waves;
}

}  // namespace

Ledger::Ledger(const Job& job, const Inputs& inputs, const SearchRule& rule, RunSetting setting,
               CheckpointWatch& checkpoint)
    : job_(job),
      inputs_(inputs),
      setting_(std::move(setting)),
      checkpoint_(checkpoint),
      progress_(runs_of(job).size()) {
  if (std::filesystem::is_directory(run_folder(job))) lock_folder();
  int family = -1;  // runs of one are together
  for (const RunSpec& run : runs_of(job)) {
    if (books_.empty() || ablated_family_of(books_.back().run) != ablated_family_of(run)) ++family;
    RunStore store(run_file_path(job, run),
                   new_run(job, run, inputs.families[run.family], inputs.tokenizer, setting_));
    const SearchRule of_run = for_run(for_family(rule, store.record().position_names), run);
    std::vector<SearchStep> steps = recorded_steps(store.record(), of_run);
    GreedySearch search = search_after(of_run, steps);
    progress_.add(store.record(), run_name(job, run), of_run.decisions());
    books_.push_back({run, family, std::move(store), std::move(steps), std::move(search)});
  }
}

void Ledger::begin() {
  if (!lock_asked_for_) {
    make_run_folder(job_);
    lock_folder();
    for (const Book& book : books_)
      if (std::filesystem::exists(book.store.path()))
        throw UserError(book.store.path().string() +
                        ": another process has begun it meanwhile: run the same command again");
  }
  if (lock_) remove_leftovers(run_folder(job_), names_of_files());
  write_index();
  progress_.begin();
  for (const Book& book : books_) {
    const RunRecord& record = book.store.record();
    if (!is_over(record.status)) continue;
    if (book.run.resample == 0)
      print_text(stdout, "\n{}run file: {} (was complete already)\n", summary(record),
                 book.store.path().string());
    print_contradiction(record);
  }
}

std::vector<PendingFamily> Ledger::pending() const {
  std::vector<PendingFamily> families;
  for (std::size_t i = 0; i < books_.size(); ++i) {
    const Book& book = books_[i];
    const RunRecord& record = book.store.record();
    if (is_over(record.status)) continue;
    if (families.empty() || families.back().family != book.family)
      families.push_back({book.family, {}});
    families.back().searches.push_back({static_cast<int>(i),
                                        book.run.threshold,
                                        book.run.order,
                                        prompts_of(book.run),
                                        {book.steps, recorded_errors(record), waves_of(record)}});
  }
  return families;
}

bool Ledger::check(const Baseline& baseline, int run) {
  const auto number = static_cast<std::size_t>(run);
  const RunSpec& spec = books_[number].run;
  const std::string& family = job_.families[spec.family].name;
  std::string reason = why_left_out(mean(baseline.full_per_prompt), family, job_);
  const bool of_family = !reason.empty();
  if (!of_family) warn_of_full_model(spec.family, baseline.full_per_prompt);
  if (!of_family)
    reason = why_resample_fails(mean(drawn(baseline.full_per_prompt, prompts_of(spec))), spec);
  if (reason.empty()) return true;
  // Runs of a family fail for the same reason, which is said once; of very many resamples, only the
  // first are named. The index has them all.
  constexpr std::size_t most_named = 20;
  const auto same = [&](const auto& failed) { return failed.second == reason; };
  const bool is_new = std::ranges::none_of(why_failed_, same);
  if (is_new && (of_family || why_failed_.size() < most_named))
    print_text(stderr, "headsweep: {} (the other {} go on)\n", reason,
               of_family ? "families" : "runs");
  why_failed_[number] = std::move(reason);
  progress_.leave_out(number);
  return false;
}

/// Once, however many runs the family has.
void Ledger::warn_of_full_model(std::size_t family, const std::vector<double>& per_prompt) {
  if (!looked_at_.insert(family).second) return;
  const auto warnings = labelled(job_, family, full_model_warnings(per_prompt));
  if (!warnings.empty()) progress_.clear_line();
  print_warnings(warnings);
}

std::vector<int> Ledger::prompts_of(const RunSpec& run) const {
  return draw_prompts(run.resample, job_.search.resample_seed,
                      inputs_.families[run.family].clean.prompts());
}

/// Percentages of a mean that is not positive mean nothing there either.
std::string Ledger::why_resample_fails(double full_mean, const RunSpec& run) const {
  if (full_mean > 0 || job_.search.allow_nonpositive_baseline) return "";
  return fmt::format(
      "{}: on the prompts drawn, the full model's mean logit difference is {:.4f}, "
      "and a percentage of such a number means nothing",
      run_name(job_, run), full_mean);
}

void Ledger::commit(const SearchProgress& progress) {
  const auto number = static_cast<std::size_t>(progress.run);
  Book& book = books_[number];
  book.added_to = true;
  if (!progress.full_per_prompt.empty())
    book.store.set_full(mean(progress.full_per_prompt), progress.full_per_prompt);
  if (!progress.errors.empty()) book.store.set_errors(setting_.ladder, progress.errors);
  replace_steps(book, progress);
  book.store.set_audit(progress.audited);
  book.store.add(progress.work);
  if (progress.state == SearchProgress::State::searching) {
    progress_.update(number, book.store.record());
    write_what_is_due();
  } else if (progress.state == SearchProgress::State::stopped) {
    finish(number, RunStatus::stopped);
  } else {
    assert(book.search.finished());
    const bool agree = std::ranges::all_of(progress.audited, &Audited::agrees);
    finish(number, agree ? RunStatus::complete : RunStatus::contradicted);
  }
}

void Ledger::replace_steps(Book& book, const SearchProgress& progress) {
  if (progress.first_step < book.steps.size()) {
    book.steps.resize(progress.first_step);
    book.search = search_after(book.search.rule(), book.steps);
    book.store.keep_first(book.search.decisions().size(), book.search.ranking().size());
  }
  for (const SearchStep& step : progress.steps) add_step(book, step);
}

void Ledger::add_step(Book& book, const SearchStep& step) {
  const int layer = book.search.ranked_next();
  apply(step, book.search);
  if (step.kind == SearchStep::Kind::decision) {
    const UsedScore& used = step.scores.front();
    book.store.add(book.search.decisions().back(), used,
                   setting_.places[static_cast<std::size_t>(used.rank)].host);
  } else {
    book.store.add_ranking(layer, step.scores);
  }
  book.steps.push_back(step);
}

void Ledger::finish(std::size_t run, RunStatus status) {
  RunStore& store = books_[run].store;
  check_surroundings();
  store.finish(status);
  progress_.update(run, store.record());
  index_is_old_ = true;
  if (!is_over(status)) return;
  progress_.clear_line();
  if (books_[run].run.resample > 0) return print_contradiction(store.record());
  print_text(stdout, "\n{}run file: {}\n", summary(store.record()), store.path().string());
  std::fflush(stdout);
  print_contradiction(store.record());
}

bool Ledger::anything_added() const { return std::ranges::any_of(books_, &Book::added_to); }

void Ledger::show_progress(int ranks_at_work) { progress_.show(ranks_at_work); }

bool Ledger::any_contradicted() const {
  return std::ranges::any_of(books_, [](const Book& book) {
    return book.store.record().status == RunStatus::contradicted;
  });
}

/// Of each run with resamples, how often they keep what; of one that goes on another time, nothing.
void Ledger::print_selection() const {
  for (std::size_t first = 0, end = 0; first < books_.size(); first = end) {
    std::vector<const RunRecord*> records;
    bool all_over = true;
    for (end = first + 1; end < books_.size() && books_[end].run.resample > 0; ++end) {
      if (why_failed_.contains(end)) continue;
      records.push_back(&books_[end].store.record());
      all_over = all_over && is_over(records.back()->status);
    }
    if (all_over && !records.empty())
      print_text(stdout, "\n{}", selection_table(run_name(job_, books_[first].run), records));
  }
}

void Ledger::end() {
  progress_.end();
  if (index_is_old_) write_index();
  print_selection();
}

}  // namespace headsweep
