#include "io/hdf5_file.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "io/atomic_file.h"
#include "io/errors.h"
#include "io/sha256.h"
#include "io/text_file.h"

namespace headsweep::hdf5 {
namespace {

constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
constexpr std::string_view seal_mark = "\nheadsweep sha256 ";
constexpr std::size_t seal_bytes = seal_mark.size() + 64 + 1;
constexpr std::size_t most_file_bytes = std::size_t{4} << 30;

/// HDF5 itself prints every error to stderr otherwise.
void keep_quiet() { check(H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr)); }

/// Files live in memory under names of their own: HDF5 takes two open files with one name for one
/// file.
std::string fresh_name() {
  static std::atomic<int> counter = 0;
  return fmt::format("headsweep-in-memory-{}", ++counter);
}

Properties in_memory() {
  constexpr std::size_t growth_bytes = std::size_t{1} << 20;
  Properties access(check(H5Pcreate(H5P_FILE_ACCESS)));
  check(H5Pset_fapl_core(access.get(), growth_bytes, false));
  check(H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG));
  return access;
}

File create() {
  constexpr unsigned in_order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
  const Properties access = in_memory();
  const Properties creation(check(H5Pcreate(H5P_FILE_CREATE)));
  check(H5Pset_link_creation_order(creation.get(), in_order));
  check(H5Pset_attr_creation_order(creation.get(), in_order));
  return File(check(H5Fcreate(fresh_name().c_str(), H5F_ACC_TRUNC, creation.get(), access.get())));
}

File open(std::string& image) {
  const Properties access = in_memory();
  check(H5Pset_file_image(access.get(), image.data(), image.size()));
  return File(check(H5Fopen(fresh_name().c_str(), H5F_ACC_RDONLY, access.get())));
}

/// What a file on disk would hold.
std::string image_of(const File& file) {
  check(H5Fflush(file.get(), H5F_SCOPE_GLOBAL));
  std::string image(static_cast<std::size_t>(check(H5Fget_file_image(file.get(), nullptr, 0))),
                    '\0');
  check(H5Fget_file_image(file.get(), image.data(), image.size()));
  return image;
}

void close(File file) { check(H5Fclose(file.release())); }

std::string seal_of(std::string_view image) {
  return fmt::format("{}{}\n", seal_mark, sha256(image));
}

/// Where HDF5 says that its data end (HDF5 file format specification, "Superblock"); nothing of a
/// form that it has had since.
std::optional<std::uint64_t> end_of_data(std::string_view image) {
  constexpr std::array<std::size_t, 4> end_address = {40, 44, 28, 28};  // by version
  constexpr std::size_t bytes = 8;
  if (image.size() < 64) return std::nullopt;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(image[at]); };
  const std::size_t version = byte(8);
  if (version >= end_address.size() || byte(version < 2 ? 13 : 9) != bytes) return std::nullopt;
  std::uint64_t end = 0;
  for (std::size_t i = bytes; i-- > 0;) end = end << 8 | byte(end_address[version] + i);
  return end;
}

/// What another program has changed ends with its data. Anything behind them is what is left of a
/// seal.
void check_end(std::string_view image) {
  if (const auto end = end_of_data(image); end && *end < image.size())
    throw Failure("its end, where its checksum stands, is damaged");
}

/// Checks the seal and takes it off. A file without one is taken as it is: another program changed
/// it.
void unseal(std::string& bytes) {
  if (bytes.size() < seal_bytes) return;
  const std::string_view all = bytes;
  const std::string_view seal = all.substr(all.size() - seal_bytes);
  if (!seal.starts_with(seal_mark)) return check_end(all);
  if (seal != seal_of(all.substr(0, all.size() - seal_bytes)))
    throw Failure("its bytes do not match the checksum at its end");
  bytes.resize(bytes.size() - seal_bytes);
}

herr_t note_reason(unsigned depth, const H5E_error2_t* error, void* reason) {
  if (depth == 0 && error->desc != nullptr) *static_cast<std::string*>(reason) = error->desc;
  return 0;
}

}  // namespace

std::string innermost_reason() {
  std::string reason = "HDF5 gives no reason";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, note_reason, &reason);
  return reason;
}

void write_file(const std::filesystem::path& path, const std::function<void(hid_t root)>& fill) {
  std::string image;
  try {
    keep_quiet();
    File file = create();
    fill(file.get());
    image = image_of(file);
    close(std::move(file));
  } catch (const Failure& failure) {
    throw MachineError(fmt::format("{}: cannot be written: {}", path.string(), failure.what()),
                       failure.where());
  }
  image += seal_of(image);
  write_whole(path, image);
}

void read_file(const std::filesystem::path& path, const std::string& what,
               const std::function<void(hid_t root)>& use) {
  std::string image = read_text(path, what, most_file_bytes);
  if (!image.starts_with(signature))
    throw UserError(fmt::format("{}: is not an HDF5 file{}: name another, or move it away",
                                path.string(), image.empty() ? " (it is empty)" : ""));
  try {
    keep_quiet();
    unseal(image);
    File file = open(image);
    use(file.get());
    close(std::move(file));
  } catch (const Failure& failure) {
    throw UserError(fmt::format("{}: is damaged: {}; copy it again, or remove it", path.string(),
                                failure.what()));
  }
}

}  // namespace headsweep::hdf5
