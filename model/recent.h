// Keeps the most recently used values, up to a number of bytes.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <utility>

namespace headsweep {

template <class Key, class Value>
class Recent {
 public:
  explicit Recent(std::int64_t most_bytes) : most_bytes_(most_bytes) {}

  /// The value, now the most recent; nullptr if it is not there. Valid until the next put().
  const Value* find(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &entries_.front().value;
  }

  /// What make_room() would take out; nullptr if nothing. Nothing is done.
  const Value* leaving(std::int64_t bytes) const {
    return entries_.empty() || bytes_ + bytes <= most_bytes_ ? nullptr : &entries_.back().value;
  }

  /// Takes the oldest value out if the sum would be too large with so many more bytes; what it
  /// holds can be used again. Nothing if it would not, or if no value is left.
  std::optional<Value> make_room(std::int64_t bytes) {
    if (entries_.empty() || bytes_ + bytes <= most_bytes_) return std::nullopt;
    std::optional<Value> oldest = std::move(entries_.back().value);
    drop_oldest();
    return oldest;
  }

  /// Keeps the new value whatever its size, in place of the key's old one, and drops the oldest
  /// others while the sum is too large.
  const Value& put(Key key, Value value, std::int64_t bytes) {
    if (const auto old = places_.find(key); old != places_.end()) {
      bytes_ -= old->second->bytes;
      entries_.erase(old->second);
    }
    entries_.push_front({key, std::move(value), bytes});
    places_[std::move(key)] = entries_.begin();
    bytes_ += bytes;
    while (bytes_ > most_bytes_ && entries_.size() > 1) drop_oldest();
    return entries_.front().value;
  }

 private:
  void drop_oldest() {
    bytes_ -= entries_.back().bytes;
    places_.erase(entries_.back().key);
    entries_.pop_back();
  }

  struct Entry {
    Key key;
    Value value;
    std::int64_t bytes;
  };
  std::int64_t most_bytes_, bytes_ = 0;
  std::list<Entry> entries_;  // most recent first
  std::map<Key, typename std::list<Entry>::iterator> places_;
};

}  // namespace headsweep
