#include "pipeline/ledger.h"

#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "io/errors.h"
#include "pipeline/clock.h"
#include "pipeline/picture.h"

namespace headsweep {
namespace {

std::span<const SingleRemoval> take_layer(std::span<const SingleRemoval>& ranking,
                                          std::size_t heads) {
  const auto layer = ranking.first(std::min(heads, ranking.size()));
  ranking = ranking.subspan(layer.size());
  return layer;
}

/// The search as it stands after the decisions in the run file: they are made again from their
/// scores.
GreedySearch replayed(const SearchRule& rule, const RunRecord& record) {
  GreedySearch search(rule);
  const auto fail = [&](int layer, int head) {
    throw UserError(fmt::format(
        "family '{}': the run file's decision on head {} of layer {} does not follow from those "
        "before it: the file was changed; move it away and run again",
        record.family, head, layer));
  };
  std::span<const SingleRemoval> ranking = record.single_removals;
  const auto rank_layer = [&] {
    std::vector<double> scores;
    for (const SingleRemoval& each : take_layer(ranking, static_cast<std::size_t>(rule.heads))) {
      if (each.layer != search.ranked_next()) fail(each.layer, each.head);
      scores.push_back(each.score_percent);
    }
    if (std::cmp_not_equal(scores.size(), rule.heads)) fail(search.ranked_next(), 0);
    search.rank(scores);
  };
  for (const DecisionRecord& decision : record.decisions) {
    if (search.next_step() == GreedySearch::Step::rank_layer) rank_layer();
    const Head head{decision.layer, decision.head};
    if (search.finished() || search.next_head() != head ||
        search.tell(decision.score_percent).removed != decision.removed)
      fail(head.layer, head.head);
  }
  if (!ranking.empty()) {
    if (search.next_step() != GreedySearch::Step::rank_layer) fail(ranking.front().layer, 0);
    rank_layer();
  }
  return search;
}

}  // namespace

Ledger::Ledger(const Job& job, const Inputs& inputs, const SearchRule& rule, const Ranks& ranks,
               const Gpt2& model, const std::string& model_sha256)
    : job_(job), places_(ranks.places()), progress_(job.families.size(), rule.decisions()) {
  for (std::size_t i = 0; i < job.families.size(); ++i) {
    RunStore store(run_file_path(job, job.families[i]),
                   new_run(job, job.families[i], inputs.families[i], model, inputs.tokenizer,
                           model_sha256, places_));
    GreedySearch search = replayed(rule, store.record());
    progress_.add(store.record());
    books_.push_back({std::move(store), std::move(search)});
  }
}

void Ledger::begin() {
  make_run_folder(job_);
  write_index();
  progress_.begin();
  for (const Book& book : books_) {
    const RunRecord& record = book.store.record();
    if (record.status == RunStatus::complete)
      fmt::print("\n{}run file: {} (was complete already)\n", summary(record),
                 book.store.path().string());
  }
}

std::vector<PendingFamily> Ledger::pending() const {
  std::vector<PendingFamily> result;
  for (std::size_t i = 0; i < books_.size(); ++i) {
    const RunRecord& record = books_[i].store.record();
    if (record.status == RunStatus::complete) continue;
    PendingFamily& family = result.emplace_back();
    family.family = static_cast<int>(i);
    family.waves = record.work.waves;
    for (const DecisionRecord& decision : record.decisions)
      family.scores.push_back(decision.score_percent);
    for (const SingleRemoval& each : record.single_removals)
      family.ranking.push_back(each.score_percent);
  }
  return result;
}

void Ledger::check(const Baseline& baseline) const {
  check_baseline(baseline.full_mean, job_.families[static_cast<std::size_t>(baseline.family)].name,
                 job_);
}

void Ledger::commit(const FamilyProgress& progress) {
  const auto number = static_cast<std::size_t>(progress.family);
  Book& book = books_[number];
  if (!progress.full_per_prompt.empty())
    book.store.set_full(progress.full_mean, progress.full_per_prompt);
  add_decisions(book, progress);
  book.store.add(progress.work);
  progress_.update(number, book.store.record());
  if (progress.state == FamilyProgress::State::searching) {
    write_what_is_due();
  } else {
    const bool finished = progress.state == FamilyProgress::State::finished;
    assert(finished == book.search.finished());
    finish(number, finished ? RunStatus::complete : RunStatus::stopped);
  }
}

void Ledger::add_decisions(Book& book, const FamilyProgress& progress) {
  auto ranking = std::span(progress.ranking);
  const auto heads = static_cast<std::size_t>(book.search.rule().heads);
  const auto rank_layer = [&] {
    const auto scores = ranking.first(heads);
    ranking = ranking.subspan(heads);
    book.store.add_ranking(book.search.ranked_next(), scores);
    book.search.rank(scores);
  };
  for (const UsedScore& used : progress.decisions) {
    if (book.search.next_step() == GreedySearch::Step::rank_layer) rank_layer();
    const Decision& decision = book.search.tell(used.score_percent);
    book.store.add(decision, used, places_[static_cast<std::size_t>(used.rank)].host);
  }
  if (!ranking.empty()) rank_layer();
}

void Ledger::finish(std::size_t family, RunStatus status) {
  RunStore& store = books_[family].store;
  store.finish(status);
  index_is_old_ = true;
  if (status != RunStatus::complete) return;
  progress_.clear_line();
  fmt::print("\n{}run file: {}\n", summary(store.record()), store.path().string());
  std::fflush(stdout);
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
  for (std::size_t i = 0; i < books_.size(); ++i)
    entries.push_back(index_entry(job_.families[i], books_[i].store));
  update_index(run_folder(job_), entries);
  index_written_ = monotonic_seconds();
  index_is_old_ = false;
}

void Ledger::show_progress(int ranks_at_work) { progress_.show(ranks_at_work); }

void Ledger::end() {
  progress_.end();
  if (index_is_old_) write_index();
}

}  // namespace headsweep
