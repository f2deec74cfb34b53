// What the files of runs, of their analyses and of comparisons have in common. Records have these
// members by the same names.
#pragma once

#include "io/hdf5_attributes.h"

namespace headsweep::hdf5 {

/// The model's shape, and what takes part in the search.
template <class Record>
void write_shape(hid_t root, const Record& record) {
  write_attribute(root, "layers", record.layers);
  write_attribute(root, "heads", record.heads);
  write_attribute(root, "components", name_of(record.components));
  write_attribute(root, "granularity", name_of(record.granularity));
}

template <class Record>
void read_shape(hid_t root, Record& record) {
  record.layers = read_attribute<int>(root, "layers");
  record.heads = read_attribute<int>(root, "heads");
  record.components = read_choice(
      root, "components", {Components::heads, Components::heads_and_mlps, Components::mlps});
  record.granularity =
      read_choice(root, "granularity", {Granularity::component, Granularity::position});
}

/// Identity and provenance.
template <class Record>
void write_sources(hid_t root, const Record& record) {
  write_named_values(create_group(root, "identity").get(), record.identity);
  write_named_values(create_group(root, "provenance").get(), record.provenance);
}

template <class Record>
void read_sources(hid_t root, Record& record) {
  record.identity = read_named_values(open_group(root, "identity").get());
  record.provenance = read_named_values(open_group(root, "provenance").get());
}

}  // namespace headsweep::hdf5
