// One process as a case of several.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "pipeline/ranks/ranks.h"

namespace headsweep {

class SerialRanks final : public Ranks {
 public:
  SerialRanks();

  int rank() const override { return 0; }
  const std::vector<RankPlace>& places() const override { return places_; }
  double seconds() const override;
  void send(int to, Message message) override;
  std::optional<Message> receive(std::chrono::milliseconds most) override;
  void set_patience(double) override {}
  void broadcast(std::vector<std::byte>&) override {}
  NodeMemory share_on_node(std::int64_t bytes) override;
  void broadcast_into(const NodeMemory&, std::int64_t) override {}
  void meet_on_node() override {}
  [[noreturn]] void abort(int exit_code) override;

 private:
  std::vector<RankPlace> places_;
  std::deque<Message> messages_;
};

/// The name of this machine.
std::string host_name();

}  // namespace headsweep
