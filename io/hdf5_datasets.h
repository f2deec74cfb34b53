// Datasets of HDF5 files: tables of fixed-size elements, lists of texts.
#pragma once

#include <string>
#include <vector>

#include "io/hdf5_file.h"
#include "io/hdf5_values.h"

namespace headsweep::hdf5 {

/// With a checksum. `rows` points to as many elements as `shape` has, of the type `in_memory`.
void write_table(hid_t parent, const std::string& name, const Type& in_file, hid_t in_memory,
                 const Shape& shape, const void* rows);

struct OpenTable {
  Dataset dataset;
  Type type;
  std::size_t elements;
};

/// A Failure if it is missing, its shape is not `demanded`, or it claims more than the file could
/// hold.
OpenTable open_table(hid_t parent, const std::string& name, const Shape& demanded);

/// Row-major; T is int or double.
template <class T>
void write_numbers(hid_t parent, const std::string& name, const Shape& shape,
                   const std::vector<T>& values);
template <class T>
std::vector<T> read_numbers(hid_t parent, const std::string& name, const Shape& demanded);

/// Row-major; h5py reads them as bool.
void write_truths(hid_t parent, const std::string& name, const Shape& shape,
                  const std::vector<bool>& values);
std::vector<bool> read_truths(hid_t parent, const std::string& name, const Shape& demanded);

/// UTF-8 of any length.
void write_texts(hid_t parent, const std::string& name, const Shape& shape,
                 const std::vector<std::string>& texts);
std::vector<std::string> read_texts(hid_t parent, const std::string& name, const Shape& demanded);

}  // namespace headsweep::hdf5
