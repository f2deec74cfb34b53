// JSON files that come with a checkpoint, read with checks. The JSON library's header stays inside
// io/.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace headsweep {

/// A JSON object with typed look-ups, for config.json. A key that is absent or null is nullopt; a
/// value of another type is a UserError that names file and key.
class JsonFile {
 public:
  explicit JsonFile(const std::filesystem::path& path);
  ~JsonFile();
  JsonFile(JsonFile&&) noexcept;
  JsonFile& operator=(JsonFile&&) noexcept;

  const std::filesystem::path& path() const;
  bool has(const std::string& key) const;  // and it is not null
  std::optional<std::int64_t> integer(const std::string& key) const;
  std::optional<double> number(const std::string& key) const;
  std::optional<std::string> text(const std::string& key) const;
  std::optional<bool> flag(const std::string& key) const;

 private:
  struct Content;
  std::unique_ptr<Content> content_;
};

/// vocab.json: {"piece": id}. UserError (file, entry) unless every id is an integer, none negative,
/// none twice. A file that holds a path instead (a symbolic link checked out as text) is recognised
/// and said.
std::unordered_map<std::string, int> read_vocabulary(const std::filesystem::path& path);

}  // namespace headsweep
