#include "io/sha256.h"

#include <gmock/gmock.h>

#include "io/errors.h"
#include "tests/complaints.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

// FIPS 180-4's examples.
constexpr const char* of_nothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* of_a_million_a =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

TEST(Sha256, AgreesWithTheStandardsExamples) {
  EXPECT_EQ(sha256(""), of_nothing);
  EXPECT_EQ(sha256("abc"), of_abc);
  EXPECT_EQ(sha256(std::string(1'000'000, 'a')), of_a_million_a);
}

TEST(Sha256, OfAFileIsThatOfItsBytes) {
  const TemporaryFolder folder;
  const std::string bytes = std::string(3'000'000, 'x') + '\0' + "end";
  EXPECT_EQ(sha256_of_file(folder.write("large", bytes)), sha256(bytes));
  EXPECT_EQ(sha256_of_file(folder.write("empty", "")), of_nothing);
}

TEST(Sha256, OfAFileThatCannotBeReadIsTheUsersMistake) {
  const TemporaryFolder folder;
  EXPECT_THROW(sha256_of_file(folder.path() / "missing"), UserError);
  EXPECT_THAT([&] { sha256_of_file(folder.path()); }, refuses_with("is not a regular file"));
}

}  // namespace
}  // namespace headsweep
