// Groups and attributes of HDF5 files.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>

#include "io/hdf5_file.h"
#include "io/run_record.h"

namespace headsweep::hdf5 {

/// What is in a group comes back in the order in which it was made.
Group create_group(hid_t parent, const std::string& name);
Group open_group(hid_t parent, const std::string& name);

/// A Failure if the group has nothing of that name itself: a link of another kind could lead into
/// any other file.
void demand_link(hid_t parent, const std::string& name);

void write_attribute(hid_t object, const std::string& name, int value);
void write_attribute(hid_t object, const std::string& name, long long value);
void write_attribute(hid_t object, const std::string& name, double value);
void write_attribute(hid_t object, const std::string& name, const std::string& value);

/// T is int, long long, double or std::string.
template <class T>
T read_attribute(hid_t object, const std::string& name);

/// The value that has the attribute's text as its name (name_of()).
template <class Value>
Value read_choice(hid_t object, const std::string& name, std::initializer_list<Value> values) {
  const auto text = read_attribute<std::string>(object, name);
  for (const Value value : values)
    if (text == name_of(value)) return value;
  throw Failure("the " + name + " '" + text + "' does not exist");
}

/// All attributes of `object`, each a text.
void write_named_values(hid_t object, const NamedValues& values);
NamedValues read_named_values(hid_t object);

struct FormatVersions {
  int oldest_read, written;  // `written` is the newest
};

/// The root's attributes that say what the file is.
void write_format(hid_t root, const std::string& format, FormatVersions versions);

/// What the file says that it is; "" if it does not.
std::string format_of(hid_t root);

/// UserError (names `path`) unless the file is of this format, in a version that is read.
void demand_format(hid_t root, const std::string& format, FormatVersions versions,
                   const std::filesystem::path& path);

}  // namespace headsweep::hdf5
