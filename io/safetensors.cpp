#include "io/safetensors.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/strict_json.h"

namespace headsweep {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

using Json = nlohmann::json;

constexpr std::uint64_t most_header_bytes = 100'000'000;  // the reference implementation's limit

struct Range {
  std::uint64_t begin = 0, end = 0;  // from the end of the header
};

struct Entry {
  StoredTensor tensor;
  Range range;
};

/// Every message names the file, and the tensor if there is one.
[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& problem) {
  throw UserError(fmt::format("{}: {}", path.string(), problem));
}

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& tensor,
                         const std::string& problem) {
  throw UserError(fmt::format("{}: tensor '{}': {}", path.string(), tensor, problem));
}

std::optional<std::uint64_t> element_bytes(const std::string& type_name) {
  static const std::map<std::string, std::uint64_t, std::less<>> sizes = {
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"F8_E8M0", 1},
      {"I16", 2},  {"U16", 2}, {"F16", 2}, {"BF16", 2},    {"I32", 4},     {"U32", 4},
      {"F32", 4},  {"I64", 8}, {"U64", 8}, {"F64", 8},     {"C64", 8}};
  const auto found = sizes.find(type_name);
  return found == sizes.end() ? std::nullopt : std::optional(found->second);
}

ElementType element_type(const std::string& type_name) {
  if (type_name == "F32") return ElementType::f32;
  if (type_name == "F16") return ElementType::f16;
  if (type_name == "BF16") return ElementType::bf16;
  return ElementType::other;
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The JSON between the length and the tensors.
std::string_view find_header(std::span<const std::byte> file, const std::filesystem::path& path) {
  const std::string_view text = as_text(file);
  if (text.starts_with("version https://git-lfs"))
    refuse(path, "is a Git LFS pointer, not the file itself; fetch it with 'git lfs pull'");
  std::uint64_t length = 0;
  if (file.size() < sizeof length)
    refuse(path, fmt::format("is truncated: it has {} bytes, not even the 8 of its header's "
                             "length; copy it again",
                             file.size()));
  std::memcpy(&length, file.data(), sizeof length);
  if (length > most_header_bytes || length < 2)
    refuse(path,
           fmt::format("is not a safetensors file (it would have a header of {} bytes)", length));
  if (text.size() > sizeof length && text[sizeof length] != '{')
    refuse(path, "is not a safetensors file (its header does not begin with '{')");
  if (length > file.size() - sizeof length)
    refuse(path, fmt::format("is truncated: {} bytes of its header are missing; copy it again",
                             length - (file.size() - sizeof length)));
  return text.substr(sizeof length, length);
}

const Json& field(const Json& fields, const char* name, const std::filesystem::path& path,
                  const std::string& tensor) {
  const auto found = fields.find(name);
  if (found == fields.end()) refuse(path, tensor, fmt::format("has no '{}'", name));
  return *found;
}

std::vector<std::int64_t> read_shape(const Json& shape, const std::filesystem::path& path,
                                     const std::string& tensor) {
  if (!shape.is_array()) refuse(path, tensor, "'shape' is not a list");
  std::vector<std::int64_t> extents;
  std::int64_t product = 1;
  for (const Json& extent : shape) {
    if (!extent.is_number_unsigned() ||
        extent.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max())
      refuse(path, tensor, fmt::format("'shape' holds {}, not a size", extent.dump()));
    extents.push_back(extent.get<std::int64_t>());
    if (__builtin_mul_overflow(product, extents.back(), &product))
      refuse(path, tensor, fmt::format("its shape {} has too many elements", shape.dump()));
  }
  return extents;
}

Range read_range(const Json& offsets, const std::filesystem::path& path,
                 const std::string& tensor) {
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned())
    refuse(path, tensor, "'data_offsets' is not a pair of sizes");
  const Range range{offsets[0].get<std::uint64_t>(), offsets[1].get<std::uint64_t>()};
  if (range.begin > range.end)
    refuse(path, tensor, fmt::format("'data_offsets' {} runs backwards", offsets.dump()));
  return range;
}

/// Of a type whose size is unknown nothing can be said.
void check_size(const Entry& entry, const std::filesystem::path& path) {
  const auto each = element_bytes(entry.tensor.type_name);
  if (!each) return;
  std::uint64_t wanted = 0;
  const auto elements = static_cast<std::uint64_t>(entry.tensor.elements());
  const std::uint64_t stored = entry.range.end - entry.range.begin;
  if (__builtin_mul_overflow(elements, *each, &wanted) || wanted != stored)
    refuse(path, entry.tensor.name,
           fmt::format("its data_offsets span {} bytes, but {} elements of {} need {} each", stored,
                       elements, entry.tensor.type_name, *each));
}

Entry read_entry(const std::string& name, const Json& fields, const std::filesystem::path& path) {
  if (!fields.is_object()) refuse(path, name, "its header entry is not an object");
  const Json& type = field(fields, "dtype", path, name);
  if (!type.is_string()) refuse(path, name, "'dtype' is not a text");
  Entry entry;
  entry.tensor.name = name;
  entry.tensor.type_name = type.get<std::string>();
  entry.tensor.type = element_type(entry.tensor.type_name);
  entry.tensor.shape = read_shape(field(fields, "shape", path, name), path, name);
  entry.range = read_range(field(fields, "data_offsets", path, name), path, name);
  if (fields.size() != 3) refuse(path, name, "its header entry has unknown fields");
  check_size(entry, path);
  return entry;
}

void check_ranges(const std::vector<Entry>& entries, std::uint64_t data_bytes,
                  const std::filesystem::path& path) {
  std::vector<const Entry*> order;
  for (const Entry& entry : entries)
    if (entry.range.begin < entry.range.end || entry.range.end > data_bytes)
      order.push_back(&entry);
  if (order.empty()) return;
  const auto last = *std::ranges::max_element(order, {}, [](auto* e) { return e->range.end; });
  if (last->range.end > data_bytes)
    refuse(path, fmt::format("is truncated: {} bytes are missing (tensor '{}' ends behind the end "
                             "of the file); copy it again",
                             last->range.end - data_bytes, last->tensor.name));
  std::ranges::sort(order, {}, [](auto* entry) { return entry->range.begin; });
  for (std::size_t i = 1; i < order.size(); ++i)
    if (order[i]->range.begin < order[i - 1]->range.end)
      refuse(path, order[i]->tensor.name,
             fmt::format("shares bytes with tensor '{}'", order[i - 1]->tensor.name));
}

/// Exact for all 65536 values. Branch-free, so that the compiler vectorises the loop around it.
float from_half(std::uint16_t half) {
  constexpr std::uint32_t exponent_mask = 0x7c00U << 13;
  constexpr std::uint32_t rebias = (127U - 15U) << 23;
  const std::uint32_t shifted = (half & 0x7fffU) << 13;
  const std::uint32_t exponent = shifted & exponent_mask;
  const std::uint32_t normal = shifted + rebias + (exponent == exponent_mask ? rebias : 0U);
  // A subnormal m * 2^-24 as (1 + m * 2^-10) * 2^-14 - 2^-14: no float subnormal takes part, so
  // that a flush-to-zero mode does no harm.
  constexpr std::uint32_t smallest_normal = 113U << 23;
  const float subnormal =
      std::bit_cast<float>(shifted + smallest_normal) - std::bit_cast<float>(smallest_normal);
  const std::uint32_t magnitude = exponent == 0 ? std::bit_cast<std::uint32_t>(subnormal) : normal;
  return std::bit_cast<float>(magnitude | ((half & 0x8000U) << 16));
}

float from_bfloat(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

/// Elements are copied out one by one: nothing promises that they are aligned.
template <class Convert>
void convert(const std::byte* source, std::span<float> out, Convert from) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, source + i * sizeof bits, sizeof bits);
    out[i] = from(bits);
  }
}

/// Elements `start` and on, as many as `out` takes.
void convert(const StoredTensor& tensor, std::size_t start, std::span<float> out) {
  switch (tensor.type) {
    case ElementType::f32:
      std::memcpy(out.data(), tensor.bytes.data() + start * sizeof(float), out.size_bytes());
      return;
    case ElementType::f16:
      return convert(tensor.bytes.data() + start * 2, out, from_half);
    case ElementType::bf16:
      return convert(tensor.bytes.data() + start * 2, out, from_bfloat);
    case ElementType::other:
      break;
  }
  throw UserError(fmt::format(
      "tensor '{}' has elements of type {}; F32, F16 and BF16 can be used: convert the checkpoint",
      tensor.name, tensor.type_name));
}

/// Without a branch, so that the compiler vectorises it. NaN and infinity have the largest
/// exponent.
bool all_finite(std::span<const float> values) {
  constexpr std::uint32_t exponent = 0x7f800000U;
  std::uint32_t found = 0;
  for (const float value : values)
    found |= (std::bit_cast<std::uint32_t>(value) & exponent) == exponent ? 1U : 0U;
  return found == 0;
}

}  // namespace

std::int64_t StoredTensor::elements() const {
  std::int64_t product = 1;
  for (std::int64_t extent : shape) product *= extent;
  return product;
}

std::vector<StoredTensor> parse_safetensors(std::span<const std::byte> file,
                                            const std::filesystem::path& path) {
  const std::string_view header = find_header(file, path);
  const Json fields = parse_strict_json(header, path, "the header", 3);
  std::vector<Entry> entries;
  for (const auto& [name, entry] : fields.items())
    if (name != "__metadata__") entries.push_back(read_entry(name, entry, path));
  const auto data = file.subspan(sizeof(std::uint64_t) + header.size());
  check_ranges(entries, data.size(), path);
  std::vector<StoredTensor> tensors;
  for (Entry& entry : entries) {
    entry.tensor.bytes = data.subspan(entry.range.begin, entry.range.end - entry.range.begin);
    tensors.push_back(std::move(entry.tensor));
  }
  return tensors;
}

std::optional<std::int64_t> read_floats(const StoredTensor& tensor, std::int64_t first,
                                        std::span<float> out) {
  assert(first >= 0 && std::cmp_less_equal(out.size(), tensor.elements() - first));
  constexpr std::size_t block = 4096;  // stays in the cache from conversion to check
  std::optional<std::int64_t> first_bad;
  for (std::size_t at = 0; at < out.size(); at += block) {
    const auto part = out.subspan(at, std::min(block, out.size() - at));
    convert(tensor, static_cast<std::size_t>(first) + at, part);
    if (first_bad || all_finite(part)) continue;
    const auto bad = std::ranges::find_if_not(part, [](float x) { return std::isfinite(x); });
    first_bad = first + static_cast<std::int64_t>(at) + (bad - part.begin());
  }
  return first_bad;
}

}  // namespace headsweep
