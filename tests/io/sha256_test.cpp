#include "io/sha256.h"

#include <fstream>

#include <gmock/gmock.h>
#include <unistd.h>

#include "io/errors.h"

namespace headsweep {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// FIPS 180-4's examples.
constexpr const char* of_nothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* of_a_million_a =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

fs::path temporary(const std::string& name) {
  return fs::path(testing::TempDir()) / ("sha256_test-" + std::to_string(::getpid()) + "-" + name);
}

TEST(Sha256, AgreesWithTheStandardsExamples) {
  EXPECT_EQ(sha256(""), of_nothing);
  EXPECT_EQ(sha256("abc"), of_abc);
  EXPECT_EQ(sha256(std::string(1'000'000, 'a')), of_a_million_a);
}

TEST(Sha256, OfAFileIsThatOfItsBytes) {
  const std::string bytes = std::string(3'000'000, 'x') + '\0' + "end";
  std::ofstream(temporary("large"), std::ios::binary) << bytes;
  std::ofstream(temporary("empty"), std::ios::binary) << "";
  EXPECT_EQ(sha256_of_file(temporary("large")), sha256(bytes));
  EXPECT_EQ(sha256_of_file(temporary("empty")), of_nothing);
  fs::remove(temporary("large"));
  fs::remove(temporary("empty"));
}

TEST(Sha256, OfAFileThatCannotBeReadIsTheUsersMistake) {
  EXPECT_THROW(sha256_of_file(temporary("missing")), UserError);
  try {
    sha256_of_file(testing::TempDir());
    FAIL() << "a folder has no hash";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("is not a regular file"));
  }
}

}  // namespace
}  // namespace headsweep
