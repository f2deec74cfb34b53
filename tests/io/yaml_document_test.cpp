#include "io/yaml_document.h"

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/errors.h"
#include "tests/complaints.h"
#include "tests/temporary_folder.h"
#include "tests/tried.h"

namespace headsweep {
namespace {

using testing::HasSubstr;

class YamlDocumentTest : public testing::Test {
 protected:
  YamlDocument read(const std::string& text, const std::string& name = "a.yaml") {
    return YamlDocument(folder_.write(name, text), "the test file", std::size_t{32} << 20);
  }
  std::string error(const std::string& text, const std::string& name = "a.yaml") {
    return complaint_from(name, [&] { read(text, name).root().allow_keys({}); });
  }
  TemporaryFolder folder_;
};

TEST_F(YamlDocumentTest, RefusesEmptyFiles) {
  EXPECT_EQ(error(""), "a.yaml: the test file is empty");
  EXPECT_EQ(error("# nothing\n"), "a.yaml: the test file is empty");
  EXPECT_EQ(error("---\n"), "a.yaml: the test file is empty");
}

TEST_F(YamlDocumentTest, SaysWhereTheSyntaxIsWrong) {
  EXPECT_THAT(error("a: 1\nb: [1\nc: 2\n"), HasSubstr("a.yaml:3:2: is not valid YAML: "));
  EXPECT_THAT(error("a:\n\tb: 1\n"), HasSubstr("(tabs cannot indent YAML)"));
  EXPECT_THAT(error("{\"a\": 1}}", "a.json"), HasSubstr("a.json:1:9: is not valid JSON: "));
  EXPECT_THAT(error("{\"a\": [1]", "a.json"), HasSubstr("is a bracket not closed?"));
  EXPECT_THAT(error("\"abc"), HasSubstr("is not valid YAML: "));
}

TEST_F(YamlDocumentTest, RefusesASecondDocument) {
  EXPECT_THAT(error("a: 1\n---\nb: 1\n"), HasSubstr("a.yaml:2: more follows after the end"));
}

TEST_F(YamlDocumentTest, RefusesAKeyGivenTwice) {
  EXPECT_EQ(error("a:\n  - x: 1\n    y: 2\n    x: 3\n"),
            "a.yaml:4: a.0.x: appears twice (first on line 2) remove one of the two");
}

TEST_F(YamlDocumentTest, RefusesKeysThatAreNoWords) {
  EXPECT_THAT(error("? [a]\n: 1\n"), HasSubstr("where a key is expected"));
  EXPECT_THAT(error(": 1\n"), HasSubstr("has an empty key"));
  EXPECT_THAT(error("a: {'': 1}\n"), HasSubstr("a.yaml:1: a: has an empty key"));
}

TEST_F(YamlDocumentTest, RefusesAnchorsAliasesAndTags) {
  EXPECT_THAT(error("a: &x 1\nb: *x\n"), HasSubstr("a.yaml:1: a: anchors (&name)"));
  EXPECT_THAT(error("a: *x\n"), HasSubstr("a.yaml:1:"));
  EXPECT_THAT(error("a:\n  b: !!str 1\n"), HasSubstr("a.yaml:2: a.b: tags ("));
  EXPECT_THAT(error("a: !x [1]\n"), HasSubstr("tags ('!x')"));
  tried("input", "YAML anchors, aliases and tags", "refused: names line and key");
}

TEST_F(YamlDocumentTest, RefusesDeepNestingInsteadOfOverflowing) {
  constexpr int levels = 200000;
  std::string lists, closed, mappings, keys, dashes;
  for (int i = 0; i < levels; ++i) {
    lists += "[\n";
    closed += "]\n";
    mappings += "{a: ";
    keys += "? ";
    dashes += "- ";
  }
  EXPECT_THAT(error(lists + closed), HasSubstr("more than 64 levels deep"));
  EXPECT_THAT(error(lists + closed, "a.json"), HasSubstr("more than 64 levels deep"));
  EXPECT_THAT(error(dashes), HasSubstr("more than 64 levels deep"));
  EXPECT_THAT(error(lists), HasSubstr("is a bracket not closed?"));
  EXPECT_THAT(error(mappings), HasSubstr("is a bracket not closed?"));
  EXPECT_THAT(error(keys), HasSubstr("where a key is expected"));
  tried("input", "YAML and JSON nested 200,000 levels deep", "refused");
}

TEST_F(YamlDocumentTest, RefusesWhatIsNoText) {
  EXPECT_THAT(error("a: 1\nb: \xff\n"), HasSubstr("a.yaml:2: is not UTF-8 text (byte 0xff)"));
  EXPECT_THAT(error("\xc0\xaf"), HasSubstr("is not UTF-8"));
  EXPECT_THAT(error("a: \xed\xa0\x80"), HasSubstr("is not UTF-8"));
  EXPECT_THAT(error("a: \xf4\x90\x80\x80"), HasSubstr("is not UTF-8"));
  EXPECT_THAT(error("a: \xe2\x82"), HasSubstr("is not UTF-8"));
  EXPECT_THAT(error("a: \x04"), HasSubstr("control character 0x04"));
  EXPECT_THAT(error(std::string("a: \0", 4)), HasSubstr("control character 0x00"));
  EXPECT_THAT(error("a: \"x\\0\""), HasSubstr("a: holds a NUL character"));
}

TEST_F(YamlDocumentTest, SaysPlainlyWhatTypeIsWrong) {
  const YamlDocument document = read("list: [1]\nmap: {a: 1}\nempty:\nword: 'x'\nnumber: 7\n");
  const YamlNode root = document.root();
  EXPECT_THAT(complaint_of([&] { root.at("list").integer(0, 9); }),
              HasSubstr("a.yaml:1: list: must be a whole number, but is a list"));
  EXPECT_THAT(complaint_of([&] { root.at("map").text(); }),
              HasSubstr("a.yaml:2: map: must be a text, but is a mapping"));
  EXPECT_THAT(complaint_of([&] { root.at("empty").number(); }),
              HasSubstr("a.yaml:3: empty: must be a number, but is empty"));
  EXPECT_THAT(complaint_of([&] { root.at("word").integer(0, 9); }),
              HasSubstr("a.yaml:4: word: must be a whole number, but is the text 'x'"));
  EXPECT_THAT(complaint_of([&] { root.at("number").items(); }),
              HasSubstr("a.yaml:5: number: must be a list, but is '7'"));
  EXPECT_THAT(complaint_of([&] { root.at("number").allow_keys({}); }),
              HasSubstr("must be a mapping"));
}

TEST_F(YamlDocumentTest, TakesScalarsAsWritten) {
  const YamlDocument document = read("[14, 1.50, true, 0x10, ' a ', +7, -0.5e1]");
  const auto items = document.root().items();
  EXPECT_EQ(items[0].text(), "14");
  EXPECT_EQ(items[1].text(), "1.50");
  EXPECT_EQ(items[2].text(), "true");
  EXPECT_EQ(items[3].text(), "0x10");
  EXPECT_EQ(items[4].text(), " a ");
  EXPECT_EQ(items[5].integer(0, 9), 7);
  EXPECT_EQ(items[6].number(), -5.0);
}

TEST_F(YamlDocumentTest, TakesNoNumberInAnotherForm) {
  for (const char* number :
       {"0x10", "0o7", "1_000", "1e999", "-1e999", ".nan", ".inf", "nan", "inf", "-inf", "1,5",
        "1.5.2", "--1", "+-1", "1e", "٣", "1 2", "'1'"}) {
    const YamlDocument document = read(fmt::format("a: {}", number));
    const YamlNode node = document.root().at("a");
    EXPECT_THROW(node.number(), UserError) << number;
    EXPECT_THROW(node.integer(-1000, 1000), UserError) << number;
  }
  for (const char* number : {"1.0", "1e3", "99999999999999999999", "-1"})
    EXPECT_THROW(read(fmt::format("a: {}", number)).root().at("a").integer(0, 1000), UserError)
        << number;
  tried("input", "numbers as 0x10, 1_000, 1e999, .nan, .inf", "refused: names line and key");
}

TEST_F(YamlDocumentTest, HasNoMergeKeys) {
  EXPECT_THAT(error("<<: {a: 1}\n"), HasSubstr("a.yaml:1: <<: unknown key"));
}

TEST_F(YamlDocumentTest, NamesWhatIsVeryLongInAMessageThatIsNot) {
  const std::string word(1'000'000, 'x');
  EXPECT_LE(error(word + ": 1\n").size(), 2000u);
  EXPECT_LE(error("a: [" + word).size(), 2000u);
  EXPECT_LE(error("a: &" + word + " 1\n").size(), 2000u);
  tried("input", "YAML with a key, a value or an anchor of 1 MB", "refused in a short message");
}

TEST_F(YamlDocumentTest, ReadsJsonWithAllItsEscapes) {
  const YamlDocument document = read(
      "{\r\n\t\"a\"\t:\t\"\\ud83d\\ude00 \\u00e9\\/\\\\ud83d\\\"\\t\\n\",\n\"b\":-1}", "a.json");
  EXPECT_EQ(document.root().at("a").text(), "😀 é/\\ud83d\"\t\n");
  EXPECT_EQ(document.root().at("b").integer(-1, 0), -1);
  EXPECT_THAT(document.root().at("b").where(), HasSubstr("a.json:3"));
}

TEST_F(YamlDocumentTest, RefusesHalfASurrogatePair) {
  EXPECT_THAT(error("{\"a\": \"\\ud83d\"}", "a.json"), HasSubstr("a.json:1:"));
  EXPECT_THAT(error("{\"a\": \"\\ude00\\ud83d\"}", "a.json"), HasSubstr("invalid unicode"));
}

TEST_F(YamlDocumentTest, TakesAByteOrderMarkAndWindowsLineEnds) {
  const YamlDocument document = read(
      "\xef\xbb\xbf"
      "a: x\r\nb: y\r\n");
  EXPECT_EQ(document.root().at("a").text(), "x");
  EXPECT_EQ(document.root().at("b").text(), "y");
}

}  // namespace
}  // namespace headsweep
