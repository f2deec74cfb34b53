#include "tests/fuzz/hdf5_types.h"

#include <limits>

namespace headsweep {
namespace {

using namespace hdf5;

Type copy_of(hid_t type) { return Type(H5Tcopy(type)); }

Type sized(hid_t type, std::size_t bytes) {
  Type copy = copy_of(type);
  H5Tset_size(copy.get(), bytes);
  return copy;
}

Type pair_type() {
  Type pair(H5Tcreate(H5T_COMPOUND, 16));
  H5Tinsert(pair.get(), "layer", 0, H5T_STD_I32LE);
  H5Tinsert(pair.get(), "score_percent", 8, H5T_IEEE_F64LE);
  return pair;
}

Type other_truth_type() {
  Type type(H5Tenum_create(H5T_NATIVE_INT8));
  const signed char no = 0, maybe = 2;
  H5Tenum_insert(type.get(), "FALSE", &no);
  H5Tenum_insert(type.get(), "MAYBE", &maybe);
  return type;
}

}  // namespace

Type type_from(EditBytes& bytes) {
  const hsize_t three = 3;
  switch (bytes.next() % 19) {
    case 0:
      return copy_of(H5T_STD_I32LE);
    case 1:
      return copy_of(H5T_IEEE_F64LE);
    case 2:
      return text_type();
    case 3:
      return text_type(H5T_CSET_ASCII);
    case 4:
      return copy_of(H5T_STD_U64BE);
    case 5:
      return copy_of(H5T_IEEE_F32BE);
    case 6:
      return copy_of(H5T_NATIVE_LDOUBLE);
    case 7:
      return sized(H5T_C_S1, 1 + bytes.next());
    case 8:
      return sized(H5T_STD_I32LE, 1 + bytes.next() * 256);
    case 9:
      return truth_type();
    case 10:
      return other_truth_type();
    case 11:
      return pair_type();
    case 12:
      return Type(H5Tarray_create2(H5T_STD_I32LE, 1, &three));
    case 13:
      return Type(H5Tvlen_create(H5T_STD_I32LE));
    case 14:
      return Type(H5Tcreate(H5T_OPAQUE, 1 + bytes.next()));
    case 15:
      return copy_of(H5T_STD_B8LE);
    case 16:
      return copy_of(H5T_STD_REF_OBJ);
    case 17:
      return sized(H5T_C_S1, std::numeric_limits<int>::max());
    default:
      return copy_of(H5T_STD_I8LE);
  }
}

hsize_t bytes_needed(const Type& type, const Space& space) {
  constexpr hsize_t very_many = std::numeric_limits<hsize_t>::max();
  const hssize_t elements = H5Sget_simple_extent_npoints(space.get());
  hsize_t bytes = 0;
  if (elements < 0 ||
      __builtin_mul_overflow(static_cast<hsize_t>(elements), H5Tget_size(type.get()), &bytes))
    return very_many;
  return bytes;
}

ValuesFromBytes::ValuesFromBytes(hid_t type, hssize_t elements, EditBytes& bytes) {
  const auto count = static_cast<std::size_t>(elements);
  if (H5Tis_variable_str(type) > 0) {
    const bool has_nulls = bytes.next() % 4 == 0;
    constexpr std::size_t different = 4;
    for (std::size_t i = 0; i < different; ++i) texts_.push_back(bytes.text());
    for (std::size_t i = 0; i < count; ++i)
      pointers_.push_back(has_nulls && i % 2 == 0 ? nullptr : texts_[i % different].c_str());
  } else if (H5Tdetect_class(type, H5T_VLEN) == 0 && H5Tdetect_class(type, H5T_REFERENCE) == 0) {
    const std::string some = bytes.text();
    plain_.assign(count * H5Tget_size(type), '\0');
    for (std::size_t i = 0; i < plain_.size() && !some.empty(); ++i)
      plain_[i] = some[i % some.size()];
  }
}

const void* ValuesFromBytes::data() const {
  if (!pointers_.empty()) return pointers_.data();
  return plain_.empty() ? nullptr : plain_.data();
}

}  // namespace headsweep
