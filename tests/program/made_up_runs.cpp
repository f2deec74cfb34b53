// made_up_runs FOLDER [hostile]: writes the runs of a job with everything that can lie beside them:
// an index, analyses (complete, at single positions, of another run), resamples and a comparison.
// The numbers are made up, and of a model's size, so that its report can be looked at. `hostile`:
// one run whose every text would be a page's markup, or a terminal's command, if it were let.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "io/analysis_file.h"
#include "io/run_file.h"
#include "io/run_index.h"
#include "pipeline/random_bits.h"

namespace {

using namespace headsweep;
using Choice = CompletenessRecord::Choice;

constexpr int layers = 12, heads = 12, prompts = 8;
constexpr double full_mean = 2.5;

/// From 0 to 1.
double fraction(RandomNumbers& random) {
  return static_cast<double>(random.below(1'000'000)) / 999'999;
}

/// What a component is worth, in percentage points: little for most, sometimes less than nothing.
double worth(RunComponent component, std::uint64_t seed) {
  RandomNumbers random{static_cast<std::uint64_t>(component.layer),
                       static_cast<std::uint64_t>(component.head + 1),
                       static_cast<std::uint64_t>(component.position + 1), seed};
  return 40 * std::pow(fraction(random), 6) - 3 * fraction(random) + (component.is_mlp() ? 8 : 0);
}

struct Shape {
  std::string family, corruption;
  double threshold = 3;
  Components components = Components::heads;
  Granularity granularity = Granularity::component;
  std::uint64_t seed = 0;
  std::string resample = "";
};

std::vector<RunComponent> components_backward(const Shape& shape) {
  const bool by_position = shape.granularity == Granularity::position;
  std::vector<RunComponent> all;
  for (int layer = layers - 1; layer >= 0; --layer) {
    if (mlps_take_part(shape.components)) all.push_back({layer, RunComponent::mlp});
    for (int head = 0; head < heads; ++head)
      for (int position = by_position ? 0 : -1; position < (by_position ? 2 : 0); ++position)
        all.push_back({layer, head, position});
  }
  return all;
}

RunRecord run_of(const Shape& shape) {
  RunRecord run;
  run.status = RunStatus::complete;
  run.identity = {{"program", "0.1.0"},
                  {"model_sha256", "made up"},
                  {"prompts_sha256", shape.family + shape.resample},
                  {"corruption", shape.corruption},
                  {"rule", "greedy"},
                  {"order", "backward"},
                  {"components", name_of(shape.components)},
                  {"ablation", "mean"},
                  {"positions", shape.granularity == Granularity::position ? "own" : "all"}};
  if (!shape.resample.empty()) run.identity.emplace_back("resample", shape.resample);
  run.provenance = {{"model_path", "/models/made-up"}};
  run.hosts = {"n1"};
  run.job = "model: {path: made-up}\n";
  run.family = shape.family;
  run.layers = layers;
  run.heads = heads;
  run.components = shape.components;
  run.granularity = shape.granularity;
  run.threshold = shape.threshold;
  run.position_names = {"S1", "end"};
  run.clean.assign(prompts, {"2 4 6", "8", "6", 0, {17, 604, 718}, 807, 718, {0, 2}});
  run.corrupted.assign(prompts, {"2 4 4", "6", "4", 0, {17, 604, 604}, 718, 604, {0, 2}});
  run.full_mean = full_mean;
  run.full_per_prompt.assign(prompts, full_mean);
  run.rungs = {{"fp32", 1, 0.001, 0.01}, {"fp64", 2.5, 0, 0}};
  double score = 100;
  for (const RunComponent each : components_backward(shape)) {
    const double without = score - worth(each, shape.seed) * 0.3;
    const double margin = 100 - without - shape.threshold;
    run.decisions.push_back({each.layer, each.head, without, margin, margin < 0, 1, 1, 0, 0,
                             std::vector<double>(prompts, full_mean * without / 100)});
    run.decisions.back().position = each.position;
    if (margin < 0) score = without;
  }
  return run;
}

std::vector<RunComponent> some_of(const std::vector<RunComponent>& components,
                                  RandomNumbers& random, std::size_t of_how_many) {
  std::vector<RunComponent> some;
  for (const RunComponent each : components)
    if (random.below(of_how_many) == 0) some.push_back(each);
  return some;
}

void add_subsets(AnalysisRecord& analysis, const std::vector<RunComponent>& kept) {
  RandomNumbers random{17};
  for (int i = 0; i < 20; ++i) {
    const auto removed = some_of(kept, random, i < 10 ? 2 : 6);
    const double model =
        full_mean * (1 - static_cast<double>(removed.size()) / static_cast<double>(kept.size()));
    analysis.completeness.push_back({i < 10 ? Choice::random : Choice::greedy, removed,
                                     model - (i < 10 ? 0.2 : 0.9) * fraction(random), model});
  }
  analysis.completeness.push_back({Choice::whole, kept, analysis.empty, 0.1});
  for (const RunComponent each : kept) {
    auto removed = some_of(kept, random, 8);
    std::erase(removed, each);
    analysis.minimality.push_back({each, removed, 2, 2 - 0.6 * std::pow(fraction(random), 2)});
  }
}

AnalysisRecord analysis_of(const RunRecord& run, const std::string& name) {
  AnalysisRecord analysis;
  analysis.identity = analysed_run(run);
  analysis.identity.insert(analysis.identity.end(), {{"program", "0.1.0"}, {"rung", "fp32"}});
  analysis.provenance = {{"device", "a made-up one"}};
  analysis.run = name;
  analysis.family = run.family;
  analysis.threshold = run.threshold;
  analysis.layers = run.layers;
  analysis.heads = run.heads;
  analysis.components = run.components;
  analysis.granularity = run.granularity;
  analysis.position_names = run.position_names;
  analysis.full = full_mean;
  analysis.everything = run.granularity == Granularity::position ? 2.375 : full_mean;
  analysis.circuit = full_mean * circuit_score_percent(run) / 100;
  analysis.empty = -0.4375;
  for (const DecisionRecord& each : run.decisions) {
    const RunComponent component = run_component_of(each);
    const double points = worth(component, 5);
    analysis.knockouts.push_back({component, analysis.everything - full_mean * points / 100,
                                  analysis.empty + full_mean * worth(component, 6) / 100});
  }
  std::ranges::sort(analysis.knockouts, {}, &KnockoutRecord::component);
  add_subsets(analysis, kept_components(run));
  for (const double size : {.001, .002, .005, .01, .02, .05, .1, .2, .5, 1.0})
    analysis.sizes.push_back(
        {size, static_cast<int>(size * static_cast<double>(components_of(run))),
         analysis.empty + (full_mean - analysis.empty) * (1 - std::pow(1 - size, 9))});
  return analysis;
}

void write(const RunRecord& run, const std::string& name, const std::filesystem::path& folder,
           std::vector<IndexEntry>& entries) {
  write_run_file(run, folder / (name + ".h5"));
  IndexEntry& entry = entries.emplace_back();
  entry.name = name;
  entry.run_file = name + ".h5";
  entry.status = name_of(run.status);
}

void write_resamples(const Shape& shape, const std::string& name,
                     const std::filesystem::path& folder, std::vector<IndexEntry>& entries) {
  for (int number = 1; number <= 20; ++number) {
    Shape resampled = shape;
    resampled.resample = fmt::format("{} of seed 7", number);
    RunRecord run = run_of(resampled);
    RandomNumbers random{static_cast<std::uint64_t>(number)};
    for (DecisionRecord& decision : run.decisions)
      decision.removed = decision.margin + 6 * fraction(random) - 3 < 0;
    if (number == 20) run.status = RunStatus::stopped;
    write(run, fmt::format("{}.r{}", name, number), folder, entries);
  }
}

void write_all(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::vector<IndexEntry> entries;
  ComparisonRecord comparison;
  const auto take = [&](const Shape& shape, const std::string& name) {
    const RunRecord run = run_of(shape);
    write(run, name, folder, entries);
    comparison.circuits.push_back(name);
    comparison.run_sha256.push_back(circuit_sha256(run));
    comparison.families.push_back(shape.family + "." + shape.corruption);
    return run;
  };
  const Shape even = {"even-step2", "repeat_last", 3, Components::heads_and_mlps};
  const RunRecord run = take(even, "even-step2.repeat_last.T3");
  write_analysis_file(analysis_of(run, "even-step2.repeat_last.T3"),
                      folder / "even-step2.repeat_last.T3.analysis.h5");
  write_resamples(even, "even-step2.repeat_last.T3", folder, entries);
  const RunRecord by_position = take(
      {"months", "shuffle", 3, Components::heads, Granularity::position, 2}, "months.shuffle.T3");
  write_analysis_file(analysis_of(by_position, "months.shuffle.T3"),
                      folder / "months.shuffle.T3.analysis.h5");
  take({"digits", "repeat_last", 20, Components::heads, Granularity::component, 3},
       "digits.repeat_last.T20");
  write_analysis_file(analysis_of(run, "digits.repeat_last.T20"),
                      folder / "digits.repeat_last.T20.analysis.h5");
  comparison.full = {2.5, 3, 4};
  comparison.empty = {-0.4375, 0.1, 0.2};
  comparison.means = {
      {2.42, 1.5, 0.25},
      {std::numeric_limits<double>::quiet_NaN(), 2.91, std::numeric_limits<double>::quiet_NaN()},
      {1.75, -0.5, 3.2}};
  write_comparison_file(comparison, comparison_path_in(folder));
  write_run_index(entries, folder / "index.h5");
}

/// Numbered, so that each says where it came through.
std::string hostile(const std::string& what) {
  const std::string mark = "window.owned = '" + what + "'";
  return what + "</script><script>" + mark + "</script><img src=x onerror=\"" + mark + "\">" +
         "<svg onload=\"" + mark + "\"></svg></title></noscript></text> \" onfocus=\"" + mark +
         "\" autofocus=\" [x](javascript:owned) & &lt; {{title}} %s%n {} <!-- \x1b]0;owned\x07\n";
}

void write_hostile(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const std::string name = "nasty.T3";
  RunRecord run = run_of(
      {hostile("family"), hostile("corruption"), 3, Components::heads, Granularity::position, 2});
  for (auto& [key, value] : run.identity)
    if (key == "order" || key == "ablation") value = hostile(key);
  run.identity.emplace_back(hostile("identity"), hostile("its value"));
  run.provenance = {{"model_path", hostile("model_path")},
                    {"device", hostile("device")},
                    {"prompt_warnings", hostile("prompt_warnings")},
                    {hostile("provenance"), hostile("its value")}};
  run.hosts = {hostile("host")};
  run.job = hostile("job");
  run.position_names = {hostile("position"), "end"};
  for (PromptRecord& prompt : run.clean) prompt.text = hostile("text");
  for (PromptRecord& prompt : run.corrupted) prompt.answer = hostile("answer");
  std::vector<IndexEntry> entries;
  write(run, name, folder, entries);
  AnalysisRecord analysis = analysis_of(run, name);
  analysis.provenance = {{hostile("provenance of the analysis"), hostile("its value")}};
  write_analysis_file(analysis, folder / (name + ".analysis.h5"));
  IndexEntry& failed = entries.emplace_back();
  failed.name = "failed.T3";
  failed.run_file = "failed.T3.h5";
  failed.family = hostile("failed family");
  failed.status = "failed";
  failed.reason = hostile("reason");
  ComparisonRecord comparison;
  comparison.circuits = {name};
  comparison.run_sha256 = {circuit_sha256(run)};
  comparison.families = {hostile("compared family")};
  comparison.full = {2};
  comparison.empty = {0};
  comparison.means = {{1}};
  write_comparison_file(comparison, comparison_path_in(folder));
  write_run_index(entries, folder / "index.h5");
}

}  // namespace

int main(int count, char** arguments) {
  const bool is_hostile = count == 3 && std::string_view(arguments[2]) == "hostile";
  if (count != 2 && !is_hostile) return 2;
  if (is_hostile)
    write_hostile(arguments[1]);
  else
    write_all(arguments[1]);
}
