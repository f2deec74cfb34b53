// The ledger's files: whose they are, and when they are written.
#include "io/printable.h"
#include "pipeline/clock.h"
#include "pipeline/job_index.h"
#include "pipeline/ledger.h"

namespace headsweep {

void Ledger::lock_folder() {
  lock_asked_for_ = true;
  lock_ = FolderLock::take(run_folder(job_));
  if (!lock_)
    print_text(stderr,
               "headsweep: {}: its file system knows no locks: see to it that no other job writes "
               "there\n",
               run_folder(job_).string());
}

/// Before anything is written: a decision that is in a file was made with the weights that the file
/// names, and nobody else writes there.
void Ledger::check_surroundings() {
  if (lock_) lock_->check();
  checkpoint_.check();
}

/// That only whoever has the lock writes.
std::set<std::string> Ledger::names_of_files() const {
  std::set<std::string> names = {"index.h5"};
  for (const Book& book : books_) names.insert(book.store.path().filename().string());
  return names;
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
    if (!store.is_due()) continue;
    check_surroundings();
    store.write();
    const double end = monotonic_seconds();
    may_write_at_ = end + 9 * (end - start);
  }
  // That of many thousand runs takes a while.
  if (index_is_old_ && monotonic_seconds() - index_written_ > 1 + 9 * index_seconds_) write_index();
}

void Ledger::write_index() {
  if (lock_) lock_->check();
  const double start = monotonic_seconds();
  std::vector<IndexEntry> entries;
  for (const Book& book : books_) {
    IndexEntry& entry = entries.emplace_back(index_entry(job_, book.run, book.store));
    if (const auto failed = why_failed_.find(entries.size() - 1); failed != why_failed_.end()) {
      entry.status = "failed";
      entry.reason = failed->second;
    }
  }
  update_index(run_folder(job_), entries);
  index_written_ = monotonic_seconds();
  index_seconds_ = index_written_ - start;
  index_is_old_ = false;
}

void Ledger::mark_spoilt() {
  for (Book& book : books_)
    if (book.added_to) book.store.finish(RunStatus::spoilt);
  write_index();
}

}  // namespace headsweep
