#include "io/wording.h"

#include <gmock/gmock.h>

#include "io/errors.h"
#include "io/utf8.h"
#include "tests/tried.h"

namespace headsweep {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Presentable, LeavesTextAsItIs) {
  for (const char* text : {"", "a b", "dir/x.yaml:7: search.threshold: é 中 😀", "50 %s {} \\n"})
    EXPECT_EQ(presentable(text), text);
}

TEST(Presentable, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(presentable("\x1b[2J\r\n\t"), "\\x1b[2J\\x0d\\x0a\\x09");
  EXPECT_EQ(presentable(std::string_view("a\0b\x7f", 4)), "a\\x00b\\x7f");
  EXPECT_EQ(presentable("\xc2\x9b"
                        "2J \xc2\xa0"),
            "\\u009b2J \xc2\xa0");
}

TEST(Presentable, EscapesBytesThatAreNoText) {
  EXPECT_EQ(presentable("a\xff\xe2\x82z"), "a\\xff\\xe2\\x82z");
}

TEST(Presentable, LeavesTheMiddleOutOfWhatIsVeryLong) {
  const std::string shown = presentable("begin" + std::string(100'000, 'x') + "end");
  EXPECT_EQ(shown.size(), 2000u);
  EXPECT_THAT(shown, AllOf(StartsWith("beginx"), HasSubstr("x ... x"), EndsWith("xend")));
  EXPECT_EQ(presentable(std::string(2000, 'x')), std::string(2000, 'x'));
}

TEST(Presentable, OfEscapesOrCharactersIsNeverTooLongNorCutInTwo) {
  for (const char* each : {"\x01", "\xff", "é", "中", "😀"}) {
    std::string text;
    for (int i = 0; i < 3000; ++i) text += each;
    const std::string shown = presentable(text);
    EXPECT_LE(shown.size(), 2000u) << each;
    EXPECT_EQ(utf8_until(shown), shown.size()) << each;
  }
}

TEST(Errors, HaveMessagesThatAnybodyCanShow) {
  EXPECT_STREQ(UserError("tensor '\x1b[31m\xff'").what(), "tensor '\\x1b[31m\\xff'");
  EXPECT_THAT(MachineError("disk\n").what(), StartsWith("disk\\x0a ["));
  tried("input",
        "control characters, bytes that are no text, and megabytes in what a message quotes",
        "shown escaped, replaced and shortened");
}

}  // namespace
}  // namespace headsweep
