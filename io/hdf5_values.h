// What attributes and datasets share: types, shapes, texts. Everything that is read from a file is
// checked first.
#pragma once

#include <string>
#include <vector>

#include "io/hdf5_file.h"

namespace headsweep::hdf5 {

using Shape = std::vector<hsize_t>;            // {}: a single value
constexpr hsize_t any_extent = H5S_UNLIMITED;  // in a shape that is demanded
constexpr unsigned in_order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;

Space space_of(const Shape& shape);
Shape shape_of(hid_t space);
hsize_t elements_of(const Shape& shape);
void demand_shape(const Shape& shape, const Shape& demanded, const std::string& name);

/// Numbers: T is int, long long or double, in files of 32, 64 and 64 bits, little-endian.
template <class T>
struct Number;
template <>
struct Number<int> {
  static hid_t in_memory() { return H5T_NATIVE_INT; }
  static Type in_file() { return Type(check(H5Tcopy(H5T_STD_I32LE))); }
  static constexpr H5T_class_t type_class = H5T_INTEGER;
};
template <>
struct Number<long long> {
  static hid_t in_memory() { return H5T_NATIVE_LLONG; }
  static Type in_file() { return Type(check(H5Tcopy(H5T_STD_I64LE))); }
  static constexpr H5T_class_t type_class = H5T_INTEGER;
};
template <>
struct Number<double> {
  static hid_t in_memory() { return H5T_NATIVE_DOUBLE; }
  static Type in_file() { return Type(check(H5Tcopy(H5T_IEEE_F64LE))); }
  static constexpr H5T_class_t type_class = H5T_FLOAT;
};

void demand_class(hid_t type, H5T_class_t wanted, const std::string& name);

/// The enumeration of int8 that h5py knows as bool: FALSE 0, TRUE 1.
Type truth_type();

/// A text of any length.
Type text_type(H5T_cset_t characters = H5T_CSET_UTF8);

/// The type with which to read what the file has as `in_file`; a Failure unless that is a text of
/// any length.
Type text_type_to_read(hid_t in_file, const std::string& name);

/// The text for HDF5; a Failure if it has a NUL character, which would end it there.
const char* c_text(const std::string& text, const std::string& name);

/// Texts that HDF5 allocates while reading.
class ReadTexts {
 public:
  explicit ReadTexts(std::size_t count) : pointers_(count) {}
  ~ReadTexts();
  ReadTexts(const ReadTexts&) = delete;
  ReadTexts& operator=(const ReadTexts&) = delete;
  ReadTexts(ReadTexts&&) = delete;
  ReadTexts& operator=(ReadTexts&&) = delete;

  char** data() { return pointers_.data(); }
  std::vector<std::string> copy() const;

 private:
  std::vector<char*> pointers_;
};

}  // namespace headsweep::hdf5
