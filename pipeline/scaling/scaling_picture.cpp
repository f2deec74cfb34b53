#include "pipeline/scaling/scaling_picture.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "io/wording.h"

namespace headsweep {
namespace {

// Pixels.
constexpr double width = 1000, height = 430, panel_width = 385, panel_height = 300;
constexpr double panel_top = 70, left_panel = 75, right_panel = 570;

// Told apart by people who see colours differently, too (Okabe and Ito).
constexpr const char* colours[] = {"#0072b2", "#d55e00", "#009e73",
                                   "#cc79a7", "#e69f00", "#56b4e9"};

/// A panel with logarithmic axes.
struct Panel {
  double left = 0;
  double most_ranks = 1, lowest = 1, highest = 1;

  double x(double ranks) const {
    return left + panel_width * std::log(ranks) / std::log(most_ranks);
  }
  double y(double value) const {
    const double part = std::log(std::max(value, lowest) / lowest) / std::log(highest / lowest);
    return panel_top + panel_height * (1 - part);
  }
};

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '&')
      result += "&amp;";
    else
      result += c;
  }
  return result;
}

std::string label(double x, double y, const std::string& anchor, const std::string& text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     escaped(text));
}

std::string line(double x1, double y1, double x2, double y2, const char* style) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1, y1,
                     x2, y2, style);
}

constexpr const char* grid_style = "stroke=\"#dddddd\"";
constexpr const char* ideal_style = "stroke=\"#888888\" stroke-dasharray=\"5 4\"";

/// Grid and axes; ticks at every second power of two of the ranks, and at the values given.
std::string axes(const Panel& panel, const std::string& title, const std::vector<double>& ticks,
                 const char* unit) {
  std::string svg = fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"16\">{}</text>\n",
                                panel.left, panel_top - 14, escaped(title));
  const double bottom = panel_top + panel_height, right = panel.left + panel_width;
  for (double ranks = 1; ranks <= panel.most_ranks; ranks *= 4) {
    svg += line(panel.x(ranks), panel_top, panel.x(ranks), bottom, grid_style);
    svg += label(panel.x(ranks), bottom + 18, "middle", fmt::format("{}", ranks));
  }
  for (const double tick : ticks) {
    svg += line(panel.left, panel.y(tick), right, panel.y(tick), grid_style);
    svg += label(panel.left - 8, panel.y(tick) + 4, "end", fmt::format("{}{}", tick, unit));
  }
  svg += fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" height=\"{}\" fill=\"none\" "
      "stroke=\"#444444\"/>\n",
      panel.left, panel_top, panel_width, panel_height);
  return svg + label(panel.left + panel_width / 2, bottom + 38, "middle", "ranks");
}

struct Curve {
  int families = 0;
  const char* colour = "";
  std::vector<const ScalingPoint*> points;
};

std::vector<Curve> curves_of(const std::vector<ScalingPoint>& points) {
  std::map<int, Curve> by_families;
  for (const ScalingPoint& point : points) by_families[point.families].points.push_back(&point);
  std::vector<Curve> curves;
  for (auto& [families, curve] : by_families) {
    curve.families = families;
    curve.colour = colours[curves.size() % std::size(colours)];
    curves.push_back(std::move(curve));
  }
  return curves;
}

template <class Value>
std::string draw(const Panel& panel, const Curve& curve, const Value& value) {
  std::string path, dots;
  for (const ScalingPoint* point : curve.points) {
    const double x = panel.x(point->ranks), y = panel.y(value(*point));
    path += fmt::format("{:.1f},{:.1f} ", x, y);
    dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>\n", x, y,
                        curve.colour);
  }
  return fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n",
                     path, curve.colour) +
         dots;
}

std::string legend(const std::vector<Curve>& curves) {
  double y = panel_top + 20;
  std::string svg;
  for (const Curve& curve : curves) {
    svg += fmt::format(
        "<line x1=\"{0}\" y1=\"{1}\" x2=\"{2}\" y2=\"{1}\" stroke=\"{3}\" stroke-width=\"2\"/>\n",
        left_panel + 12, y, left_panel + 36, curve.colour);
    svg += label(left_panel + 43, y + 4, "start", counted(curve.families, "family", "families"));
    y += 19;
  }
  svg += line(left_panel + 12, y, left_panel + 36, y, ideal_style);
  return svg + label(left_panel + 43, y + 4, "start", "ideal");
}

}  // namespace

std::string scaling_picture(const std::vector<ScalingPoint>& points, const std::string& caption) {
  double most_ranks = 4, lowest_percent = 100;
  for (const ScalingPoint& point : points) {
    most_ranks = std::max<double>(most_ranks, point.ranks);
    lowest_percent = std::min(lowest_percent, 100 * point.efficiency);
  }
  const double floor_percent = std::pow(10, std::floor(std::log10(std::max(lowest_percent, 1e-6))));
  const Panel speed{left_panel, most_ranks, 1, most_ranks},
      efficiency{right_panel, most_ranks, std::min(floor_percent, 10.0), 100};
  std::vector<double> speeds, percents;
  for (double tick = 1; tick <= most_ranks; tick *= 4) speeds.push_back(tick);
  for (double tick = 100; tick > efficiency.lowest * 0.99; tick /= 10) percents.push_back(tick);

  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\" "
      "fill=\"#222222\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
      width, height);
  svg += label(left_panel, 28, "start", caption);
  svg += axes(speed, "Speed-up against one rank", speeds, "");
  svg += axes(efficiency, "Efficiency: speed-up for each rank", percents, " %");
  svg += line(speed.x(1), speed.y(1), speed.x(most_ranks), speed.y(most_ranks), ideal_style);
  const std::vector<Curve> curves = curves_of(points);
  for (const Curve& curve : curves) {
    svg += draw(speed, curve, [](const ScalingPoint& point) { return point.speed_up; });
    svg +=
        draw(efficiency, curve, [](const ScalingPoint& point) { return 100 * point.efficiency; });
  }
  return svg + legend(curves) + "</svg>\n";
}

}  // namespace headsweep
