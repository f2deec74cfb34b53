#include "pipeline/reproduction.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "io/errors.h"
#include "pipeline/recorded_run.h"
#include "pipeline/recorded_steps.h"
#include "pipeline/search.h"

namespace headsweep {
namespace {

/// Which circuits the published search asked for, in order, and what it kept in the end.
struct Path {
  std::vector<Component> components;
  std::vector<Circuit> circuits;  // each without its component
  std::vector<bool> removed;
  Circuit kept;
  bool finished = false;
};

/// Makes the search's next decision, whatever its score is.
void decide(GreedySearch& search, bool removes, Path& path) {
  path.components.push_back(search.next());
  path.circuits.push_back(search.wanted());
  path.removed.push_back(removes);
  search.tell(removes ? 100 : 100 - search.rule().threshold_percent);
}

std::string text_of(int layer, int head) {
  return head == RunComponent::mlp ? fmt::format("MLP {}", layer)
                                   : fmt::format("head {}.{}", layer, head);
}

[[noreturn]] void refuse_order(const PublishedDecision& published, const GreedySearch& search) {
  const std::string next = search.finished()
                               ? "the run's search ends before it"
                               : fmt::format("the run's search tries {} next",
                                             text_of(search.next().layer, search.next().head));
  throw UserError(fmt::format(
      "{}: {}: {}: search the same components in the same order "
      "(search.components, search.order)",
      published.where, text_of(published.component.layer, published.component.head), next));
}

void follow_decisions(GreedySearch& search, const PublishedSearch& published, Path& path) {
  for (const PublishedDecision& each : published.decisions) {
    if (search.finished() || search.next() != component_of(each.component))
      refuse_order(each, search);
    decide(search, each.removed, path);
  }
}

/// What is not in the list was kept.
void follow_removals(GreedySearch& search, const PublishedSearch& published, Path& path) {
  auto next = published.decisions.begin();
  while (!search.finished()) {
    const bool removes =
        next != published.decisions.end() && search.next() == component_of(next->component);
    decide(search, removes, path);
    if (removes) ++next;
  }
  if (next != published.decisions.end()) refuse_order(*next, search);
}

Path to_circuit(GreedySearch search, const PublishedSearch& published) {
  Path path;
  std::set<Component> kept;
  for (const RunComponent each : published.kept) kept.insert(component_of(each));
  // In one pass, each decision follows from the circuit. Of several passes nobody knows in which
  // something was removed.
  const bool one_pass = search.rule().order != Order::alternate;
  path.kept = search.rule().everything();
  path.finished = true;
  const std::vector<Component> tried(search.coming().begin(), search.coming().end());
  for (const Component& each : tried) {
    const bool removes = kept.erase(each) == 0;
    if (removes) path.kept.remove(each);
    if (one_pass) decide(search, removes, path);
  }
  if (!kept.empty())
    throw UserError(
        fmt::format("the published circuit keeps {}, which the run's search does not try",
                    text_of(kept.begin()->layer, kept.begin()->head)));
  return path;
}

void check_kind(const PublishedSearch& published, const SearchRule& rule) {
  if (rule.order == Order::importance || rule.granularity == Granularity::position)
    throw UserError(
        "no published search ranked heads or removed them at single positions: search with order "
        "backward, forward or alternate, by component");
  if (published.extent == PublishedSearch::Extent::removals && rule.order == Order::alternate)
    throw UserError(
        "a list of removals does not say in which pass of order alternate something was removed: "
        "search with order backward or forward");
}

Path published_path(const PublishedSearch& published, const SearchRule& rule) {
  using Extent = PublishedSearch::Extent;
  check_kind(published, rule);
  GreedySearch search(rule);
  if (published.extent == Extent::circuit) return to_circuit(std::move(search), published);
  Path path;
  if (published.extent == Extent::decisions) follow_decisions(search, published, path);
  if (published.extent == Extent::removals) follow_removals(search, published, path);
  path.kept = search.kept();
  path.finished = search.finished();
  return path;
}

/// How many decisions from the first on were asked of the same circuit.
std::size_t common_steps(const std::vector<Circuit>& a, const std::vector<Circuit>& b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

/// By step; none where none was published.
std::vector<std::optional<double>> published_scores(const PublishedSearch& published,
                                                    const Path& path) {
  std::vector<std::optional<double>> scores(path.circuits.size());
  std::size_t next = 0;
  const bool has_kept = published.extent == PublishedSearch::Extent::decisions;
  for (std::size_t i = 0; i < scores.size() && next < published.decisions.size(); ++i)
    if (has_kept || path.removed[i]) scores[i] = published.decisions[next++].score_percent;
  return scores;
}

std::vector<double> scores_here(const RunRecord& record, const Path& path, std::size_t common,
                                const ScoreCircuits& score) {
  std::vector<double> scores;
  for (std::size_t i = 0; i < common; ++i) scores.push_back(record.decisions[i].score_percent);
  if (common == path.circuits.size()) return scores;
  const auto further =
      score({path.circuits.begin() + static_cast<std::ptrdiff_t>(common), path.circuits.end()});
  scores.insert(scores.end(), further.begin(), further.end());
  return scores;
}

int components_of(const Circuit& circuit) {
  return static_cast<int>(std::ranges::count(circuit.kept(), true));
}

double difference(const ReproducedDecision& each) {
  return each.published_score_percent ? std::abs(*each.published_score_percent - each.score_percent)
                                      : 0;
}

bool agrees(const ReproducedDecision& each) { return each.removed == each.published_removed; }

/// Both scores are next to the threshold, where a difference of the scores decides.
bool is_explained(const ReproducedDecision& each, const ReproducedRun& run) {
  const auto is_near = [&](double score_percent) {
    return std::abs(100 - score_percent - run.threshold_percent) <= run.within;
  };
  return is_near(each.score_percent) &&
         (!each.published_score_percent || is_near(*each.published_score_percent));
}

const char* verb(bool removes) { return removes ? "removes" : "keeps"; }

std::string score_text(std::optional<double> score_percent, double threshold) {
  if (!score_percent) return "score not published";
  return fmt::format("score {:.6f} %, margin {:+.6f}", *score_percent,
                     100 - *score_percent - threshold);
}

std::string text_of(const ReproducedDecision& each) {
  return fmt::format("decision {}, {}", each.decision, text_of(each.layer, each.head));
}

std::string describe_scores(const ReproducedRun& run) {
  const auto published = std::ranges::count_if(run.decisions, [](const ReproducedDecision& each) {
    return each.published_score_percent.has_value();
  });
  if (published == 0) return "scores were not published\n";
  const auto largest = std::ranges::max_element(run.decisions, {}, difference);
  return fmt::format(
      "largest difference of {} published scores: {:.6f} percentage points ({}), {} the {} that "
      "float32 on another device explains (--within)\n",
      published, difference(*largest), text_of(*largest),
      difference(*largest) <= run.within ? "within" : "more than", run.within);
}

std::string describe_first(const ReproducedDecision& first, const ReproducedRun& run) {
  return fmt::format(
      "the first that differs is {}:\n"
      "  published {:<7} it: {}\n"
      "  here      {:<7} it: {}\n",
      text_of(first), verb(first.published_removed),
      score_text(first.published_score_percent, run.threshold_percent), verb(first.removed),
      score_text(first.score_percent, run.threshold_percent));
}

std::string describe_circuits(const ReproducedRun& run) {
  if (!run.published_to_the_end)
    return fmt::format("published are {} decisions, the run has {}\n", run.decisions.size(),
                       run.run_decisions);
  if (run.same_circuit) return fmt::format("the same circuit: {} kept\n", run.kept);
  return fmt::format("circuits: {} kept as published, {} here, {} of them the same\n",
                     run.published_kept, run.kept, run.shared);
}

}  // namespace

std::vector<Component> tried_components(const PublishedSearch& published, const SearchRule& rule) {
  return published_path(published, rule).components;
}

ReproducedRun reproduce(const PublishedSearch& published, const RunRecord& record, double within,
                        const ScoreCircuits& score) {
  if (!is_over(record.status))
    throw UserError("the run is not finished: run its job to the end first");
  const SearchRule rule = search_rule_of(record);
  const Path theirs = published_path(published, rule);
  const RecordedCircuits ours = recorded_circuits(record, rule);
  const std::size_t common = common_steps(theirs.circuits, ours.tried);
  const auto expected = published_scores(published, theirs);
  const std::vector<double> found = scores_here(record, theirs, common, score);
  ReproducedRun run;
  run.threshold_percent = rule.threshold_percent;
  run.within = within;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Component& component = theirs.components[i];
    run.decisions.push_back({static_cast<int>(i), component.layer, component.head, expected[i],
                             found[i], theirs.removed[i], 100 - found[i] < rule.threshold_percent});
  }
  run.scored_here = static_cast<int>(found.size() - common);
  run.run_decisions = static_cast<int>(ours.tried.size());
  run.published_to_the_end = theirs.finished;
  run.same_circuit = theirs.kept == ours.kept;
  run.published_kept = components_of(theirs.kept);
  run.kept = components_of(ours.kept);
  for (std::size_t i = 0; i < ours.kept.kept().size(); ++i)
    run.shared += ours.kept.kept()[i] && theirs.kept.kept()[i] ? 1 : 0;
  return run;
}

bool is_reproduced(const ReproducedRun& run) {
  if (run.published_to_the_end && run.same_circuit) return true;
  if (run.decisions.empty()) return false;
  return std::ranges::all_of(run.decisions, [&](const ReproducedDecision& each) {
    return agrees(each) || is_explained(each, run);
  });
}

std::string describe(const ReproducedRun& run) {
  if (run.decisions.empty()) return describe_circuits(run);
  std::string text =
      fmt::format("{} of {} published decisions agree\n",
                  std::ranges::count_if(run.decisions, agrees), run.decisions.size());
  text += describe_scores(run);
  if (const auto first = std::ranges::find_if_not(run.decisions, agrees);
      first != run.decisions.end()) {
    text += describe_first(*first, run);
    const auto unexplained = std::ranges::count_if(
        run.decisions, [&](const auto& each) { return !agrees(each) && !is_explained(each, run); });
    text += unexplained == 0
                ? "each is explained: its margins are within that\n"
                : fmt::format("{} NOT explained: a margin is more than that\n", unexplained);
  }
  if (run.scored_here > 0)
    text += fmt::format(
        "where the two searches part, the circuits on the published path were scored here: {} "
        "({})\n",
        run.scored_here, run.device);
  return text + describe_circuits(run);
}

}  // namespace headsweep
