#include "tests/fuzz/hdf5_edits.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "io/hdf5_file.h"
#include "io/hdf5_values.h"
#include "tests/fuzz/hdf5_types.h"

namespace headsweep {
namespace {

using namespace hdf5;

constexpr hsize_t most_bytes = 1 << 16;  // that are written into something new

std::vector<std::string> objects_in(hid_t root) {
  std::vector<std::string> names;
  const auto note = [](hid_t, const char* name, const H5O_info_t*, void* all) -> herr_t {
    static_cast<std::vector<std::string>*>(all)->emplace_back(name);
    return 0;
  };
  H5Ovisit2(root, H5_INDEX_NAME, H5_ITER_INC, note, &names, H5O_INFO_BASIC);
  return names;
}

std::vector<std::string> attributes_of(hid_t object) {
  std::vector<std::string> names;
  const auto note = [](hid_t, const char* name, const H5A_info_t*, void* all) -> herr_t {
    static_cast<std::vector<std::string>*>(all)->emplace_back(name);
    return 0;
  };
  H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, note, &names);
  return names;
}

/// The one that the byte stands for; empty if there is none.
std::string chosen(const std::vector<std::string>& names, unsigned byte) {
  return names.empty() ? "" : names[byte % names.size()];
}

Shape shape_from(EditBytes& bytes) {
  constexpr std::array extents = {
      hsize_t{0},       hsize_t{1},      hsize_t{2},    hsize_t{3},       hsize_t{6},
      hsize_t{7},       hsize_t{9},      hsize_t{1000}, hsize_t{1} << 31, (hsize_t{1} << 32) + 1,
      hsize_t{1} << 40, hsize_t{1} << 62};
  Shape shape(bytes.next() % 4);
  for (hsize_t& extent : shape) extent = extents[bytes.next() % extents.size()];
  return shape;
}

Space space_from(EditBytes& bytes) {
  if (bytes.next() % 8 == 0) return Space(H5Screate(H5S_NULL));
  return space_of(shape_from(bytes));
}

class Editor {
 public:
  Editor(hid_t root, EditBytes bytes) : root_(root), bytes_(bytes) {}

  void edit() {
    const std::array<void (Editor::*)(), 8> edits = {
        &Editor::delete_object,     &Editor::link_object,    &Editor::delete_attribute,
        &Editor::replace_attribute, &Editor::replace_object, &Editor::overwrite_values,
        &Editor::overwrite_text,    &Editor::set_number};
    constexpr int most_edits = 16;
    for (int i = 0; i < most_edits && !bytes_.at_end(); ++i)
      (this->*edits[bytes_.next() % edits.size()])();
  }

 private:
  std::string object() { return chosen(objects_in(root_), bytes_.next()); }

  void remove(const std::string& name) { H5Ldelete(root_, name.c_str(), H5P_DEFAULT); }

  void delete_object() { remove(object()); }

  void link_object() {
    const std::string name = object(), target = object();
    remove(name);
    switch (bytes_.next() % 4) {
      case 0:
        H5Lcreate_soft(target.c_str(), root_, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
        break;
      case 1:
        H5Lcreate_external("/dev/zero", target.c_str(), root_, name.c_str(), H5P_DEFAULT,
                           H5P_DEFAULT);
        break;
      default:
        H5Lcreate_hard(root_, target.c_str(), root_, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
    }
  }

  void delete_attribute() {
    const Owner<H5Oclose> owner(H5Oopen(root_, object().c_str(), H5P_DEFAULT));
    H5Adelete(owner.get(), chosen(attributes_of(owner.get()), bytes_.next()).c_str());
  }

  void replace_attribute() {
    const Owner<H5Oclose> owner(H5Oopen(root_, object().c_str(), H5P_DEFAULT));
    std::string name = chosen(attributes_of(owner.get()), bytes_.next());
    if (bytes_.next() % 8 == 0) name = bytes_.text();
    const Type type = type_from(bytes_);
    const Space space = space_from(bytes_);
    if (bytes_needed(type, space) > most_bytes) return;
    H5Adelete(owner.get(), name.c_str());
    const Attribute attribute(
        H5Acreate2(owner.get(), name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT));
    if (attribute.get() < 0) return;
    const ValuesFromBytes values(type.get(), H5Sget_simple_extent_npoints(space.get()), bytes_);
    if (values.data()) H5Awrite(attribute.get(), type.get(), values.data());
  }

  void replace_object() {
    const std::string name = object();
    const Type type = type_from(bytes_);
    const Space space = space_from(bytes_);
    const Properties creation(H5Pcreate(H5P_DATASET_CREATE));
    set_storage(creation.get(), space.get());
    remove(name);
    const Dataset dataset(H5Dcreate2(root_, name.c_str(), type.get(), space.get(), H5P_DEFAULT,
                                     creation.get(), H5P_DEFAULT));
    if (dataset.get() < 0 || bytes_needed(type, space) > most_bytes) return;
    const ValuesFromBytes values(type.get(), H5Sget_simple_extent_npoints(space.get()), bytes_);
    if (values.data())
      H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  }

  void set_storage(hid_t creation, hid_t space) {
    const unsigned form = bytes_.next() % 8;
    if (form == 0) H5Pset_external(creation, "/dev/zero", 0, H5F_UNLIMITED);
    if (form == 1) H5Pset_layout(creation, H5D_VIRTUAL);
    if (form < 4) return;
    Shape chunk = shape_of(space);
    for (hsize_t& extent : chunk) extent = std::clamp<hsize_t>(extent, 1, 1 + bytes_.next());
    if (!chunk.empty()) H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data());
    if (form == 5) H5Pset_deflate(creation, 9);
    if (form == 6) H5Pset_fletcher32(creation);
    if (form == 7) H5Pset_scaleoffset(creation, H5Z_SO_INT, 0);
  }

  /// Bytes of a dataset whose elements are no texts.
  void overwrite_values() {
    const Dataset dataset(H5Dopen2(root_, object().c_str(), H5P_DEFAULT));
    if (dataset.get() < 0) return;
    const Type type(H5Dget_type(dataset.get()));
    const Space space(H5Dget_space(dataset.get()));
    const hsize_t size = bytes_needed(type, space);
    if (H5Tdetect_class(type.get(), H5T_STRING) != 0 || size == 0 || size > most_bytes) return;
    std::string values(size, '\0');
    H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    const std::size_t at = bytes_.next() * 256 + bytes_.next();
    const std::string some = bytes_.text();
    for (std::size_t i = 0; i < some.size(); ++i) values[(at + i) % size] = some[i];
    H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  }

  void overwrite_text() {
    const Dataset dataset(H5Dopen2(root_, object().c_str(), H5P_DEFAULT));
    if (dataset.get() < 0) return;
    const Type type(H5Dget_type(dataset.get()));
    const Space space(H5Dget_space(dataset.get()));
    if (H5Tis_variable_str(type.get()) <= 0 || bytes_needed(type, space) > most_bytes) return;
    const ValuesFromBytes values(type.get(), H5Sget_simple_extent_npoints(space.get()), bytes_);
    H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  }

  /// An attribute's number, its type as it is.
  void set_number() {
    constexpr std::array numbers = {0.,
                                    1.,
                                    -1.,
                                    2.,
                                    3.,
                                    1000.,
                                    1001.,
                                    2147483647.,
                                    -2147483648.,
                                    1e9,
                                    1e300,
                                    -1e300,
                                    std::numeric_limits<double>::quiet_NaN(),
                                    std::numeric_limits<double>::infinity()};
    const Owner<H5Oclose> owner(H5Oopen(root_, object().c_str(), H5P_DEFAULT));
    const std::string name = chosen(attributes_of(owner.get()), bytes_.next());
    const double number = numbers[bytes_.next() % numbers.size()];
    const Attribute attribute(H5Aopen(owner.get(), name.c_str(), H5P_DEFAULT));
    if (attribute.get() < 0) return;
    const Space space(H5Aget_space(attribute.get()));
    if (H5Sget_simple_extent_npoints(space.get()) == 1)
      H5Awrite(attribute.get(), H5T_NATIVE_DOUBLE, &number);
  }

  hid_t root_;
  EditBytes bytes_;
};

}  // namespace

std::string edited(std::string image, std::string_view edits) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const Properties access(check(H5Pcreate(H5P_FILE_ACCESS)));
  check(H5Pset_fapl_core(access.get(), most_bytes, false));
  check(H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG));
  check(H5Pset_file_image(access.get(), image.data(), image.size()));
  File file(check(H5Fopen("edited", H5F_ACC_RDWR, access.get())));
  Editor(file.get(), EditBytes(edits)).edit();
  H5Fflush(file.get(), H5F_SCOPE_GLOBAL);
  image.assign(static_cast<std::size_t>(H5Fget_file_image(file.get(), nullptr, 0)), '\0');
  check(H5Fget_file_image(file.get(), image.data(), image.size()));
  return image;
}

}  // namespace headsweep
