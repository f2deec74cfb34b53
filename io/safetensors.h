// The safetensors format: an 8-byte header length, a JSON header, then the tensors' bytes.
// Source: https://github.com/huggingface/safetensors#format
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace headsweep {

/// `other`: listed, and an error when it is read as numbers.
enum class ElementType { f32, f16, bf16, other };

/// A named array in a mapped file; valid as long as the file's owner.
struct StoredTensor {
  std::string name;
  ElementType type = ElementType::other;
  std::string type_name;  // as the header spells it: "F32"
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;  // row-major, little-endian

  std::int64_t elements() const;  // the product of the shape; 1 for a scalar
};

/// The tensors that a file's header describes. Checks before it believes: the header's length
/// against the file, JSON form, every offset range inside the file and of the size that shape and
/// type demand, no overlaps, no duplicates. UserError names the file and the tensor and says what
/// is wrong ("is truncated: ... copy it again").
std::vector<StoredTensor> parse_safetensors(std::span<const std::byte> file,
                                            const std::filesystem::path& path);

/// Elements first .. first + out.size() of the tensor, converted to float. The number of the first
/// among them that is NaN or infinite; nullopt if all are finite. UserError for a type that is not
/// a float.
std::optional<std::int64_t> read_floats(const StoredTensor& tensor, std::int64_t first,
                                        std::span<float> out);

}  // namespace headsweep
