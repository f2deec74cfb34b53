#include "io/hdf5_precision.h"

#include <string>

#include "io/hdf5_attributes.h"
#include "io/hdf5_datasets.h"

namespace headsweep::hdf5 {
namespace {

struct NumberOfRung {
  const char* name;
  double RungRecord::*member;
};
constexpr NumberOfRung numbers[] = {
    {"cost", &RungRecord::cost}, {"error", &RungRecord::error}, {"guard", &RungRecord::guard}};

}  // namespace

void write_rungs(hid_t root, const std::vector<RungRecord>& rungs) {
  const Group group = create_group(root, "precision");
  std::vector<std::string> names;
  for (const RungRecord& rung : rungs) names.push_back(rung.name);
  write_texts(group.get(), "rung", {rungs.size()}, names);
  for (const auto& [name, member] : numbers) {
    std::vector<double> values;
    for (const RungRecord& rung : rungs) values.push_back(rung.*member);
    write_numbers(group.get(), name, {rungs.size()}, values);
  }
}

std::vector<RungRecord> read_rungs(hid_t root) {
  const Group group = open_group(root, "precision");
  std::vector<RungRecord> rungs;
  for (const std::string& name : read_texts(group.get(), "rung", {any_extent})) {
    RungRecord& rung = rungs.emplace_back();
    rung.name = name;
  }
  for (const auto& [name, member] : numbers) {
    const auto values = read_numbers<double>(group.get(), name, {rungs.size()});
    for (std::size_t i = 0; i < rungs.size(); ++i) rungs[i].*member = values[i];
  }
  return rungs;
}

}  // namespace headsweep::hdf5
