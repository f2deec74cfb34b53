#include "pipeline/recorded_steps.h"

#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "io/errors.h"

namespace headsweep {
namespace {

/// Makes the recorded steps again, from their scores.
class Reader {
 public:
  Reader(const RunRecord& record, const SearchRule& rule)
      : record_(record), search_(rule), removals_left_(record.single_removals) {}

  std::vector<SearchStep> read() {
    for (const DecisionRecord& decision : record_.decisions) {
      if (search_.next_step() == GreedySearch::Step::rank_layer) take_ranking();
      take_decision(decision);
    }
    if (!removals_left_.empty()) {
      if (search_.next_step() != GreedySearch::Step::rank_layer)
        fail_at_ranking(removals_left_.front().layer);
      take_ranking();
    }
    if (!removals_left_.empty()) fail_at_ranking(removals_left_.front().layer);
    return std::move(steps_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw UserError(fmt::format(
        "family '{}': the run file's {} does not follow from the decisions before it: the file was "
        "changed; move it away and run again",
        record_.family, what));
  }
  [[noreturn]] void fail_at_ranking(int layer) const {
    fail(fmt::format("ranking of layer {}", layer));
  }

  void take_decision(const DecisionRecord& decision) {
    if (search_.next_step() != GreedySearch::Step::decide ||
        search_.next() != component_of(decision) ||
        search_.tell(decision.score_percent).removed != decision.removed)
      fail("decision on " + component_text(decision, record_));
    steps_.push_back({SearchStep::Kind::decision,
                      {{decision.score_percent, decision.per_prompt, decision.wave, decision.rank,
                        decision.rung, decision.guard}}});
  }

  void take_ranking() {
    const auto heads = static_cast<std::size_t>(search_.rule().heads);
    if (removals_left_.size() < heads) fail_at_ranking(search_.ranked_next());
    SearchStep step{SearchStep::Kind::ranking, {}};
    std::vector<double> scores;
    for (const SingleRemoval& each : removals_left_.first(heads)) {
      if (each.layer != search_.ranked_next()) fail_at_ranking(each.layer);
      scores.push_back(each.score_percent);
      step.scores.push_back({each.score_percent, {}, 0, 0, each.rung, 0});
    }
    removals_left_ = removals_left_.subspan(heads);
    search_.rank(scores);
    steps_.push_back(std::move(step));
  }

  const RunRecord& record_;
  GreedySearch search_;
  std::span<const SingleRemoval> removals_left_;
  std::vector<SearchStep> steps_;
};

}  // namespace

Component component_of(RunComponent component) {
  if (component.is_mlp()) return Component::mlp_of(component.layer);
  return {component.layer, component.head, Component::Kind::head, component.position};
}

Component component_of(const DecisionRecord& decision) {
  return component_of(run_component_of(decision));
}

std::vector<SearchStep> recorded_steps(const RunRecord& record, const SearchRule& rule) {
  return Reader(record, rule).read();
}

RecordedCircuits recorded_circuits(const RunRecord& record, const SearchRule& rule) {
  std::vector<Circuit> tried;
  GreedySearch search(rule);
  for (const SearchStep& step : recorded_steps(record, rule)) {
    if (step.kind == SearchStep::Kind::decision) tried.push_back(search.wanted());
    apply(step, search);
  }
  return {std::move(tried), search.kept()};
}

std::vector<double> recorded_errors(const RunRecord& record) {
  std::vector<double> errors;
  // A guard is never zero.
  if (record.rungs.empty() || record.rungs.front().guard == 0) return errors;
  for (const RungRecord& rung : std::span(record.rungs).first(record.rungs.size() - 1))
    errors.push_back(rung.error);
  return errors;
}

}  // namespace headsweep
