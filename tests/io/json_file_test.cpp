#include "io/json_file.h"

#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/complaints.h"
#include "tests/temporary_folder.h"
#include "tests/tried.h"

namespace headsweep {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

class JsonFileTest : public testing::Test {
 protected:
  JsonFile open(const std::string& content) {
    return JsonFile(folder_.write("config.json", content));
  }
  std::unordered_map<std::string, int> vocabulary(const std::string& content) {
    return read_vocabulary(folder_.write("vocab.json", content));
  }
  TemporaryFolder folder_;
};

TEST_F(JsonFileTest, GivesEachTypeOfValue) {
  const JsonFile file = open(R"({"i": -7, "x": 1e-05, "t": "gpt2", "f": true})");
  EXPECT_EQ(file.integer("i"), -7);
  EXPECT_EQ(file.number("x"), 1e-05);
  EXPECT_EQ(file.text("t"), "gpt2");
  EXPECT_EQ(file.flag("f"), true);
}

TEST_F(JsonFileTest, AWholeNumberIsANumberToo) { EXPECT_EQ(open(R"({"x": 3})").number("x"), 3.0); }

TEST_F(JsonFileTest, AbsentAndNullAreNoValue) {
  const JsonFile file = open(R"({"a": null})");
  for (const char* key : {"a", "b"}) {
    EXPECT_EQ(file.integer(key), std::nullopt);
    EXPECT_EQ(file.number(key), std::nullopt);
    EXPECT_EQ(file.text(key), std::nullopt);
    EXPECT_EQ(file.flag(key), std::nullopt);
  }
}

TEST_F(JsonFileTest, AValueOfAnotherTypeNamesFileKeyAndValue) {
  const JsonFile file = open(R"({"text": "12", "real": 1.5, "flag": true, "one": 1})");
  EXPECT_THAT([&] { file.integer("text"); }, refuses_with("config.json: text: ", "\"12\""));
  EXPECT_THAT([&] { file.integer("real"); }, refuses_with("real: must be a whole number", "1.5"));
  EXPECT_THAT([&] { file.integer("flag"); }, refuses_with("flag: ", "true"));
  EXPECT_THAT([&] { file.number("text"); }, refuses_with("text: must be a number"));
  EXPECT_THAT([&] { file.text("one"); }, refuses_with("one: must be a text in quotes", "is 1"));
  EXPECT_THAT([&] { file.flag("one"); }, refuses_with("one: must be true or false"));
}

TEST_F(JsonFileTest, WholeNumbersReachFromTheSmallestToTheLargestOf64Bits) {
  const JsonFile file = open(R"({"small": -9223372036854775808, "large": 9223372036854775807,
                                 "larger": 9223372036854775808})");
  EXPECT_EQ(file.integer("small"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(file.integer("large"), std::numeric_limits<std::int64_t>::max());
  EXPECT_THAT([&] { file.integer("larger"); }, refuses_with("larger: ", "9223372036854775808"));
}

TEST_F(JsonFileTest, LongValuesAreShownShortened) {
  const JsonFile file = open(R"({"k": ")" + std::string(1000, 'x') + R"("})");
  const std::string message = complaint_of([&] { file.integer("k"); });
  EXPECT_NE(message, "");
  EXPECT_LT(message.size(), 300u);
}

TEST_F(JsonFileTest, BrokenJsonNamesTheLine) {
  EXPECT_THAT([&] { open("{\"a\": 1,\n\"b\": }\n"); },
              refuses_with("config.json: ", "not valid JSON", "line 2, column 6"));
  for (const char* content :
       {"{\"a\": 1", "", "{\"a\": NaN}", "{\"a\": \"\xFF\"}", "{\"a\": 1e999}"})
    EXPECT_THAT([&] { open(content); }, refuses_with("config.json: ", "not valid JSON"));
}

TEST_F(JsonFileTest, DeepNestingIsRefused) {
  EXPECT_THAT([&] { open("{\"a\": " + std::string(100'000, '[')); },
              refuses_with("config.json: ", "nested too deeply"));
}

TEST_F(JsonFileTest, AnythingButAnObjectIsRefused) {
  EXPECT_THAT([&] { open("[1, 2]"); }, refuses_with("config.json: ", "object", "[1,2]"));
}

TEST_F(JsonFileTest, AKeyThatIsThereTwiceIsRefused) {
  EXPECT_THAT([&] { open(R"({"n_layer": 1, "n_layer": 2})"); },
              refuses_with("config.json: ", "'n_layer' twice"));
  EXPECT_NO_THROW(open(R"({"a": {"n": 1}, "b": {"n": 1}, "n": 2})"));
}

TEST_F(JsonFileTest, AMissingFileIsTheUsersMistake) {
  EXPECT_THAT([&] { JsonFile(folder_.path() / "none.json"); }, refuses_with("none.json"));
}

TEST_F(JsonFileTest, MovesKeepTheContent) {
  JsonFile first = open(R"({"a": 1})");
  const JsonFile second = std::move(first);
  EXPECT_EQ(second.integer("a"), 1);
  EXPECT_EQ(second.path().filename(), "config.json");
}

TEST_F(JsonFileTest, AVocabularyGivesPiecesAndIds) {
  EXPECT_THAT(vocabulary(R"({"a": 0, "\u0120b": 7, "": 2})"),
              UnorderedElementsAre(Pair("a", 0), Pair("\u0120b", 7), Pair("", 2)));
}

TEST_F(JsonFileTest, AVocabularysIdsAreWholeNumbersAndNoneIsNegative) {
  EXPECT_THAT([&] { vocabulary(R"({"a": 0, "b": -1})"); },
              refuses_with("vocab.json: \"b\": ", "-1"));
  EXPECT_THAT([&] { vocabulary(R"({"a": 0.5})"); }, refuses_with("vocab.json: \"a\": ", "0.5"));
  EXPECT_THAT([&] { vocabulary(R"({"a": "0"})"); }, refuses_with("vocab.json: \"a\": ", "\"0\""));
  EXPECT_THAT([&] { vocabulary(R"({"a": null})"); }, refuses_with("vocab.json: \"a\": ", "null"));
  EXPECT_THAT([&] { vocabulary(R"({"\u0120a": 2147483648})"); },
              refuses_with("vocab.json: \"\\u0120a\": ", "2147483648"));
}

TEST_F(JsonFileTest, AVocabularysIdsAreGivenOnce) {
  EXPECT_THAT([&] { vocabulary(R"({"a": 5, "b": 5})"); },
              refuses_with("vocab.json: \"a\" and \"b\": both have the id 5"));
  EXPECT_THAT([&] { vocabulary(R"({"a": 5, "a": 6})"); }, refuses_with("twice"));
  tried("input", "vocab.json with ids or pieces that occur twice", "refused: names both");
}

TEST_F(JsonFileTest, ALinkThatWasSavedAsTextIsRecognised) {
  EXPECT_THAT([&] { vocabulary("../../../gpt2-tokenizer/vocab.json"); },
              refuses_with("vocab.json: ", "'../../../gpt2-tokenizer/vocab.json'", "symbolic link",
                           "copy the file that it names"));
  EXPECT_THAT([&] { vocabulary("/data/my models/vocab.json\r\n"); },
              refuses_with("'/data/my models/vocab.json'", "symbolic link"));
  EXPECT_THAT([&] { vocabulary("[\"a/b\"]"); }, refuses_with("object"));
}

}  // namespace
}  // namespace headsweep
