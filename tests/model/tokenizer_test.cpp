#include "model/tokenizer.h"

#include <chrono>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "io/sha256.h"
#include "model/byte_symbols.h"
#include "tests/complaints.h"
#include "tests/temporary_folder.h"
#include "tests/tried.h"

namespace headsweep {
namespace {

using testing::ElementsAre;
using Ids = std::vector<int>;

constexpr const char* gpt2_folder = HEADSWEEP_TEST_DATA "/gpt2-tokenizer";

const Tokenizer& gpt2() {
  static const Tokenizer tokenizer{gpt2_folder};
  return tokenizer;
}

/// A tokenizer of a few tokens; the files are gone when it has been made.
Tokenizer tokenizer_of(const std::string& vocabulary, const std::string& merges) {
  const TemporaryFolder folder;
  folder.write("vocab.json", vocabulary);
  folder.write("merges.txt", merges);
  return Tokenizer(folder.path());
}

const std::string small_vocabulary =
    R"({"a": 0, "b": 1, "c": 2, "ab": 3, "bc": 4, "abc": 5, "\u0120": 6, "<|endoftext|>": 9})";

struct Example {
  std::string text;
  Ids ids;
};

std::vector<Example> golden_examples(const std::string& name = "tokenizer.jsonl") {
  std::ifstream file(HEADSWEEP_TEST_DATA "/golden/" + name);
  std::vector<Example> examples;
  for (std::string line; std::getline(file, line);) {
    const auto example = nlohmann::json::parse(line);
    examples.push_back({example["text"], example["ids"]});
  }
  return examples;
}

TEST(TokenizerTest, GivesTheIdsOfHuggingFacesTokenizer) {
  const auto examples = golden_examples();
  ASSERT_EQ(examples.size(), 2652u);
  for (const auto& [text, ids] : examples) ASSERT_EQ(gpt2().encode(text), ids) << text;
}

TEST(TokenizerTest, DecodesTheIdsOfHuggingFacesTokenizer) {
  for (const auto& [text, ids] : golden_examples()) ASSERT_EQ(gpt2().decode(ids), text);
}

const Tokenizer& neox() {
  static const Tokenizer tokenizer{HEADSWEEP_TEST_DATA "/models/tiny-neox"};
  return tokenizer;
}

TEST(TokenizerOfOneFile, GivesTheIdsOfHuggingFacesTokenizer) {
  const auto examples = golden_examples("neox-tokenizer.jsonl");
  ASSERT_EQ(examples.size(), 437u);
  for (const auto& [text, ids] : examples) EXPECT_EQ(neox().encode(text), ids) << text;
}

TEST(TokenizerOfOneFile, DecodesWhatItWasGivenInItsComposedForm) {
  EXPECT_EQ(neox().decode(neox().encode("two  three<|endoftext|>     four")),
            "two  three<|endoftext|>     four");
  EXPECT_EQ(neox().decode(neox().encode("cafe\u0301")), "caf\u00e9");
}

TEST(TokenizerOfOneFile, HasEndOfTextWhereTheFileHasIt) {
  EXPECT_EQ(neox().end_of_text(), 0);
  EXPECT_EQ(neox().largest_id(), 878);
}

/// tokenizer.json of tiny-neox with one change.
template <class Change>
auto making_with(Change change) {
  return [change] {
    std::ifstream file(HEADSWEEP_TEST_DATA "/models/tiny-neox/tokenizer.json");
    nlohmann::json content = nlohmann::json::parse(file);
    change(content);
    const TemporaryFolder folder;
    folder.write("tokenizer.json", content.dump());
    Tokenizer{folder.path()};
  };
}

TEST(TokenizerOfOneFile, IsRefusedWhereItWouldCutTextsOtherwise) {
  using Json = nlohmann::json;
  const auto refused = [](const std::string& key, auto change) {
    EXPECT_THAT(making_with(change), refuses_with("tokenizer.json: " + key));
  };
  EXPECT_NO_THROW(making_with([](Json&) {})());
  refused("normalizer", [](Json& file) { file["normalizer"]["type"] = "NFKC"; });
  refused("pre_tokenizer", [](Json& file) { file["pre_tokenizer"]["type"] = "Whitespace"; });
  refused("pre_tokenizer", [](Json& file) { file["pre_tokenizer"]["add_prefix_space"] = true; });
  refused("pre_tokenizer", [](Json& file) { file["pre_tokenizer"]["use_regex"] = false; });
  refused("pre_tokenizer", [](Json& file) { file.erase("pre_tokenizer"); });
  refused("model.type", [](Json& file) { file["model"]["type"] = "Unigram"; });
  refused("model.dropout", [](Json& file) { file["model"]["dropout"] = 0.1; });
  refused("model.byte_fallback", [](Json& file) { file["model"]["byte_fallback"] = true; });
  refused("model.vocab", [](Json& file) { file["model"]["vocab"]["a"] = -1; });
  refused("model.merges", [](Json& file) { file["model"]["merges"][3] = "ab"; });
  refused("model.merges, entry 4", [](Json& file) { file["model"]["merges"][3] = "1 \u0120"; });
  refused("added_tokens", [](Json& file) { file["added_tokens"][0]["lstrip"] = true; });
  refused("added_tokens", [](Json& file) { file["added_tokens"][0]["content"] = ""; });
  refused("has no '<|endoftext|>'", [](Json& file) { file["added_tokens"].erase(0); });
}

TEST(TokenizerOfOneFile, GivesEveryIdOnce) {
  using Json = nlohmann::json;
  EXPECT_THAT(making_with([](Json& file) { file["model"]["vocab"]["a"] = 3; }),
              refuses_with("the id 3 is given twice"));
  EXPECT_THAT(making_with([](Json& file) { file["added_tokens"][2]["id"] = 3; }),
              refuses_with("the id 3 is given twice"));
}

TEST(TokenizerOfOneFile, TakesNoAddedTokenForAByteThatTheVocabularyLacks) {
  std::ifstream file(HEADSWEEP_TEST_DATA "/models/tiny-neox/tokenizer.json");
  nlohmann::json content = nlohmann::json::parse(file);
  content["model"]["vocab"].erase("~");
  const TemporaryFolder folder;
  folder.write("tokenizer.json", content.dump());
  const Tokenizer tokenizer(folder.path());
  EXPECT_THAT([&] { tokenizer.encode("a~"); }, refuses_with("tokenizer.json", "0x7E", "'~'"));
}

TEST(TokenizerOfOneFile, MayHaveItsMergesAsLists) {
  EXPECT_NO_THROW(making_with([](nlohmann::json& file) {
    for (nlohmann::json& merge : file["model"]["merges"]) {
      const std::string text = merge;
      const std::size_t space = text.find(' ');
      merge = {text.substr(0, space), text.substr(space + 1)};
    }
  })());
}

TEST(TokenizerTest, ManyThingsInOneTextGiveTheSameIdsAsOneByOne) {
  std::string text;
  Ids expected;
  for (const auto& example : golden_examples()) {
    text += example.text + "<|endoftext|>";
    expected.insert(expected.end(), example.ids.begin(), example.ids.end());
    expected.push_back(50256);
  }
  EXPECT_EQ(gpt2().encode(text), expected);
  EXPECT_EQ(gpt2().decode(expected), text);
}

TEST(TokenizerTest, EndOfTextIsOneToken) {
  EXPECT_EQ(gpt2().end_of_text(), 50256);
  EXPECT_EQ(gpt2().largest_id(), 50256);
  EXPECT_THAT(gpt2().encode("<|endoftext|>"), ElementsAre(50256));
  EXPECT_THAT(gpt2().encode("a <|endoftext|><|endoftext|> a"),
              ElementsAre(64, 220, 50256, 50256, 257));
  EXPECT_EQ(gpt2().decode(Ids{64, 50256, 257}), "a<|endoftext|> a");
  EXPECT_EQ(gpt2().encode("<|endoftext|").size(), 6u);
}

TEST(TokenizerTest, TheMongolianVowelSeparatorIsNoSpace) {
  // A space before it makes one word with it: ids of the released encoder.py.
  EXPECT_THAT(gpt2().encode("a \u180Ea"), ElementsAre(64, 28053, 254, 236, 64));
  EXPECT_THAT(gpt2().encode("a\u00A0\u180E  b"), ElementsAre(64, 1849, 157, 254, 236, 220, 275));
}

TEST(TokenizerTest, BytesThatAreNoCharacterDecodeToReplacements) {
  std::string vocabulary = R"({"<|endoftext|>": 256)";
  const auto symbols = byte_symbols();
  for (std::size_t byte = 0; byte < 256; ++byte)
    vocabulary += ", " + nlohmann::json(symbols[byte]).dump() + ": " + std::to_string(byte);
  const Tokenizer bytes = tokenizer_of(vocabulary + "}", "");
  const std::string r = "\uFFFD";
  EXPECT_EQ(bytes.decode(Ids{0x61, 0xC3, 0xA9, 0x62}), "a\u00E9b");
  EXPECT_EQ(bytes.decode(Ids{0x61, 0xC3, 0x62}), "a" + r + "b");
  EXPECT_EQ(bytes.decode(Ids{0xF0, 0x9F, 0x98}), r);                    // broken off
  EXPECT_EQ(bytes.decode(Ids{0xF0, 0x9F, 0x98, 0x61}), r + "a");        // broken off by a letter
  EXPECT_EQ(bytes.decode(Ids{0xE0, 0x80, 0x80}), r + r + r);            // longer than needed
  EXPECT_EQ(bytes.decode(Ids{0xED, 0xA0, 0x80}), r + r + r);            // half of a surrogate pair
  EXPECT_EQ(bytes.decode(Ids{0xF4, 0x90, 0x80, 0x80}), r + r + r + r);  // above U+10FFFF
  EXPECT_EQ(bytes.decode(Ids{0xC0, 0xFF, 0xF5}), r + r + r);
  EXPECT_EQ(bytes.decode(Ids{0xE2, 0x82, 256, 0xAC}), r + "<|endoftext|>" + r);
}

TEST(TokenizerTest, IdsWithoutATokenAreRefused) {
  EXPECT_THAT([] { gpt2().decode(-1); }, refuses_with("-1", "vocab.json", "0 to 50256"));
  EXPECT_THAT([] { gpt2().decode(Ids{0, 50257}); }, refuses_with("50257"));
  const Tokenizer small = tokenizer_of(small_vocabulary, "a b\n");
  EXPECT_THAT([&] { small.decode(7); }, refuses_with("7 is not a token's id"));
}

TEST(TokenizerTest, TextThatIsNotUtf8IsRefused) {
  EXPECT_THAT([] { gpt2().encode("abc\xFFz"); }, refuses_with("not UTF-8", "0xFF", "offset 3"));
  EXPECT_THAT([] { gpt2().encode("ab\xE2\x82"); }, refuses_with("not UTF-8", "0xE2", "offset 2"));
  EXPECT_THAT([] { gpt2().encode("\xED\xA0\x80"); }, refuses_with("not UTF-8"));
}

TEST(TokenizerTest, ZeroBytesArePartOfTheText) {
  const std::string text("a\0b", 3);
  EXPECT_THAT(gpt2().encode(text), ElementsAre(64, 188, 65));
  EXPECT_EQ(gpt2().decode(Ids{64, 188, 65}), text);
}

TEST(TokenizerTest, MergesComeInTheOrderOfTheirLines) {
  const std::string text = "abc";
  EXPECT_THAT(tokenizer_of(small_vocabulary, "a b\nb c\n").encode(text), ElementsAre(3, 2));
  EXPECT_THAT(tokenizer_of(small_vocabulary, "b c\na b\n").encode(text), ElementsAre(0, 4));
  EXPECT_THAT(tokenizer_of(small_vocabulary, "b c\na bc\n").encode(text), ElementsAre(5));
}

TEST(TokenizerTest, AMergeIsMadeEverywhereBeforeTheNextOne) {
  const std::string vocabulary = R"({"a": 0, "aa": 1, "aaa": 2, "<|endoftext|>": 3})";
  EXPECT_THAT(tokenizer_of(vocabulary, "aa a\na a\n").encode("aaaaa"), ElementsAre(1, 2));
  EXPECT_THAT(tokenizer_of(vocabulary, "a a\n").encode("aaaaa"), ElementsAre(1, 1, 0));
}

TEST(TokenizerTest, BlankLinesVersionAndCarriageReturnsInMergesAreSkipped) {
  const Tokenizer tokenizer = tokenizer_of(small_vocabulary, "#version: 0.2\r\n\r\na b\r\n\nab c");
  EXPECT_THAT(tokenizer.encode("abc"), ElementsAre(5));
}

TEST(TokenizerTest, AByteThatTheVocabularyLacksFailsOnlyWhenATextNeedsIt) {
  const std::string vocabulary = R"({"b": 1, "ab": 3, "<|endoftext|>": 9})";
  const Tokenizer tokenizer = tokenizer_of(vocabulary, "a b\n");
  EXPECT_THAT(tokenizer.encode("abb"), ElementsAre(3, 1));
  EXPECT_THAT([&] { tokenizer.encode("ba"); }, refuses_with("vocab.json", "0x61", "'ba'"));
  EXPECT_THAT([&] { tokenizer.encode("\u00E9"); }, refuses_with("0xC3", "'\u00E9'"));
}

TEST(TokenizerTest, APieceOutsideTheByteAlphabetDecodesToItself) {
  const Tokenizer tokenizer =
      tokenizer_of(R"({"my token": 0, "\u4e2d": 1, "\u0120a": 2, "<|endoftext|>": 3})", "");
  EXPECT_EQ(tokenizer.decode(Ids{0, 1, 2}), "my token\u4e2d a");
}

TEST(TokenizerTest, BrokenMergesNameFileAndLine) {
  const auto making = [](const std::string& merges) {
    return [merges] { tokenizer_of(small_vocabulary, merges); };
  };
  const std::string version = "#version: 0.2\n";
  EXPECT_THAT(making(version + "a b\na c\n"), refuses_with("merges.txt:3: 'a c'", "'ac'"));
  EXPECT_THAT(making("a b\n\na b\n"), refuses_with("merges.txt:3: 'a b'", "line 1"));
  for (const char* line : {"ab", "a  b", "a b c", " ab", "ab ", " "})
    EXPECT_THAT(making(version + line + "\n"),
                refuses_with("merges.txt:2: '" + std::string(line) + "'", "single space"));
  EXPECT_THAT(making("a b\n" + version), refuses_with("merges.txt:2: "));
  tried("input",
        "merges.txt with symbols that vocab.json lacks, merges twice, lines of another form",
        "refused: names line and merge");
}

TEST(TokenizerTest, AVocabularyWithoutEndOfTextIsRefused) {
  EXPECT_THAT([] { tokenizer_of(R"({"a": 0})", ""); }, refuses_with("vocab.json", "<|endoftext|>"));
}

TEST(TokenizerTest, AnIdBeyondAnyVocabularyIsRefused) {
  EXPECT_THAT([] { tokenizer_of(R"({"a": 16777216, "<|endoftext|>": 0})", ""); },
              refuses_with("vocab.json", "16777216"));
}

TEST(TokenizerTest, LinksThatWereSavedAsTextAreRecognised) {
  EXPECT_THAT([] { tokenizer_of(small_vocabulary, "../../gpt2-tokenizer/merges.txt"); },
              refuses_with("merges.txt: ", "'../../gpt2-tokenizer/merges.txt'", "symbolic link"));
  EXPECT_THAT([] { tokenizer_of("../../gpt2-tokenizer/vocab.json\n", "a b\n"); },
              refuses_with("vocab.json: ", "'../../gpt2-tokenizer/vocab.json'", "symbolic link"));
}

TEST(TokenizerTest, AMissingFileIsTheUsersMistake) {
  const TemporaryFolder folder;
  EXPECT_THAT([&] { Tokenizer{folder.path()}; }, refuses_with("vocab.json"));
  folder.write("vocab.json", small_vocabulary);
  EXPECT_THAT([&] { Tokenizer{folder.path()}; }, refuses_with("merges.txt"));
}

TEST(TokenizerTest, LongWordsTakeLittleTime) {
  constexpr std::size_t length = 1'000'000;
  std::string mixed;
  for (std::size_t i = 0; mixed.size() < length; ++i) mixed += static_cast<char>('a' + i * i % 23);
  const auto start = std::chrono::steady_clock::now();
  for (const std::string& text :
       {std::string(length, 'a'), std::string(length, ' '), std::string(length, ' ') + "x",
        std::string(length, '\n'), std::string(length, '='), std::string(length, '7'), mixed})
    EXPECT_EQ(gpt2().decode(gpt2().encode(text)), text);
  // It is a second or two; the naive algorithm takes hours.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(120));
}

TEST(TokenizerTest, TheHashIsThatOfTheFilesHashes) {
  const std::string merges = "a b\n";
  const std::string lines = sha256(small_vocabulary) + "\n" + sha256(merges) + "\n";
  EXPECT_EQ(tokenizer_of(small_vocabulary, merges).sha256(), sha256(lines));
}

TEST(TokenizerTest, MovesKeepTheTables) {
  Tokenizer first = tokenizer_of(small_vocabulary, "a b\n");
  Tokenizer second = std::move(first);
  EXPECT_THAT(second.encode("ab"), ElementsAre(3));
  first = std::move(second);
  EXPECT_EQ(first.decode(3), "ab");
}

}  // namespace
}  // namespace headsweep
