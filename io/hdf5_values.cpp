#include "io/hdf5_values.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace headsweep::hdf5 {
namespace {

std::string spelt(const Shape& shape) {
  std::vector<std::string> extents;
  for (hsize_t extent : shape)
    extents.push_back(extent == any_extent ? "any" : std::to_string(extent));
  return fmt::format("({})", fmt::join(extents, ", "));
}

}  // namespace

Space space_of(const Shape& shape) {
  if (shape.empty()) return Space(check(H5Screate(H5S_SCALAR)));
  return Space(check(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr)));
}

Shape shape_of(hid_t space) {
  const int dimensions = check(H5Sget_simple_extent_ndims(space));
  Shape shape(static_cast<std::size_t>(dimensions));
  if (dimensions > 0) check(H5Sget_simple_extent_dims(space, shape.data(), nullptr));
  // An absent value ("null" dataspace) also has no dimensions.
  if (dimensions == 0 && check(H5Sget_simple_extent_npoints(space)) != 1) shape = {0};
  return shape;
}

hsize_t elements_of(const Shape& shape) {
  hsize_t product = 1;
  for (hsize_t extent : shape)
    if (__builtin_mul_overflow(product, extent, &product)) throw Failure("a shape is too large");
  return product;
}

void demand_shape(const Shape& shape, const Shape& demanded, const std::string& name) {
  const bool same = std::ranges::equal(shape, demanded, [](hsize_t extent, hsize_t wanted) {
    return wanted == any_extent || extent == wanted;
  });
  if (!same)
    throw Failure(
        fmt::format("'{}' has the shape {}, not {}", name, spelt(shape), spelt(demanded)));
}

void demand_class(hid_t type, H5T_class_t wanted, const std::string& name) {
  constexpr std::size_t most_bytes = 8;  // of a number; HDF5 knows numbers of any size
  const bool is_number = wanted == H5T_INTEGER || wanted == H5T_FLOAT;
  if (H5Tget_class(type) != wanted || (is_number && H5Tget_size(type) > most_bytes))
    throw Failure(fmt::format("'{}' has the wrong type", name));
}

Type truth_type() {
  Type type(check(H5Tenum_create(H5T_NATIVE_INT8)));
  const std::int8_t no = 0, yes = 1;
  check(H5Tenum_insert(type.get(), "FALSE", &no));
  check(H5Tenum_insert(type.get(), "TRUE", &yes));
  return type;
}

Type text_type(H5T_cset_t characters) {
  Type type(check(H5Tcopy(H5T_C_S1)));
  check(H5Tset_size(type.get(), H5T_VARIABLE));
  check(H5Tset_cset(type.get(), characters));
  return type;
}

Type text_type_to_read(hid_t in_file, const std::string& name) {
  demand_class(in_file, H5T_STRING, name);
  if (check(H5Tis_variable_str(in_file)) == 0)
    throw Failure(fmt::format("'{}' has texts of a fixed length", name));
  return text_type(H5Tget_cset(in_file));
}

const char* c_text(const std::string& text, const std::string& name) {
  if (text.find('\0') != std::string::npos)
    throw Failure(fmt::format("'{}' has a NUL character, which a text in HDF5 cannot hold", name));
  return text.c_str();
}

ReadTexts::~ReadTexts() {
  for (char* text : pointers_) H5free_memory(text);
}

std::vector<std::string> ReadTexts::copy() const {
  std::vector<std::string> texts;
  // Null: an element that was never written.
  for (const char* text : pointers_) texts.emplace_back(text == nullptr ? "" : text);
  return texts;
}

}  // namespace headsweep::hdf5
