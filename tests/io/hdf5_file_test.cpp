#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>

#include "io/run_file.h"
#include "tests/complaints.h"
#include "tests/small_run.h"
#include "tests/temporary_folder.h"
#include "tests/tried.h"

namespace headsweep {
namespace {

constexpr std::size_t seal_bytes = 18 + 64 + 1;  // "\nheadsweep sha256 ", the hash, "\n"

class SealedFile : public testing::Test {
 protected:
  SealedFile() {
    write_run_file(small_run(), path_);
    std::stringstream text;
    text << std::ifstream(path_, std::ios::binary).rdbuf();
    bytes_ = text.str();
  }

  /// Empty if it is read.
  std::string complaint(const std::string& bytes) const {
    temporary_.write("run.h5", bytes);
    return complaint_of([&] { read_run_file(path_); });
  }

  const TemporaryFolder temporary_;
  const std::filesystem::path path_ = temporary_.path() / "run.h5";
  std::string bytes_;
};

TEST_F(SealedFile, ASealThatIsCutShortIsRefused) {
  ASSERT_EQ(complaint(bytes_), "");
  for (std::size_t kept = 1; kept < seal_bytes; ++kept)
    EXPECT_THAT(complaint(bytes_.substr(0, bytes_.size() - seal_bytes + kept)),
                testing::HasSubstr("is damaged"))
        << kept << " bytes are left of it";
  tried("input", "a run file cut off at each byte of its checksum", "refused, damaged");
}

TEST_F(SealedFile, WithoutASealItIsReadAsWhatAnotherProgramHasWritten) {
  EXPECT_EQ(complaint(bytes_.substr(0, bytes_.size() - seal_bytes)), "");
}

TEST_F(SealedFile, EachFlippedBitOfASealIsRefused) {
  for (std::size_t i = 0; i < 8 * seal_bytes; ++i) {
    std::string flipped = bytes_;
    char& byte = flipped[bytes_.size() - 1 - i / 8];
    byte = static_cast<char>(byte ^ (1 << i % 8));
    EXPECT_THAT(complaint(flipped), testing::HasSubstr("is damaged")) << "bit " << i;
  }
  tried("input", "a run file with each bit of its checksum flipped", "refused, damaged");
}

}  // namespace
}  // namespace headsweep
