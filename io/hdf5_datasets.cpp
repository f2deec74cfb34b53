#include "io/hdf5_datasets.h"

#include <algorithm>
#include <cassert>
#include <cstdint>

#include <fmt/format.h>

#include "io/hdf5_attributes.h"

namespace headsweep::hdf5 {
namespace {

/// What is in other files is not this file's, and may be anything that the user can read.
void demand_values_in_file(hid_t dataset, const std::string& name) {
  const Properties creation(check(H5Dget_create_plist(dataset)));
  if (H5Pget_layout(creation.get()) == H5D_VIRTUAL ||
      check(H5Pget_external_count(creation.get())) > 0)
    throw Failure(fmt::format("'{}' has its values in another file", name));
}

/// More than a tightly compressed file could hold is a forged or garbled shape, or was never
/// written.
void check_plausible(hid_t dataset, const std::string& name, hsize_t elements, std::size_t each) {
  constexpr hsize_t most_compression = 1032;  // deflate's
  constexpr hsize_t most_bytes = hsize_t{4} << 30;
  const File file(check(H5Iget_file_id(dataset)));
  hsize_t file_bytes = 0;
  check(H5Fget_filesize(file.get(), &file_bytes));
  const hsize_t stored = std::min<hsize_t>(H5Dget_storage_size(dataset), file_bytes);
  if (elements > std::min(most_bytes, stored * most_compression) / std::max<hsize_t>(each, 1))
    throw Failure(
        fmt::format("'{}' claims {} elements, more than the file can hold", name, elements));
}

/// Chunks of about a megabyte: only chunked datasets can have checksums, and only what is not empty
/// can be chunked.
Properties checksummed(const Shape& shape, std::size_t element_bytes) {
  constexpr hsize_t chunk_bytes = hsize_t{1} << 20;
  Properties creation(check(H5Pcreate(H5P_DATASET_CREATE)));
  if (elements_of(shape) == 0 || shape.empty()) return creation;
  Shape chunk = shape;
  const hsize_t row_bytes = elements_of(shape) / shape[0] * element_bytes;
  chunk[0] = std::clamp<hsize_t>(chunk_bytes / row_bytes, 1, shape[0]);
  check(H5Pset_chunk(creation.get(), static_cast<int>(chunk.size()), chunk.data()));
  check(H5Pset_fletcher32(creation.get()));
  return creation;
}

Dataset create_dataset(hid_t parent, const std::string& name, const Type& type, const Shape& shape,
                       const Properties& creation) {
  const Space space = space_of(shape);
  return Dataset(check(H5Dcreate2(parent, name.c_str(), type.get(), space.get(), H5P_DEFAULT,
                                  creation.get(), H5P_DEFAULT)));
}

}  // namespace

void write_table(hid_t parent, const std::string& name, const Type& in_file, hid_t in_memory,
                 const Shape& shape, const void* rows) {
  const Properties creation = checksummed(shape, H5Tget_size(in_file.get()));
  const Dataset dataset = create_dataset(parent, name, in_file, shape, creation);
  if (elements_of(shape) > 0)
    check(H5Dwrite(dataset.get(), in_memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows));
}

OpenTable open_table(hid_t parent, const std::string& name, const Shape& demanded) {
  demand_link(parent, name);
  Dataset dataset(check(H5Dopen2(parent, name.c_str(), H5P_DEFAULT)));
  const Space space(check(H5Dget_space(dataset.get())));
  const Shape shape = shape_of(space.get());
  demand_shape(shape, demanded, name);
  Type type(check(H5Dget_type(dataset.get())));
  const hsize_t elements = elements_of(shape);
  demand_values_in_file(dataset.get(), name);
  check_plausible(dataset.get(), name, elements, H5Tget_size(type.get()));
  return {std::move(dataset), std::move(type), static_cast<std::size_t>(elements)};
}

template <class T>
void write_numbers(hid_t parent, const std::string& name, const Shape& shape,
                   const std::vector<T>& values) {
  assert(values.size() == elements_of(shape));
  write_table(parent, name, Number<T>::in_file(), Number<T>::in_memory(), shape, values.data());
}

template <class T>
std::vector<T> read_numbers(hid_t parent, const std::string& name, const Shape& demanded) {
  const OpenTable table = open_table(parent, name, demanded);
  demand_class(table.type.get(), Number<T>::type_class, name);
  std::vector<T> values(table.elements);
  if (!values.empty())
    check(H5Dread(table.dataset.get(), Number<T>::in_memory(), H5S_ALL, H5S_ALL, H5P_DEFAULT,
                  values.data()));
  return values;
}

template void write_numbers(hid_t, const std::string&, const Shape&, const std::vector<int>&);
template void write_numbers(hid_t, const std::string&, const Shape&, const std::vector<double>&);
template std::vector<int> read_numbers(hid_t, const std::string&, const Shape&);
template std::vector<double> read_numbers(hid_t, const std::string&, const Shape&);

void write_truths(hid_t parent, const std::string& name, const Shape& shape,
                  const std::vector<bool>& values) {
  assert(values.size() == elements_of(shape));
  const std::vector<std::int8_t> bytes(values.begin(), values.end());
  const Type type = truth_type();
  write_table(parent, name, type, type.get(), shape, bytes.data());
}

std::vector<bool> read_truths(hid_t parent, const std::string& name, const Shape& demanded) {
  const OpenTable table = open_table(parent, name, demanded);
  const Type type = truth_type();
  if (check(H5Tequal(table.type.get(), type.get())) == 0)
    throw Failure(fmt::format("'{}' has the wrong type", name));
  std::vector<std::int8_t> bytes(table.elements);
  if (!bytes.empty())
    check(H5Dread(table.dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()));
  if (std::ranges::any_of(bytes, [](std::int8_t byte) { return byte != 0 && byte != 1; }))
    throw Failure(fmt::format("'{}' has an entry that is neither TRUE nor FALSE", name));
  return {bytes.begin(), bytes.end()};
}

void write_texts(hid_t parent, const std::string& name, const Shape& shape,
                 const std::vector<std::string>& texts) {
  assert(texts.size() == elements_of(shape));
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(c_text(text, name));
  const Type type = text_type();
  const Properties creation(check(H5Pcreate(H5P_DATASET_CREATE)));
  const Dataset dataset = create_dataset(parent, name, type, shape, creation);
  if (!pointers.empty())
    check(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()));
}

std::vector<std::string> read_texts(hid_t parent, const std::string& name, const Shape& demanded) {
  const OpenTable table = open_table(parent, name, demanded);
  const Type to_read = text_type_to_read(table.type.get(), name);
  ReadTexts texts(table.elements);
  if (table.elements > 0)
    check(H5Dread(table.dataset.get(), to_read.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data()));
  return texts.copy();
}

}  // namespace headsweep::hdf5
