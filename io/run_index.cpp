#include "io/run_index.h"

#include <cmath>

#include <fmt/format.h>

#include "io/hdf5_attributes.h"
#include "io/result_format.h"

namespace headsweep {
namespace {

using namespace hdf5;

constexpr FormatVersions versions = {.oldest_read = 2, .written = 2};

void check_entry(const IndexEntry& entry) {
  if (entry.name.empty() || entry.name == "." || entry.name.find('/') != std::string::npos ||
      entry.name.find('\0') != std::string::npos)
    throw Failure(fmt::format("'{}' cannot be the name of an entry", entry.name));
  if (!std::isfinite(entry.score_percent) || !std::isfinite(entry.threshold))
    throw Failure(fmt::format("entry '{}': score or threshold is not a number", entry.name));
  if (entry.run_file.empty() || entry.run_file.native().find('\0') != std::string::npos)
    throw Failure(fmt::format("entry '{}' has no file name", entry.name));
}

void write_entry(hid_t root, const IndexEntry& entry) {
  check_entry(entry);
  const Group group = create_group(root, entry.name);
  const hid_t id = group.get();
  write_attribute(id, "family", entry.family);
  write_attribute(id, "corruption", entry.corruption);
  write_attribute(id, "threshold", entry.threshold);
  write_attribute(id, "order", entry.order);
  write_attribute(id, "ablation", entry.ablation);
  write_attribute(id, "resample", entry.resample);
  write_attribute(id, "status", entry.status);
  write_attribute(id, "reason", entry.reason);
  write_attribute(id, "decisions", entry.decisions);
  write_attribute(id, "kept", entry.kept);
  write_attribute(id, "score_percent", entry.score_percent);
  check(H5Lcreate_external(entry.run_file.generic_string().c_str(), "/", id, "run", H5P_DEFAULT,
                           H5P_DEFAULT));
}

/// The file to which the entry's link leads; the link is not followed.
std::string linked_file(hid_t entry) {
  if (check(H5Lexists(entry, "run", H5P_DEFAULT)) == 0) throw Failure("'run' is missing");
  H5L_info_t link{};
  check(H5Lget_info(entry, "run", &link, H5P_DEFAULT));
  constexpr std::size_t most_bytes = 65536;
  if (link.type != H5L_TYPE_EXTERNAL || link.u.val_size > most_bytes)
    throw Failure("'run' is not a link to a file");
  std::vector<char> value(link.u.val_size);
  check(H5Lget_val(entry, "run", value.data(), value.size(), H5P_DEFAULT));
  const char* file = nullptr;
  check(H5Lunpack_elink_val(value.data(), value.size(), nullptr, &file, nullptr));
  return file;
}

IndexEntry read_entry(hid_t root, const std::string& name) {
  const Group group = open_group(root, name);
  const hid_t id = group.get();
  IndexEntry entry;
  entry.name = name;
  entry.run_file = linked_file(id);
  entry.family = read_attribute<std::string>(id, "family");
  entry.corruption = read_attribute<std::string>(id, "corruption");
  entry.threshold = read_attribute<double>(id, "threshold");
  entry.order = read_attribute<std::string>(id, "order");
  entry.ablation = read_attribute<std::string>(id, "ablation");
  entry.resample = read_attribute<std::string>(id, "resample");
  entry.status = read_attribute<std::string>(id, "status");
  entry.reason = read_attribute<std::string>(id, "reason");
  entry.decisions = read_attribute<int>(id, "decisions");
  entry.kept = read_attribute<int>(id, "kept");
  entry.score_percent = read_attribute<double>(id, "score_percent");
  check_entry(entry);
  return entry;
}

std::vector<std::string> entry_names(hid_t root) {
  const auto note_name = [](hid_t, const char* name, const H5L_info_t*, void* names) -> herr_t {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
    return 0;
  };
  std::vector<std::string> names;
  check(H5Literate(root, H5_INDEX_CRT_ORDER, H5_ITER_INC, nullptr, note_name, &names));
  return names;
}

}  // namespace

void write_run_index(const std::vector<IndexEntry>& entries, const std::filesystem::path& path) {
  write_file(path, [&](hid_t root) {
    write_format(root, index_format, versions);
    for (const IndexEntry& entry : entries) write_entry(root, entry);
  });
}

std::vector<IndexEntry> read_run_index(const std::filesystem::path& path, FileOrigin origin) {
  std::vector<IndexEntry> entries;
  read_file(path, "the index", origin, [&](hid_t root) {
    demand_format(root, index_format, versions, path);
    entries.clear();
    for (const std::string& name : entry_names(root)) entries.push_back(read_entry(root, name));
  });
  return entries;
}

}  // namespace headsweep
