#include "io/hdf5_file.h"

#include <atomic>
#include <string_view>

#include <fmt/format.h>

#include "io/atomic_file.h"
#include "io/errors.h"
#include "io/hdf5_seal.h"
#include "io/text_file.h"
#include "io/trial.h"

namespace headsweep::hdf5 {
namespace {

constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
constexpr std::size_t most_file_bytes = std::size_t{4} << 30;

/// HDF5 itself prints every error to stderr otherwise; and a file could ask it to load a filter's
/// library.
void keep_quiet() {
  check(H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr));
  check(H5PLset_loading_state(0));
}

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

[[noreturn]] void refuse_damaged(const std::filesystem::path& path, const std::string& reason) {
  throw UserError(
      fmt::format("{}: is damaged: {}; copy it again, or remove it", path.string(), reason));
}

void use_image(std::string& image, const std::filesystem::path& path,
               const std::function<void(hid_t root)>& use) {
  try {
    File file = open(image);
    use(file.get());
    close(std::move(file));
  } catch (const Failure& failure) {
    refuse_damaged(path, failure.what());
  }
}

/// All of the work on an image whose bytes may make HDF5 itself crash, run without end or take all
/// memory, in a child process first. What is refused there is refused in the same words.
void try_image(std::string& image, const std::filesystem::path& path,
               const std::function<void(hid_t root)>& use) {
  try {
    try_in_child(limits_for(image.size()), [&] { use_image(image, path, use); });
  } catch (const TrialRefusal& refusal) {
    throw UserError(refusal.what());
  } catch (const TrialFailure& failure) {
    refuse_damaged(path, fmt::format("HDF5 fails on it ({})", failure.what()));
  }
}

bool take_seal_off_checked(std::string& image, const std::filesystem::path& path) {
  try {
    return take_seal_off(image);
  } catch (const Failure& failure) {
    refuse_damaged(path, failure.what());
  }
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

void read_file(const std::filesystem::path& path, const std::string& what, FileOrigin origin,
               const std::function<void(hid_t root)>& use) {
  std::string image = read_text(path, what, most_file_bytes);
  if (!image.starts_with(signature))
    throw UserError(fmt::format("{}: is not an HDF5 file{}: name another, or move it away",
                                path.string(), image.empty() ? " (it is empty)" : ""));
  keep_quiet();
  const bool sealed = take_seal_off_checked(image, path);
  const bool is_tried = origin == FileOrigin::tried || (sealed && origin == FileOrigin::own_output);
  if (!is_tried) try_image(image, path, use);
  use_image(image, path, use);
}

}  // namespace headsweep::hdf5
