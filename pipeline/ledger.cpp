#include "pipeline/ledger.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "io/errors.h"
#include "pipeline/clock.h"
#include "pipeline/evaluator.h"
#include "pipeline/picture.h"
#include "pipeline/recorded_steps.h"

namespace headsweep {
namespace {

/// What `contradicted` means: an error that names the first decision.
void print_contradiction(const RunRecord& record) {
  const auto wrong = std::ranges::find(record.audit, false, &AuditRecord::agrees);
  if (wrong == record.audit.end()) return;
  const DecisionRecord& decision = record.decisions[static_cast<std::size_t>(wrong->decision)];
  fmt::print(stderr,
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

Ledger::Ledger(const Job& job, const Inputs& inputs, const SearchRule& rule, RunSetting setting)
    : job_(job), setting_(std::move(setting)), progress_(runs_of(job).size()) {
  if (std::filesystem::is_directory(run_folder(job))) lock_folder();
  for (const RunSpec& run : runs_of(job)) {
    RunStore store(run_file_path(job, run),
                   new_run(job, run, inputs.families[run.family], inputs.tokenizer, setting_));
    SearchRule of_run = for_family(rule, static_cast<int>(store.record().position_names.size()));
    of_run.threshold_percent = run.threshold;
    std::vector<SearchStep> steps = recorded_steps(store.record(), of_run);
    GreedySearch search = search_after(of_run, steps);
    const bool one = job.search.thresholds.size() == 1;
    const std::string& family = job.families[run.family].name;
    progress_.add(store.record(), one ? family : fmt::format("{} T{}", family, run.threshold),
                  of_run.decisions());
    books_.push_back({run, std::move(store), std::move(steps), std::move(search)});
  }
}

void Ledger::lock_folder() {
  lock_asked_for_ = true;
  lock_ = FolderLock::take(run_folder(job_));
  if (!lock_)
    fmt::print(stderr,
               "headsweep: {}: its file system knows no locks: see to it that no other job writes "
               "there\n",
               run_folder(job_).string());
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
  write_index();
  progress_.begin();
  for (const Book& book : books_) {
    const RunRecord& record = book.store.record();
    if (!is_over(record.status)) continue;
    fmt::print("\n{}run file: {} (was complete already)\n", summary(record),
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
    const int family = static_cast<int>(book.run.family);
    if (families.empty() || families.back().family != family) families.push_back({family, {}});
    families.back().searches.push_back({static_cast<int>(i),
                                        book.run.threshold,
                                        {book.steps, recorded_errors(record), waves_of(record)}});
  }
  return families;
}

bool Ledger::check(const Baseline& baseline) {
  const auto family = static_cast<std::size_t>(baseline.family);
  std::string reason = why_left_out(baseline.full_mean, job_.families[family].name, job_);
  if (reason.empty()) return true;
  fmt::print(stderr, "headsweep: {} (the other families go on)\n", reason);
  why_failed_[family] = std::move(reason);
  for (std::size_t i = 0; i < books_.size(); ++i)
    if (books_[i].run.family == family) progress_.leave_out(i);
  return false;
}

void Ledger::commit(const SearchProgress& progress) {
  const auto number = static_cast<std::size_t>(progress.run);
  Book& book = books_[number];
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
  store.finish(status);
  progress_.update(run, store.record());
  index_is_old_ = true;
  if (!is_over(status)) return;
  progress_.clear_line();
  fmt::print("\n{}run file: {}\n", summary(store.record()), store.path().string());
  std::fflush(stdout);
  print_contradiction(store.record());
}

void Ledger::write_what_is_due() {
  // With a thousand families even looking takes a while.
  if (monotonic_seconds() < look_again_at_) return;
  look_again_at_ = monotonic_seconds() + 0.05;
  for (std::size_t i = 0; i < books_.size(); ++i) {
    const double start = monotonic_seconds();
    if (start < may_write_at_) return;
    RunStore& store = books_[next_to_write_].store;
    next_to_write_ = (next_to_write_ + 1) % books_.size();
    if (!store.write_if_due()) continue;
    const double end = monotonic_seconds();
    may_write_at_ = end + 9 * (end - start);
  }
  if (index_is_old_ && monotonic_seconds() - index_written_ > 1) write_index();
}

void Ledger::write_index() {
  std::vector<IndexEntry> entries;
  for (const Book& book : books_) {
    IndexEntry& entry =
        entries.emplace_back(index_entry(job_.families[book.run.family], book.store));
    if (const auto failed = why_failed_.find(book.run.family); failed != why_failed_.end()) {
      entry.status = "failed";
      entry.reason = failed->second;
    }
  }
  update_index(run_folder(job_), entries);
  index_written_ = monotonic_seconds();
  index_is_old_ = false;
}

void Ledger::show_progress(int ranks_at_work) { progress_.show(ranks_at_work); }

bool Ledger::any_contradicted() const {
  return std::ranges::any_of(books_, [](const Book& book) {
    return book.store.record().status == RunStatus::contradicted;
  });
}

void Ledger::end() {
  progress_.end();
  if (index_is_old_) write_index();
}

}  // namespace headsweep
