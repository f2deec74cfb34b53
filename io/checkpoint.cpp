#include "io/checkpoint.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/mman.h>

#include "io/errors.h"
#include "io/memory_pages.h"
#include "io/sha256.h"
#include "io/strict_json.h"
#include "io/text_file.h"

namespace headsweep {
namespace {

namespace fs = std::filesystem;

constexpr const char* single_name = "model.safetensors";
constexpr const char* index_name = "model.safetensors.index.json";

using WeightMap = std::map<std::string, std::string>;  // tensor -> shard

/// Also true for a symbolic link that leads nowhere, so that opening it says what is wrong.
bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

std::string join(const std::set<std::string>& names) {
  constexpr std::size_t most = 6;
  std::vector<std::string> shown(
      names.begin(),
      std::next(names.begin(), static_cast<std::ptrdiff_t>(std::min(most, names.size()))));
  if (names.size() > most) shown.push_back("...");
  return fmt::format("{}", fmt::join(shown, ", "));
}

/// What the folder has in place of safetensors, and what to do.
std::string advice(const fs::path& folder) {
  std::set<std::string> names, foreign, shards;
  constexpr std::array foreign_suffixes = {".bin", ".pt", ".pth", ".h5", ".msgpack", ".ckpt"};
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    names.insert(name);
    if (name.ends_with(".safetensors")) shards.insert(name);
    if (std::ranges::any_of(foreign_suffixes, [&](auto* end) { return name.ends_with(end); }))
      foreign.insert(name);
  }
  if (!shards.empty())
    return fmt::format("it has {}: rename the file to {}, or copy {} too", join(shards),
                       single_name, index_name);
  if (!foreign.empty())
    return fmt::format(
        "it has {}: convert it, in Python: "
        "transformers.AutoModelForCausalLM.from_pretrained(FOLDER)"
        ".save_pretrained(FOLDER, safe_serialization=True)",
        join(foreign));
  if (names.contains("snapshots"))
    return "it looks like a folder of the Hugging Face cache: give one of the folders in "
           "snapshots/";
  return names.empty() ? "it is empty" : fmt::format("it has {}", join(names));
}

void check_folder(const fs::path& folder) {
  if (!is_there(folder))
    throw UserError(fmt::format("{}: there is no such model folder", folder.string()));
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored))
    throw UserError(
        fmt::format("{}: is not a folder; give the folder that holds {} and config.json",
                    folder.string(), single_name));
}

bool is_plain_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

WeightMap read_index(const fs::path& path) {
  const auto index =
      parse_strict_json(read_text(path, "the list of shards"), path, "the list of shards", 16);
  const auto map = index.is_object() ? index.find("weight_map") : index.end();
  if (!index.is_object() || map == index.end() || !map->is_object() || map->empty())
    throw UserError(fmt::format("{}: has no object 'weight_map' with entries", path.string()));
  WeightMap shards;
  for (const auto& [tensor, shard] : map->items()) {
    if (!shard.is_string() || !is_plain_name(shard.get<std::string>()))
      throw UserError(fmt::format(
          "{}: weight_map: '{}' lies in {}, which is not the plain name of a file in the folder",
          path.string(), tensor,
          shard.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
    shards.emplace(tensor, shard.get<std::string>());
  }
  return shards;
}

std::set<std::string> shard_names(const WeightMap& map) {
  std::set<std::string> names;
  for (const auto& [tensor, shard] : map) names.insert(shard);
  return names;
}

/// One shard against the index; what it has is taken out of `missing`.
void check_shard(const std::vector<StoredTensor>& tensors, const fs::path& shard,
                 const fs::path& index, const WeightMap& map, std::set<std::string>& missing) {
  for (const StoredTensor& tensor : tensors) {
    const auto entry = map.find(tensor.name);
    if (entry == map.end())
      throw UserError(fmt::format("{}: tensor '{}' is not in {}: the two do not belong together",
                                  shard.string(), tensor.name, index.filename().string()));
    if (entry->second != shard.filename())
      throw UserError(fmt::format("{}: tensor '{}' should be in {} according to {}", shard.string(),
                                  tensor.name, entry->second, index.filename().string()));
    missing.erase(tensor.name);
  }
}

}  // namespace

Checkpoint::Checkpoint(const fs::path& folder) : folder_(folder) {
  check_folder(folder);
  const fs::path index = folder / index_name;
  WeightMap map;
  std::set<std::string> missing;
  if (is_there(folder / single_name)) {
    files_.push_back(folder / single_name);
  } else if (is_there(index)) {
    map = read_index(index);
    for (const auto& [tensor, shard] : map) missing.insert(tensor);
    for (const std::string& name : shard_names(map)) files_.push_back(folder / name);
  } else {
    throw UserError(fmt::format("{}: holds no {} and no {}; {}", folder.string(), single_name,
                                index_name, advice(folder)));
  }
  for (const fs::path& file : files_) {
    contents_.push_back(mappings_.emplace_back(file).bytes());
    const auto found = parse_safetensors(contents_.back(), file);
    if (!map.empty()) check_shard(found, file, index, map, missing);
    tensors_.insert(tensors_.end(), found.begin(), found.end());
  }
  if (!missing.empty())
    throw UserError(fmt::format("{}: tensor '{}' is not in {}, where it should be", index.string(),
                                *missing.begin(), map.at(*missing.begin())));
  sort_tensors();
}

Checkpoint::Checkpoint(const fs::path& folder, const std::vector<CheckpointFile>& files,
                       std::shared_ptr<void> owner)
    : folder_(folder), owner_(std::move(owner)) {
  for (const CheckpointFile& file : files) {
    files_.push_back(folder / file.name);
    contents_.push_back(file.bytes);
    const auto found = parse_safetensors(file.bytes, files_.back());
    tensors_.insert(tensors_.end(), found.begin(), found.end());
  }
  sort_tensors();
}

void Checkpoint::sort_tensors() {
  std::ranges::sort(tensors_, {}, &StoredTensor::name);
  const auto twice = std::ranges::adjacent_find(tensors_, {}, &StoredTensor::name);
  if (twice != tensors_.end())
    throw UserError(fmt::format("{}: tensor '{}' is in two files", folder_.string(), twice->name));
}

std::vector<CheckpointFile> Checkpoint::contents() const {
  std::vector<CheckpointFile> result;
  for (std::size_t i = 0; i < files_.size(); ++i)
    result.push_back({files_[i].filename().string(), contents_[i]});
  return result;
}

const StoredTensor* Checkpoint::find(const std::string& name) const {
  const auto found = std::ranges::lower_bound(tensors_, name, {}, &StoredTensor::name);
  return found != tensors_.end() && found->name == name ? &*found : nullptr;
}

void Checkpoint::release(const StoredTensor& tensor) const noexcept {
  const auto holds = [&](const MappedFile& mapping) {
    const auto bytes = mapping.bytes();
    return std::less_equal<>{}(bytes.data(), tensor.bytes.data()) &&
           std::less<>{}(tensor.bytes.data(), bytes.data() + bytes.size());
  };
  const auto mapping = std::ranges::find_if(mappings_, holds);
  if (mapping != mappings_.end()) mapping->release(tensor.bytes);
}

void Checkpoint::discard(const StoredTensor& tensor) noexcept {
  if (!mappings_.empty()) return release(tensor);
  discarded_ = true;
  const std::span pages = whole_pages(tensor.bytes);
  // An economy: memory of another kind than processes share refuses, and stays.
  if (!pages.empty()) ::madvise(pages.data(), pages.size(), MADV_REMOVE);
}

std::string Checkpoint::sha256() const {
  assert(!discarded_);
  const auto hash = [&](std::size_t i) {
    if (!mappings_.empty()) return sha256_of_file(files_[i]);
    return headsweep::sha256(
        {reinterpret_cast<const char*>(contents_[i].data()), contents_[i].size()});
  };
  std::vector<std::string> hashes;
  for (std::size_t i = 0; i < files_.size(); ++i) hashes.push_back(hash(i));
  return sha256_of_checkpoint(hashes);
}

std::string sha256_of_checkpoint(const std::vector<std::string>& files) {
  if (files.size() == 1) return files.front();
  std::string lines;
  for (const std::string& each : files) lines += each + "\n";
  return sha256(lines);
}

}  // namespace headsweep
