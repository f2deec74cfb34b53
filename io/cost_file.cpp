#include "io/cost_file.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/strict_json.h"
#include "io/text_file.h"
#include "io/wording.h"
#include "io/written_json.h"

namespace headsweep {
namespace {

/// The file's names, in the order in which they are written; for both directions.
template <class Visitor, class Model>
void visit(Visitor& visitor, Model& cost) {
  visitor.text("backend", cost.backend);
  visitor.numbers("evaluation_seconds", cost.family.evaluation_seconds);
  visitor.count("circuits_side_by_side", cost.family.circuits_side_by_side);
  visitor.number("further_circuit", cost.family.further_circuit);
  visitor.number("family_seconds", cost.family.family_seconds);
  visitor.number("baseline_seconds", cost.family.baseline_seconds);
  visitor.optional("loading_seconds", cost.cluster.loading_seconds);
  visitor.optional("checkpoint_bytes", cost.cluster.checkpoint_bytes);
  visitor.optional("broadcast_bytes_per_second", cost.cluster.broadcast_bytes_per_second);
  visitor.optional("message_seconds", cost.cluster.message_seconds);
  visitor.optional("handling_seconds", cost.cluster.handling_seconds);
}

struct JsonWriter {
  Json& object;
  void text(const char* name, const std::string& value) { object[name] = value; }
  void numbers(const char* name, const std::vector<double>& values) { object[name] = values; }
  void count(const char* name, int value) { object[name] = value; }
  void number(const char* name, double value) { object[name] = value; }
  void optional(const char* name, double value) { object[name] = value; }
};

/// Takes each name that visit() asks for; what is left over then is unknown.
class JsonReader {
 public:
  explicit JsonReader(const std::filesystem::path& path) : path_(path) {
    constexpr std::size_t most_bytes = std::size_t{1} << 20;
    constexpr int deepest = 2;
    content_ =
        parse_strict_json(read_text(path, "the costs", most_bytes), path, "the file", deepest);
    if (!content_.is_object()) fail("must hold one JSON object, as headsweep bench cost prints it");
  }

  void text(const char* name, std::string& value) {
    const nlohmann::json json = take(name);
    if (!json.is_string()) fail(fmt::format("{}: must be a text in quotes", name));
    value = json.get<std::string>();
  }
  void number(const char* name, double& value) { value = checked(name, take(name)); }
  void optional(const char* name, double& value) {
    if (content_.contains(name)) number(name, value);
    known_.emplace_back(name);
  }
  void count(const char* name, int& value) {
    constexpr double most = 1024;
    const double number = checked(name, take(name));
    if (number < 1 || number > most || number != std::floor(number))
      fail(fmt::format("{}: must be a whole number from 1 to {}", name, most));
    value = static_cast<int>(number);
  }
  void numbers(const char* name, std::vector<double>& values) {
    const nlohmann::json list = take(name);
    if (!list.is_array() || list.empty())
      fail(fmt::format("{}: must be a list of numbers, one for each layer", name));
    for (const nlohmann::json& each : list) values.push_back(checked(name, each));
  }

  void refuse_unknown_names() const {
    for (const auto& [name, value] : content_.items()) {
      const auto guess = nearest(name, known_);
      fail(fmt::format("{}: unknown name{}", in_quotes(name),
                       guess ? fmt::format(" (did you mean '{}'?)", *guess) : ""));
    }
  }
  void refuse_zero(const char* name, double value) const {
    if (value == 0) fail(fmt::format("{}: must be more than 0", name));
  }

 private:
  nlohmann::json take(const char* name) {
    known_.emplace_back(name);
    const auto found = content_.find(name);
    if (found == content_.end())
      fail(fmt::format("{}: is missing; headsweep bench cost prints such a file", name));
    nlohmann::json value = *found;
    content_.erase(found);
    return value;
  }
  double checked(const char* name, const nlohmann::json& json) const {
    if (!json.is_number()) fail(fmt::format("{}: must be a number", name));
    const auto value = json.get<double>();
    if (!std::isfinite(value) || value < 0)
      fail(fmt::format("{}: {} is negative, or no finite number", name, value));
    return value;
  }
  [[noreturn]] void fail(const std::string& problem) const {
    throw UserError(fmt::format("{}: {}", path_.string(), problem));
  }

  const std::filesystem::path& path_;
  nlohmann::json content_;
  std::vector<std::string> known_;
};

}  // namespace

std::string to_json(const CostModel& cost) {
  Json object;
  JsonWriter writer{object};
  visit(writer, cost);
  return written(object);
}

CostModel read_cost(const std::filesystem::path& path) {
  CostModel cost;
  JsonReader reader(path);
  visit(reader, cost);
  reader.refuse_unknown_names();
  reader.refuse_zero("broadcast_bytes_per_second", cost.cluster.broadcast_bytes_per_second);
  reader.refuse_zero("evaluation_seconds",
                     *std::ranges::min_element(cost.family.evaluation_seconds));
  return cost;
}

}  // namespace headsweep
