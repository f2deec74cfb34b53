// The list of a checkpoint's shards, beside two small ones.
#include <cstdint>
#include <cstring>

#include "io/checkpoint.h"
#include "tests/fuzz/entries.h"
#include "tests/fuzz/expectations.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

std::string shard(std::string_view tensor) {
  const std::string header =
      R"({")" + std::string(tensor) + R"(":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  std::string length(sizeof(std::uint64_t), '\0');
  const std::uint64_t bytes = header.size();
  std::memcpy(length.data(), &bytes, sizeof bytes);
  return length + header + "1234";
}

}  // namespace

void fuzz_checkpoint_index(std::string_view input) {
  static const TemporaryFolder folder;
  static const auto shards = {folder.write("1", shard("a")), folder.write("2", shard("b"))};
  static_cast<void>(shards);
  folder.write("model.safetensors.index.json", input);
  is_taken([&] {
    const Checkpoint checkpoint(folder.path());
    expect(checkpoint.find("a") != nullptr || checkpoint.find("b") != nullptr,
           "a checkpoint without tensors");
  });
}

}  // namespace headsweep
