#include "io/atomic_file.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <source_location>
#include <string>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/file_descriptor.h"

namespace headsweep {
namespace {

namespace fs = std::filesystem;

/// What helps before the same command is given again.
const char* advice(int error) {
  switch (error) {
    case ENOSPC:
      return "; make space";
    case EDQUOT:
      return "; make space in your quota";
    case EFBIG:
      return "; let files be larger (ulimit -f)";
    default:
      return "";
  }
}

[[noreturn]] void refuse(const fs::path& path, std::string_view step,
                         std::source_location where = std::source_location::current()) {
  const int error = errno;
  const std::string reason = system_reason();
  throw MachineError(fmt::format("{}: {} failed: {}{}", path.string(), step, reason, advice(error)),
                     where);
}

std::string temporary_name(const std::string& name, pid_t process) {
  return fmt::format(".{}.{}.tmp", name, process);
}

/// The file that a temporary was to become; "" if it is none of ours.
std::string name_of_temporary(const std::string& temporary) {
  constexpr std::string_view end = ".tmp";
  if (!temporary.starts_with('.') || !temporary.ends_with(end)) return "";
  const std::string rest = temporary.substr(1, temporary.size() - 1 - end.size());
  const auto dot = rest.rfind('.');
  if (dot == std::string::npos || dot + 1 == rest.size()) return "";
  const auto is_digit = [](unsigned char each) { return std::isdigit(each) != 0; };
  return std::all_of(rest.begin() + static_cast<std::ptrdiff_t>(dot) + 1, rest.end(), is_digit)
             ? rest.substr(0, dot)
             : "";
}

/// Removes the file unless it has been put in its place.
class Temporary {
 public:
  explicit Temporary(fs::path path) : path_(std::move(path)) {}
  ~Temporary() {
    if (!in_place_) ::unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  const fs::path& path() const { return path_; }

  void put_in_place(const fs::path& path) {
    if (std::rename(path_.c_str(), path.c_str()) != 0) refuse(path, "renaming the new file to it");
    in_place_ = true;
  }

 private:
  fs::path path_;
  bool in_place_ = false;
};

/// Made here, not by the writer, so that the permissions are ours: 0644 less the umask.
void create(const fs::path& temporary, const fs::path& path) {
  if (::unlink(temporary.c_str()) != 0 && errno != ENOENT)
    refuse(path, "removing an old temporary file beside it");
  const FileDescriptor file = open_descriptor(temporary, O_WRONLY | O_CREAT | O_EXCL, 0644);
  if (!file.is_open()) refuse(path, "creating a temporary file beside it");
}

/// Opened anew: the writer may have replaced the file that create() made.
void sync_file(const fs::path& temporary, const fs::path& path) {
  FileDescriptor file = open_descriptor(temporary, O_RDONLY);
  if (!file.is_open()) refuse(path, "opening the new file again");
  if (retry_if_interrupted([&] { return ::fsync(file.get()); }) != 0)
    refuse(path, "bringing the new file to the disk");
  // Linux has closed the descriptor also when close() was interrupted.
  if (::close(file.release()) != 0 && errno != EINTR) refuse(path, "closing the new file");
}

void sync_folder(const FileDescriptor& folder, const fs::path& path) {
  // EINVAL: a file system that knows no fsync of folders.
  if (retry_if_interrupted([&] { return ::fsync(folder.get()); }) != 0 && errno != EINVAL)
    refuse(path, "bringing its folder to the disk");
}

void write_text(const fs::path& temporary, std::string_view text, const fs::path& path) {
  FileDescriptor file = open_descriptor(temporary, O_WRONLY | O_TRUNC);
  if (!file.is_open()) refuse(path, "opening the temporary file beside it");
  while (!text.empty()) {
    const ssize_t written =
        retry_if_interrupted([&] { return ::write(file.get(), text.data(), text.size()); });
    if (written < 0) refuse(path, "writing");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::close(file.release()) != 0 && errno != EINTR) refuse(path, "closing the new file");
}

}  // namespace

void write_whole(const fs::path& path,
                 const std::function<void(const fs::path& temporary)>& write) {
  const fs::path folder_path = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const FileDescriptor folder = open_descriptor(folder_path, O_RDONLY | O_DIRECTORY);
  if (!folder.is_open()) refuse(path, "opening its folder");
  Temporary temporary(folder_path / temporary_name(path.filename().string(), ::getpid()));
  create(temporary.path(), path);
  write(temporary.path());
  sync_file(temporary.path(), path);
  temporary.put_in_place(path);
  sync_folder(folder, path);
}

void write_whole(const fs::path& path, std::string_view text) {
  write_whole(path, [&](const fs::path& temporary) { write_text(temporary, text, path); });
}

void remove_leftovers(const fs::path& folder, const std::set<std::string>& names) {
  std::error_code ignored;  // they are in nobody's way
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (names.contains(name_of_temporary(entry.path().filename().string())))
      fs::remove(entry.path(), ignored);
}

}  // namespace headsweep
