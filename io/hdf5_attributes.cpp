#include "io/hdf5_attributes.h"

#include <vector>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/hdf5_values.h"

namespace headsweep::hdf5 {
namespace {

void write_scalar(hid_t object, const std::string& name, const Type& type, hid_t memory,
                  const void* value) {
  const Space space = space_of({});
  const Attribute attribute(
      check(H5Acreate2(object, name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT)));
  check(H5Awrite(attribute.get(), memory, value));
}

bool has_attribute(hid_t object, const std::string& name) {
  return check(H5Aexists(object, name.c_str())) > 0;
}

/// A single value; its type is for the caller to check.
Attribute open_attribute(hid_t object, const std::string& name) {
  if (!has_attribute(object, name)) throw Failure(fmt::format("attribute '{}' is missing", name));
  Attribute attribute(check(H5Aopen(object, name.c_str(), H5P_DEFAULT)));
  const Space space(check(H5Aget_space(attribute.get())));
  if (elements_of(shape_of(space.get())) != 1)
    throw Failure(fmt::format("attribute '{}' is not a single value", name));
  return attribute;
}

template <class T>
T read_number(hid_t object, const std::string& name) {
  const Attribute attribute = open_attribute(object, name);
  const Type type(check(H5Aget_type(attribute.get())));
  demand_class(type.get(), Number<T>::type_class, name);
  T value{};
  check(H5Aread(attribute.get(), Number<T>::in_memory(), &value));
  return value;
}

}  // namespace

Group create_group(hid_t parent, const std::string& name) {
  const Properties creation(check(H5Pcreate(H5P_GROUP_CREATE)));
  check(H5Pset_link_creation_order(creation.get(), in_order));
  check(H5Pset_attr_creation_order(creation.get(), in_order));
  return Group(check(H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT)));
}

void demand_link(hid_t parent, const std::string& name) {
  if (check(H5Lexists(parent, name.c_str(), H5P_DEFAULT)) == 0)
    throw Failure(fmt::format("'{}' is missing", name));
  H5L_info_t link{};
  check(H5Lget_info(parent, name.c_str(), &link, H5P_DEFAULT));
  if (link.type != H5L_TYPE_HARD)
    throw Failure(fmt::format("'{}' is a link that leads somewhere else", name));
}

Group open_group(hid_t parent, const std::string& name) {
  demand_link(parent, name);
  return Group(check(H5Gopen2(parent, name.c_str(), H5P_DEFAULT)));
}

void write_attribute(hid_t object, const std::string& name, int value) {
  write_scalar(object, name, Number<int>::in_file(), Number<int>::in_memory(), &value);
}

void write_attribute(hid_t object, const std::string& name, long long value) {
  write_scalar(object, name, Number<long long>::in_file(), Number<long long>::in_memory(), &value);
}

void write_attribute(hid_t object, const std::string& name, double value) {
  write_scalar(object, name, Number<double>::in_file(), Number<double>::in_memory(), &value);
}

void write_attribute(hid_t object, const std::string& name, const std::string& value) {
  const char* text = c_text(value, name);
  const Type type = text_type();
  write_scalar(object, name, type, type.get(), &text);
}

template <>
int read_attribute(hid_t object, const std::string& name) {
  return read_number<int>(object, name);
}

template <>
long long read_attribute(hid_t object, const std::string& name) {
  return read_number<long long>(object, name);
}

template <>
double read_attribute(hid_t object, const std::string& name) {
  return read_number<double>(object, name);
}

template <>
std::string read_attribute(hid_t object, const std::string& name) {
  const Attribute attribute = open_attribute(object, name);
  const Type type(check(H5Aget_type(attribute.get())));
  const Type to_read = text_type_to_read(type.get(), name);
  ReadTexts texts(1);
  check(H5Aread(attribute.get(), to_read.get(), texts.data()));
  return texts.copy().front();
}

void write_named_values(hid_t object, const NamedValues& values) {
  for (const auto& [name, value] : values) {
    c_text(name, "an attribute's name");
    write_attribute(object, name, value);
  }
}

NamedValues read_named_values(hid_t object) {
  const auto note_name = [](hid_t, const char* name, const H5A_info_t*, void* names) -> herr_t {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
    return 0;
  };
  std::vector<std::string> names;
  check(H5Aiterate2(object, H5_INDEX_CRT_ORDER, H5_ITER_INC, nullptr, note_name, &names));
  NamedValues values;
  for (const std::string& name : names)
    values.emplace_back(name, read_attribute<std::string>(object, name));
  return values;
}

void write_format(hid_t root, const std::string& format, FormatVersions versions) {
  write_attribute(root, "format", format);
  write_attribute(root, "format_version", versions.written);
}

std::string format_of(hid_t root) {
  return has_attribute(root, "format") ? read_attribute<std::string>(root, "format") : "";
}

void demand_format(hid_t root, const std::string& format, FormatVersions versions,
                   const std::filesystem::path& path) {
  const std::string found = format_of(root);
  if (found != format)
    throw UserError(fmt::format(
        "{}: is not a {} ({})", path.string(), format,
        found.empty() ? "its root has no attribute 'format'" : fmt::format("it is a {}", found)));
  const int found_version = read_attribute<int>(root, "format_version");
  if (found_version > versions.written)
    throw UserError(fmt::format(
        "{}: is of format version {}, and this program reads versions up to {}: use a newer one",
        path.string(), found_version, versions.written));
  if (found_version < 1)
    throw Failure(fmt::format("format version {} does not exist", found_version));
  if (found_version < versions.oldest_read)
    throw UserError(fmt::format(
        "{}: was written by an earlier development version (format version {}, and this program "
        "reads versions from {}): run the job again with another run.output",
        path.string(), found_version, versions.oldest_read));
}

}  // namespace headsweep::hdf5
