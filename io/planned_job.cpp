#include "io/planned_job.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "io/wording.h"
#include "io/written_json.h"

namespace headsweep {
namespace {

struct Column {
  std::string title;
  std::function<std::string(const PlannedRun&)> text;
  enum class Shown { always, where_it_varies } shown = Shown::where_it_varies;
};

std::vector<Column> columns() {
  using Run = PlannedRun;
  return {{"family", [](const Run& run) { return run.family; }, Column::Shown::always},
          {"corruption", [](const Run& run) { return run.corruption; }},
          {"threshold", [](const Run& run) { return fmt::format("{}", run.threshold); }},
          {"order", [](const Run& run) { return run.order; }},
          {"ablation", [](const Run& run) { return run.ablation; }}};
}

bool is_shown(const Column& column, const std::vector<PlannedRun>& runs) {
  return column.shown == Column::Shown::always ||
         std::ranges::any_of(runs, [&](const PlannedRun& run) {
           return column.text(run) != column.text(runs.front());
         });
}

std::string numbers(int resamples, const std::string& prompts, long long left, long long decisions,
                    double seconds) {
  return fmt::format("{}{:>7}  {:>17}  {:>9}",
                     resamples > 0 ? fmt::format("{:>9}  ", resamples) : "", prompts,
                     fmt::format("{} of {}", left, decisions), fmt::format("{:.1f}", seconds));
}

}  // namespace

std::string planned_table(const std::vector<PlannedRun>& runs) {
  std::string head, sum_head;
  std::vector<std::string> lines(runs.size());
  for (const Column& column : columns()) {
    if (!is_shown(column, runs)) continue;
    std::size_t width = column.title.size();
    for (const PlannedRun& run : runs) width = std::max(width, column.text(run).size());
    head += fmt::format("{:{}}  ", column.title, width);
    sum_head += std::string(width + 2, ' ');
    for (std::size_t i = 0; i < runs.size(); ++i)
      lines[i] += fmt::format("{:{}}  ", column.text(runs[i]), width);
  }
  // All runs have as many.
  const int resamples = runs.front().resamples;
  PlannedRun sum;
  std::string text =
      fmt::format("{}{}{:>7}  {:>17}  {:>9}  {}\n", head, resamples > 0 ? "resamples  " : "",
                  "prompts", "decisions left", "s here", "state");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const PlannedRun& run = runs[i];
    text += fmt::format(
        "{}{}  {}\n", lines[i],
        numbers(resamples, std::to_string(run.prompts), run.left, run.decisions, run.seconds),
        run.state);
    sum.left += run.left;
    sum.decisions += run.decisions;
    sum.seconds += run.seconds;
  }
  const std::string title = counted(std::ssize(runs), "run", "runs");
  sum_head.replace(0, std::min(title.size(), sum_head.size()), title);
  return text + fmt::format("{}{}\n", sum_head,
                            numbers(resamples, "", sum.left, sum.decisions, sum.seconds));
}

std::string to_json(const PlannedJob& planned) {
  Json json = {{"job", planned.job},           {"model", planned.model},
               {"ranks", planned.ranks},       {"expected_seconds", planned.expected_seconds},
               {"warnings", planned.warnings}, {"runs", Json::array()}};
  for (const PlannedRun& run : planned.runs)
    json["runs"].push_back({{"file", run.file},
                            {"family", run.family},
                            {"corruption", run.corruption},
                            {"threshold", run.threshold},
                            {"order", run.order},
                            {"ablation", run.ablation},
                            {"resamples", run.resamples},
                            {"prompts", run.prompts},
                            {"decisions", run.decisions},
                            {"left", run.left},
                            {"seconds", run.seconds},
                            {"state", run.state},
                            {"reason", run.reason}});
  return written(json);
}

}  // namespace headsweep
