#include <array>
#include <string_view>
#include <utility>

#include "headsweep/report_page.h"
#include <fmt/format.h>

#include "io/sha256.h"
#include "pipeline/report/report.h"

namespace headsweep {
namespace {

/// Prompts of each list that a page shows; a family may have thousands, and the run file has them
/// all.
constexpr std::size_t most_prompts = 100;

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string title_of(const Report& report) {
  if (report.runs.empty() && report.resamples.empty()) return "Circuits on each other's families";
  if (report.runs.size() == 1) {
    const FoundRun& run = report.runs.front().run;
    return fmt::format("{}, {}, threshold {} %{}", run.family, run.corruption, run.threshold,
                       variant_of(run));
  }
  std::size_t runs = report.runs.size();
  for (const ResampleGroup& group : report.resamples)
    runs += static_cast<std::size_t>(group.finished + group.unfinished);
  return fmt::format("{} runs of headsweep", runs);
}

/// What a reader without JavaScript sees.
std::string table_of(const Report& report) {
  std::string text =
      "<table><thead><tr><th>run</th><th>family</th><th>corruption</th><th>threshold %</th>"
      "<th>status</th><th>kept</th><th>score %</th></tr></thead><tbody>\n";
  for (const ReportedRun& reported : report.runs) {
    const FoundRun& run = reported.run;
    const RunFigures& figures = reported.figures;
    text += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        escaped(run.name), escaped(run.family), escaped(run.corruption), run.threshold,
        escaped(run.reason.empty() ? run.status : run.status + ": " + run.reason),
        run.record ? fmt::format("{} of {}", figures.kept.size(), figures.components) : "",
        run.record ? fmt::format("{:.2f}", figures.score_percent) : "");
  }
  for (const ResampleGroup& group : report.resamples)
    text += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{} "
        "resamples</td><td></td><td></td></tr>\n",
        escaped(group.name), escaped(group.family), escaped(group.corruption), group.threshold,
        group.finished + group.unfinished);
  return text + "</tbody></table>";
}

/// As browsers want a hash: the bytes of hexadecimal digits in base 64.
std::string base64_of(std::string_view hex) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto value = [](char c) {
    return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
  };
  std::string text;
  for (; hex.size() >= 3; hex.remove_prefix(3)) {
    const unsigned bits = value(hex[0]) << 8 | value(hex[1]) << 4 | value(hex[2]);
    text += {digits[bits >> 6], digits[bits & 63]};
  }
  // A SHA-256 has 64 digits: one is left over, and 256 bits are 43 digits and a sign for the rest.
  if (!hex.empty()) text += digits[value(hex[0]) << 2];
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

/// The template with each {{name}} replaced. What is put in is not looked at again: it may hold
/// braces.
template <std::size_t count>
std::string filled(std::string_view text,
                   const std::array<std::pair<std::string_view, std::string>, count>& values) {
  std::string page;
  while (!text.empty()) {
    const auto open = text.find("{{");
    page += text.substr(0, open);
    if (open == std::string_view::npos) break;
    const auto close = text.find("}}", open);
    const std::string_view name = text.substr(open + 2, close - open - 2);
    for (const auto& [known, value] : values)
      if (known == name) page += value;
    text.remove_prefix(close + 2);
  }
  return page;
}

}  // namespace

std::string html_page(const Report& report) {
  const std::string script =
      fmt::format("\n{}{}{}{}{}{}{}{}", page_drawing, page_maps, page_charts, page_comparison,
                  page_transfer, page_analysis, page_run, page_start);
  const std::array<std::pair<std::string_view, std::string>, 7> values = {{
      {"title", escaped(title_of(report))},
      {"byline",
       escaped("Circuits of attention heads, found by greedy ablation. Written by headsweep " +
               report.program_version + ".")},
      {"style", std::string(page_style)},
      {"table", table_of(report)},
      {"data", to_page_data(report, most_prompts)},
      {"script_sha256", base64_of(sha256(script))},
      {"script", script},
  }};
  return filled(page_template, values);
}

}  // namespace headsweep
