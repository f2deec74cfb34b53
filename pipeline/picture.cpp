#include "pipeline/picture.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include <fmt/format.h>

namespace headsweep {
namespace {

std::string nearest_decision(const RunRecord& record) {
  if (record.decisions.empty()) return "";
  const auto nearest = std::min_element(
      record.decisions.begin(), record.decisions.end(),
      [](const auto& a, const auto& b) { return std::abs(a.margin) < std::abs(b.margin); });
  return fmt::format("nearest decision: head {} of layer {}, margin {:+.4f} percentage points\n",
                     nearest->head, nearest->layer, nearest->margin);
}

/// "12 waves, 61 evaluations (13 thrown away); over 4 ranks ..."; empty if nothing was done.
std::string work_line(const RunRecord& record) {
  const WorkRecord& work = record.work;
  if (work.waves == 0) return "";
  const double all = work.compute_seconds + work.communication_seconds + work.waiting_seconds;
  const auto share = [&](double seconds) { return all > 0 ? 100 * seconds / all : 0; };
  return fmt::format(
      "work: {} waves, {} evaluations, {} of them thrown away; ranks {}; {:.1f} rank-seconds: "
      "{:.0f} % "
      "computing, {:.1f} % talking, {:.0f} % waiting\n",
      work.waves, work.evaluations, work.discarded, value_of(record.provenance, "ranks", "?"), all,
      share(work.compute_seconds), share(work.communication_seconds), share(work.waiting_seconds));
}

}  // namespace

std::string circuit_picture(const RunRecord& record) {
  std::map<std::pair<int, int>, char> marks;
  for (const DecisionRecord& decision : record.decisions)
    marks[{decision.layer, decision.head}] = decision.removed ? '.' : '#';
  std::string text = "layer  head";
  for (int head = 0; head < record.heads; ++head) text += fmt::format(" {:>2}", head);
  text += '\n';
  for (int layer = record.layers - 1; layer >= 0; --layer) {
    text += fmt::format("{:>5}      ", layer);
    for (int head = 0; head < record.heads; ++head) {
      const auto mark = marks.find({layer, head});
      text += fmt::format("  {}", mark == marks.end() ? '?' : mark->second);
    }
    text += '\n';
  }
  return text;
}

std::string summary(const RunRecord& record) {
  const auto kept = kept_heads(record).size();
  const int all = record.layers * record.heads;
  std::string text = fmt::format(
      "family {}, corruption {}, {} ablation, positions {}, order {}, threshold {} %\n",
      record.family, value_of(record.identity, "corruption", "?"),
      value_of(record.identity, "ablation", "?"), value_of(record.identity, "positions", "?"),
      value_of(record.identity, "order", "?"), record.threshold);
  text += fmt::format("full model: mean logit difference {:.4f} over {} prompts\n",
                      record.full_mean, record.full_per_prompt.size());
  if (record.status != RunStatus::complete)
    text += fmt::format("status: {} after {} of {} decisions; run the job again to go on\n",
                        name_of(record.status), record.decisions.size(), all);
  text += nearest_decision(record);
  text += fmt::format(
      "\n{}\n# kept   . removed{}\n", circuit_picture(record),
      record.decisions.size() < static_cast<std::size_t>(all) ? "   ? not decided" : "");
  text += fmt::format("circuit: {} of {} heads, score {:.2f} % of the full model\n", kept, all,
                      circuit_score_percent(record));
  return text + work_line(record);
}

std::string decision_table(const RunRecord& record) {
  std::string text = fmt::format("{:>6} {:>5} {:>12} {:>12}  {:8} {:>6} {:>5}  {}\n", "layer",
                                 "head", "score %", "margin", "decision", "wave", "rank", "host");
  for (const DecisionRecord& d : record.decisions)
    text += fmt::format("{:>6} {:>5} {:>12.6f} {:>+12.6f}  {:8} {:>6} {:>5}  {}\n", d.layer, d.head,
                        d.score_percent, d.margin, d.removed ? "removed" : "kept", d.wave, d.rank,
                        record.hosts[static_cast<std::size_t>(d.host)]);
  return text;
}

}  // namespace headsweep
