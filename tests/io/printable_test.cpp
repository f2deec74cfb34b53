#include "io/printable.h"

#include <gtest/gtest.h>

namespace headsweep {
namespace {

TEST(Printable, TextOfAnyLanguageIsShownAsItIs) {
  for (const std::string text :
       {"", "plain, with \"quotes\" %s {}", "für naïve 名前 🙂", "a\tb\nc"})
    EXPECT_EQ(printable(text), text);
}

TEST(Printable, WhatWouldMoveACursorIsEscaped) {
  EXPECT_EQ(printable("\x1b[2Jgone\rover\x07\x7f"), "\\x1b[2Jgone\\x0dover\\x07\\x7f");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST(Printable, ControlCharactersOfTwoBytesAndLoneBytesAreEscaped) {
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\u009b31m");  // a terminal may take it for ESC [
  EXPECT_EQ(printable("\x9b"
                      "31m \xff \xe2\x80"),
            "\\x9b31m \\xff \\xe2\\x80");
}

TEST(Printable, WhatTurnsTheDirectionOfALineIsEscaped) {
  EXPECT_EQ(printable("a\u202egnp.h5\u2066b\u2028c"), "a\\u202egnp.h5\\u2066b\\u2028c");
}

TEST(Printable, OneLineStaysOne) {
  EXPECT_EQ(printable("a\n\tb", LineEnds::escaped), "a\\x0a\\x09b");
}

TEST(Printable, JsonSaysTheSameInCharactersThatDoNothing) {
  EXPECT_EQ(printable_json("{\"a\":\"\\u001b é\u202e\u009b\x7f\"}"),
            "{\"a\":\"\\u001b é\\u202e\\u009b\\u007f\"}");
}

TEST(Printable, ValuesAreNoFormats) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  print_text(file, "{} {}\n", "%s%n{}", "\x1b]0;title\x07");
  std::rewind(file);
  char text[100] = {};
  const std::size_t bytes = std::fread(text, 1, sizeof text, file);
  std::fclose(file);
  EXPECT_EQ(std::string(text, bytes), "%s%n{} \\x1b]0;title\\x07\n");
}

}  // namespace
}  // namespace headsweep
