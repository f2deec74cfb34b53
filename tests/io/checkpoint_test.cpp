#include "io/checkpoint.h"

#include <cstring>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/errors.h"
#include "io/memory_object.h"
#include "io/sha256.h"
#include "tests/complaints.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class CheckpointFolder : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }

  /// A file with scalar U8 tensors of these names, whose values are 'a', 'b', ...
  void write_tensors(const std::string& file, const std::vector<std::string>& names) const {
    std::string header = "{", data;
    for (const std::string& name : names) {
      header += (data.empty() ? "\"" : ",\"") + name +
                R"(":{"dtype":"U8","shape":[],"data_offsets":[)" + std::to_string(data.size()) +
                "," + std::to_string(data.size() + 1) + "]}";
      data += static_cast<char>('a' + data.size());
    }
    header += "}";
    const std::uint64_t length = header.size();
    std::string bytes(sizeof length, '\0');
    std::memcpy(bytes.data(), &length, sizeof length);
    write(file, bytes + header + data);
  }

  void write_index(const std::string& weight_map) const {
    write("model.safetensors.index.json",
          R"({"metadata":{"total_size":3},"weight_map":)" + weight_map + "}");
  }

  std::string complaint() const {
    return complaint_of([&] { Checkpoint checkpoint(folder_); });
  }

  const TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

std::vector<std::string> names_of(const Checkpoint& checkpoint) {
  std::vector<std::string> names;
  for (const auto& tensor : checkpoint.tensors()) names.push_back(tensor.name);
  return names;
}

TEST(Checkpoint, ReadsARealOne) {
  for (const char* name : {"tiny-a", "tiny-b"}) {
    const fs::path folder = fs::path(HEADSWEEP_TEST_DATA) / "models" / name;
    const Checkpoint checkpoint(folder);
    EXPECT_EQ(checkpoint.folder(), folder);
    EXPECT_THAT(checkpoint.files(), ElementsAre(folder / "model.safetensors"));
    EXPECT_TRUE(std::ranges::is_sorted(names_of(checkpoint)));
    for (const auto& tensor : checkpoint.tensors()) {
      EXPECT_EQ(checkpoint.find(tensor.name), &tensor);
      checkpoint.release(tensor);
    }
    EXPECT_EQ(checkpoint.find("no.such.tensor"), nullptr);
    EXPECT_EQ(checkpoint.sha256(), sha256_of_file(folder / "model.safetensors"));
  }
}

TEST_F(CheckpointFolder, OfShardsIsOneSetOfTensors) {
  write_tensors("s-2.safetensors", {"d", "a"});
  write_tensors("s-1.safetensors", {"c", "b"});
  write_index(R"({"a":"s-2.safetensors","b":"s-1.safetensors","c":"s-1.safetensors",)"
              R"("d":"s-2.safetensors"})");
  Checkpoint first(folder_);
  const Checkpoint checkpoint = std::move(first);
  EXPECT_THAT(names_of(checkpoint), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(checkpoint.files(),
              ElementsAre(folder_ / "s-1.safetensors", folder_ / "s-2.safetensors"));
  ASSERT_NE(checkpoint.find("a"), nullptr);
  EXPECT_EQ(static_cast<char>(checkpoint.find("a")->bytes[0]), 'b');
  for (const auto& tensor : checkpoint.tensors()) checkpoint.release(tensor);
  EXPECT_EQ(static_cast<char>(checkpoint.find("c")->bytes[0]), 'a');
  EXPECT_EQ(checkpoint.sha256(), sha256(sha256_of_file(folder_ / "s-1.safetensors") + "\n" +
                                        sha256_of_file(folder_ / "s-2.safetensors") + "\n"));
}

/// The contents of a checkpoint in memory that processes share.
Checkpoint in_memory(const Checkpoint& checkpoint) {
  std::size_t bytes = 0;
  for (const auto& file : checkpoint.contents()) bytes += file.bytes.size();
  const auto memory =
      std::make_shared<MemoryObject>(MemoryObject::create(static_cast<std::int64_t>(bytes)));
  std::vector<CheckpointFile> files;
  std::byte* next = memory->data();
  for (const auto& [name, content] : checkpoint.contents()) {
    std::ranges::copy(content, next);
    files.push_back({name, {next, content.size()}});
    next += content.size();
  }
  return {checkpoint.folder(), files, memory};
}

TEST_F(CheckpointFolder, IsTheSameInMemory) {
  write_tensors("s-2.safetensors", {"d", "a"});
  write_tensors("s-1.safetensors", {"c", "b"});
  write_index(R"({"a":"s-2.safetensors","b":"s-1.safetensors","c":"s-1.safetensors",)"
              R"("d":"s-2.safetensors"})");
  for (const fs::path& folder : {folder_, fs::path(HEADSWEEP_TEST_DATA) / "models" / "tiny-a"}) {
    const Checkpoint mapped(folder);
    Checkpoint first = in_memory(mapped);
    const Checkpoint copy = std::move(first);
    EXPECT_EQ(copy.folder(), mapped.folder());
    EXPECT_EQ(copy.files(), mapped.files());
    EXPECT_EQ(copy.sha256(), mapped.sha256());
    ASSERT_EQ(names_of(copy), names_of(mapped));
    for (const auto& tensor : mapped.tensors()) {
      const StoredTensor& copied = *copy.find(tensor.name);
      copy.release(copied);
      EXPECT_EQ(copied.shape, tensor.shape);
      EXPECT_EQ(copied.type_name, tensor.type_name);
      EXPECT_TRUE(std::ranges::equal(copied.bytes, tensor.bytes)) << tensor.name;
    }
  }
}

TEST_F(CheckpointFolder, InMemoryOpensNothing) {
  write_tensors("model.safetensors", {"a", "b"});
  const Checkpoint copy = in_memory(Checkpoint(folder_));
  fs::remove_all(folder_);
  EXPECT_EQ(static_cast<char>(copy.find("b")->bytes[0]), 'b');
  EXPECT_EQ(copy.sha256().size(), 64u);
}

TEST_F(CheckpointFolder, InMemoryIsCheckedLikeAMappedOne) {
  write_tensors("model.safetensors", {"a", "b"});
  const Checkpoint mapped(folder_);
  CheckpointFile file = mapped.contents().front();
  const auto opening = [&](const std::vector<CheckpointFile>& files) {
    return [&, files] { Checkpoint checkpoint(folder_, files, nullptr); };
  };
  EXPECT_THAT(opening({file, {"again.safetensors", file.bytes}}),
              testing::ThrowsMessage<UserError>(HasSubstr("tensor 'a' is in two files")));
  file.bytes = file.bytes.first(file.bytes.size() - 1);
  EXPECT_THAT(opening({file}), testing::ThrowsMessage<UserError>(
                                   HasSubstr("model.safetensors: is truncated: 1 bytes")));
}

/// What a file of this size takes on the machine.
std::int64_t bytes_in_use(const MemoryObject& memory) {
  struct stat status {};
  EXPECT_EQ(fstat(memory.descriptor(), &status), 0);
  return status.st_blocks * 512;
}

TEST_F(CheckpointFolder, GivesDiscardedTensorsInSharedMemoryBackAndNothingElse) {
  constexpr std::int64_t size = std::int64_t{9} << 20;
  const std::string header =
      R"({"a":{"dtype":"U8","shape":[9437184],"data_offsets":[0,9437184]},)"
      R"("b":{"dtype":"U8","shape":[9437184],"data_offsets":[9437184,18874368]}})";
  const std::uint64_t length = header.size();
  std::string start(sizeof length, '\0');
  std::memcpy(start.data(), &length, sizeof length);
  start += header;
  const auto bytes = static_cast<std::int64_t>(start.size()) + 2 * size;
  const auto memory = std::make_shared<MemoryObject>(MemoryObject::create(bytes));
  std::memset(memory->data(), 'x', static_cast<std::size_t>(bytes));
  std::memcpy(memory->data(), start.data(), start.size());
  Checkpoint checkpoint(
      folder_, {{"model.safetensors", {memory->data(), static_cast<std::size_t>(bytes)}}}, memory);
  const auto all_x = [](const StoredTensor& tensor) {
    return std::ranges::all_of(tensor.bytes, [](std::byte byte) { return byte == std::byte{'x'}; });
  };
  const std::int64_t before = bytes_in_use(*memory);
  EXPECT_GE(before, bytes);
  checkpoint.release(*checkpoint.find("a"));
  EXPECT_TRUE(all_x(*checkpoint.find("a")));
  checkpoint.discard(*checkpoint.find("a"));
  EXPECT_LE(bytes_in_use(*memory), before - size + 8192);
  EXPECT_TRUE(all_x(*checkpoint.find("b")));
}

TEST_F(CheckpointFolder, KeepsDiscardedTensorsOfFilesAndOfPrivateMemory) {
  const Checkpoint mapped(fs::path(HEADSWEEP_TEST_DATA) / "models" / "tiny-a");
  const auto content = mapped.contents().front();
  const auto copy =
      std::make_shared<std::vector<std::byte>>(content.bytes.begin(), content.bytes.end());
  Checkpoint again(mapped.folder()), held(mapped.folder(), {{content.name, *copy}}, copy);
  for (Checkpoint* checkpoint : {&again, &held})
    for (const auto& tensor : checkpoint->tensors()) {
      checkpoint->discard(tensor);
      EXPECT_TRUE(std::ranges::equal(tensor.bytes, mapped.find(tensor.name)->bytes));
    }
}

TEST_F(CheckpointFolder, WithAShardMissingIsRefused) {
  write_tensors("s-1.safetensors", {"a"});
  write_index(R"({"a":"s-1.safetensors","b":"s-2.safetensors"})");
  EXPECT_THAT(complaint(), HasSubstr("s-2.safetensors: cannot be read: No such file"));
}

TEST_F(CheckpointFolder, WhoseIndexAndShardsDisagreeIsRefused) {
  write_tensors("s-1.safetensors", {"a", "b"});
  write_index(R"({"a":"s-1.safetensors","c":"s-1.safetensors","b":"s-1.safetensors"})");
  EXPECT_THAT(complaint(), HasSubstr("tensor 'c' is not in s-1.safetensors, where it should be"));
  write_index(R"({"a":"s-1.safetensors"})");
  EXPECT_THAT(complaint(), HasSubstr("tensor 'b' is not in model.safetensors.index.json"));
  write_tensors("s-2.safetensors", {"a", "c"});
  write_index(R"({"a":"s-1.safetensors","b":"s-1.safetensors","c":"s-2.safetensors"})");
  EXPECT_THAT(complaint(), HasSubstr("tensor 'a' should be in s-1.safetensors"));
}

TEST_F(CheckpointFolder, WhoseIndexLeadsOutOfTheFolderIsRefused) {
  for (const char* shard : {R"("../x")", R"("/etc/passwd")", R"("a/b")", R"("..")", R"("")", "7"}) {
    write_index(R"({"a":)" + std::string(shard) + "}");
    EXPECT_THAT(complaint(), HasSubstr("not the plain name of a file in the folder")) << shard;
  }
}

TEST_F(CheckpointFolder, WithAGarbledIndexIsRefused) {
  for (const char* index : {"", "7", "[]", "{}", R"({"weight_map":7})", R"({"weight_map":{}})",
                            R"({"weight_map":{"a":"x","a":"y"}})"}) {
    write("model.safetensors.index.json", index);
    EXPECT_THAT(complaint(), HasSubstr("model.safetensors.index.json: ")) << index;
  }
}

TEST_F(CheckpointFolder, WithoutSafetensorsIsRefusedAndSaysWhatIsThere) {
  EXPECT_THAT(complaint(), HasSubstr("holds no model.safetensors"));
  EXPECT_THAT(complaint(), HasSubstr("it is empty"));
  write("config.json", "{}");
  EXPECT_THAT(complaint(), HasSubstr("it has config.json"));
  write("pytorch_model.bin", "x");
  EXPECT_THAT(complaint(), HasSubstr("it has pytorch_model.bin: convert it"));
  write("model-00001-of-00002.safetensors", "x");
  EXPECT_THAT(complaint(), HasSubstr("it has model-00001-of-00002.safetensors: rename"));
}

TEST_F(CheckpointFolder, ThatIsMissingOrNoFolderIsRefused) {
  EXPECT_THROW(Checkpoint(folder_ / "missing"), UserError);
  write("file", "x");
  EXPECT_THAT([&] { Checkpoint checkpoint(folder_ / "file"); },
              refuses_with("is not a folder; give the folder that holds"));
}

TEST_F(CheckpointFolder, WithAnEmptyOrDanglingFileIsRefused) {
  write("model.safetensors", "");
  EXPECT_THAT(complaint(), HasSubstr("model.safetensors: is empty"));
  fs::remove(folder_ / "model.safetensors");
  fs::create_symlink("nowhere", folder_ / "model.safetensors");
  EXPECT_THAT(complaint(), HasSubstr("model.safetensors: cannot be read: No such file"));
}

}  // namespace
}  // namespace headsweep
