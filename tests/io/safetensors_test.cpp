#include "io/safetensors.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include <gmock/gmock.h>

#include "io/errors.h"
#include "io/mapped_file.h"
#include "tests/complaints.h"
#include "tests/tried.h"

namespace headsweep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string with_length(const std::string& header, std::uint64_t length,
                        const std::string& data = "") {
  std::string file(sizeof length, '\0');
  std::memcpy(file.data(), &length, sizeof length);
  return file + header + data;
}

std::string safetensors(const std::string& header, const std::string& data = "") {
  return with_length(header, header.size(), data);
}

std::vector<StoredTensor> parse(const std::string& file) {
  return parse_safetensors(std::as_bytes(std::span(file)), "dir/x.safetensors");
}

/// The message of the UserError, or an empty text.
std::string complaint(const std::string& file) {
  return complaint_of([&] { parse(file); });
}

/// Of a file whose only tensor "t" has this entry, and 16 bytes of data.
std::string complaint_about(const std::string& entry) {
  return complaint(safetensors(R"({"t":)" + entry + "}", std::string(16, 'x')));
}

template <class T>
StoredTensor tensor_of(ElementType type, const char* type_name, const std::vector<T>& elements) {
  return {"t",
          type,
          type_name,
          {static_cast<std::int64_t>(elements.size())},
          std::as_bytes(std::span(elements))};
}

/// IEEE 754's definition, without tricks.
double half_by_definition(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

TEST(Safetensors, ListsTensorsWithTypeShapeAndBytes) {
  const std::string file =
      safetensors(R"({"__metadata__":{"format":"pt"},)"
                  R"("b":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
                  R"("a":{"dtype":"I64","shape":[],"data_offsets":[8,16]},)"
                  R"("new":{"dtype":"F4_X","shape":[3],"data_offsets":[16,18]},)"
                  R"("none":{"dtype":"BF16","shape":[4,0],"data_offsets":[18,18]}}   )",
                  "01234567abcdefgh++");
  const auto tensors = parse(file);
  ASSERT_EQ(tensors.size(), 4u);
  EXPECT_EQ(tensors[0].name, "a");
  EXPECT_EQ(tensors[0].type, ElementType::other);
  EXPECT_EQ(tensors[0].type_name, "I64");
  EXPECT_EQ(tensors[0].elements(), 1);
  EXPECT_EQ(tensors[1].name, "b");
  EXPECT_EQ(tensors[1].type, ElementType::f32);
  EXPECT_THAT(tensors[1].shape, ElementsAre(2, 1));
  EXPECT_EQ(std::memcmp(tensors[1].bytes.data(), "01234567", 8), 0);
  EXPECT_EQ(tensors[2].bytes.size(), 2u);
  EXPECT_EQ(tensors[3].type, ElementType::bf16);
  EXPECT_EQ(tensors[3].elements(), 0);
}

TEST(Safetensors, ReadsARealCheckpoint) {
  const std::filesystem::path path = HEADSWEEP_TEST_DATA "/models/tiny-a/model.safetensors";
  const MappedFile file(path);
  const auto tensors = parse_safetensors(file.bytes(), path);
  ASSERT_GT(tensors.size(), 20u);
  for (const auto& tensor : tensors) {
    if (tensor.type == ElementType::other) continue;
    std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
    read_floats(tensor, 0, values);
    EXPECT_TRUE(std::ranges::all_of(values, [](float value) { return std::isfinite(value); }))
        << tensor.name;
    file.release(tensor.bytes);
    std::vector<float> again(1);
    read_floats(tensor, tensor.elements() - 1, again);
    EXPECT_EQ(again[0], values.back());
  }
}

TEST(Safetensors, SaysThatAFileIsTruncatedAndByHowMuch) {
  const std::string whole = safetensors(
      R"({"t":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})", std::string(16, 'x'));
  ASSERT_EQ(complaint(whole), "");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THAT(
        complaint(whole.substr(0, size)),
        testing::AllOf(HasSubstr("dir/x.safetensors: is truncated"), HasSubstr("copy it again")))
        << size;
  EXPECT_THAT(complaint(whole.substr(0, whole.size() - 5)), HasSubstr("5 bytes are missing"));
  EXPECT_THAT(complaint(whole.substr(0, whole.size() - 20)), HasSubstr("4 bytes of its header"));
}

TEST(Safetensors, RefusesWhatIsNoSafetensorsFile) {
  EXPECT_THAT(complaint(std::string(100, 'x')), HasSubstr("is not a safetensors file"));
  EXPECT_THAT(complaint(std::string(100, '\0')), HasSubstr("is not a safetensors file"));
  EXPECT_THAT(complaint(with_length("{}", 100'000'001)), HasSubstr("is not a safetensors file"));
  EXPECT_THAT(complaint(with_length("{}", ~std::uint64_t{0})), HasSubstr("not a safetensors file"));
  EXPECT_THAT(complaint(safetensors(R"( {"t":1})")), HasSubstr("does not begin with '{'"));
  EXPECT_THAT(complaint("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"),
              HasSubstr("git lfs pull"));
}

TEST(Safetensors, RefusesAHeaderThatIsNotGoodJson) {
  EXPECT_THAT(complaint(safetensors(R"({"t":)")), HasSubstr("the header is not valid JSON"));
  EXPECT_THAT(complaint(safetensors(R"({} x)")), HasSubstr("not valid JSON"));
  EXPECT_THAT(complaint(safetensors("{\"\xff\":1}")), HasSubstr("not valid JSON"));
  EXPECT_THAT(complaint(safetensors(R"({"t":{"dtype":"F32","shape":[1e999]}})")),
              HasSubstr("not valid JSON"));
  EXPECT_THAT(complaint(safetensors("{\"t\":" + std::string(100'000, '['))),
              HasSubstr("nested too deeply"));
  const std::string entry = R"({"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  EXPECT_THAT(complaint(safetensors(R"({"t":)" + entry + R"(,"t":)" + entry + "}")),
              HasSubstr("has the name 't' twice"));
  EXPECT_THAT(complaint_about(R"({"dtype":"U8","dtype":"F32","shape":[0],"data_offsets":[0,0]})"),
              HasSubstr("has the name 'dtype' twice"));
  EXPECT_EQ(complaint(safetensors(R"({"t":)" + entry + R"(,"u":)" + entry + "}")), "");
}

TEST(Safetensors, RefusesAnEntryThatIsNotAsItShouldBe) {
  EXPECT_THAT(complaint_about("7"), HasSubstr("tensor 't': its header entry is not an object"));
  EXPECT_THAT(complaint_about(R"({"shape":[4],"data_offsets":[0,16]})"),
              HasSubstr("tensor 't': has no 'dtype'"));
  EXPECT_THAT(complaint_about(R"({"dtype":"F32","data_offsets":[0,16]})"),
              HasSubstr("has no 'shape'"));
  EXPECT_THAT(complaint_about(R"({"dtype":"F32","shape":[4]})"),
              HasSubstr("has no 'data_offsets'"));
  EXPECT_THAT(complaint_about(R"({"dtype":4,"shape":[4],"data_offsets":[0,16]})"),
              HasSubstr("'dtype' is not a text"));
  EXPECT_THAT(complaint_about(R"({"dtype":"F32","shape":[4],"data_offsets":[0,16],"x":1})"),
              HasSubstr("unknown fields"));
}

TEST(Safetensors, RefusesImpossibleShapes) {
  const auto complaint_about_shape = [](const std::string& shape) {
    return complaint_about(R"({"dtype":"F32","shape":)" + shape + R"(,"data_offsets":[0,16]})");
  };
  EXPECT_THAT(complaint_about_shape("4"), HasSubstr("'shape' is not a list"));
  EXPECT_THAT(complaint_about_shape("[-4]"), HasSubstr("'shape' holds -4"));
  EXPECT_THAT(complaint_about_shape("[4.0]"), HasSubstr("'shape' holds 4.0"));
  EXPECT_THAT(complaint_about_shape("[\"4\"]"), HasSubstr("'shape' holds \"4\""));
  EXPECT_THAT(complaint_about_shape("[18446744073709551615]"), HasSubstr("not a size"));
  EXPECT_THAT(complaint_about_shape("[4294967296,4294967296]"), HasSubstr("too many elements"));
  EXPECT_THAT(complaint_about_shape("[4611686018427387908]"), HasSubstr("span 16 bytes"));
  EXPECT_THAT(complaint_about_shape("[5]"), HasSubstr("span 16 bytes, but 5 elements of F32"));
  EXPECT_EQ(complaint_about_shape("[2,2]"), "");
}

TEST(Safetensors, RefusesImpossibleOffsets) {
  const auto complaint_about_offsets = [](const std::string& offsets) {
    return complaint_about(R"({"dtype":"U8","shape":[4],"data_offsets":)" + offsets + "}");
  };
  EXPECT_THAT(complaint_about_offsets("[0]"), HasSubstr("not a pair of sizes"));
  EXPECT_THAT(complaint_about_offsets("[0,4,8]"), HasSubstr("not a pair of sizes"));
  EXPECT_THAT(complaint_about_offsets("[-4,0]"), HasSubstr("not a pair of sizes"));
  EXPECT_THAT(complaint_about_offsets("[0,4.0]"), HasSubstr("not a pair of sizes"));
  EXPECT_THAT(complaint_about_offsets("[8,4]"), HasSubstr("runs backwards"));
  EXPECT_THAT(complaint_about_offsets("[13,17]"), HasSubstr("1 bytes are missing"));
  EXPECT_THAT(complaint_about_offsets("[18446744073709551611,18446744073709551615]"),
              HasSubstr("bytes are missing"));
  EXPECT_EQ(complaint_about_offsets("[12,16]"), "");
}

TEST(Safetensors, ChecksTheSizeOfTypesThatItCannotReadToo) {
  EXPECT_THAT(complaint_about(R"({"dtype":"I64","shape":[4],"data_offsets":[0,16]})"),
              HasSubstr("4 elements of I64 need 8 each"));
  EXPECT_THAT(complaint_about(R"({"dtype":"BOOL","shape":[4],"data_offsets":[0,16]})"),
              HasSubstr("need 1 each"));
}

TEST(Safetensors, RefusesTensorsThatShareBytes) {
  EXPECT_THAT(complaint(safetensors(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[3,7]},)"
                                    R"("b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
                                    "01234567")),
              HasSubstr("tensor 'a': shares bytes with tensor 'b'"));
}

TEST(Safetensors, BytesBetweenAndBehindTensorsAreNoMatter) {
  const std::string file = safetensors(R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[1,5]},)"
                                       R"("b":{"dtype":"F32","shape":[1],"data_offsets":[7,11]}})",
                                       "0123456789abcdefghi");
  const auto tensors = parse(file);
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(static_cast<char>(tensors[0].bytes[0]), '1');
  EXPECT_EQ(static_cast<char>(tensors[1].bytes[3]), 'a');
}

TEST(Safetensors, RefusesHundredsOfThousandsOfTensors) {
  const std::string entry = R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)";
  std::string header = "{";
  for (int i = 0; i < 200'000; ++i) header += '"' + std::to_string(i) + entry;
  header.back() = '}';
  EXPECT_THAT(complaint(safetensors(header)), HasSubstr("holds more than 1000000 values"));
  tried("input",
        "safetensors headers: lengths, shapes and offsets that are negative, fractional, giant or "
        "overflow, overlaps, names twice, 200,000 tensors, JSON nested deeply",
        "refused: names file and tensor");
}

TEST(Safetensors, SurvivesEveryGarbledByte) {
  const std::string whole =
      safetensors(R"({"a":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]},)"
                  R"("b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})",
                  "0123456789abcdef");
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    std::string garbled = whole;
    for (int flips = 0; flips <= i % 3; ++flips)
      garbled[random() % garbled.size()] = static_cast<char>(random());
    try {
      for (const auto& tensor : parse(garbled)) {
        if (tensor.type == ElementType::other) continue;
        std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
        read_floats(tensor, 0, values);
      }
    } catch (const UserError&) {
    }
  }
}

TEST(ReadFloats, ConvertsEveryHalfExactly) {
  std::vector<std::uint16_t> halves(65536);
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<std::uint16_t>(i);
  std::vector<float> values(halves.size());
  read_floats(tensor_of(ElementType::f16, "F16", halves), 0, values);
  for (std::size_t i = 0; i < halves.size(); ++i) {
    const auto wanted = static_cast<float>(half_by_definition(halves[i]));
    if (std::isnan(wanted))
      ASSERT_TRUE(std::isnan(values[i])) << i;
    else
      ASSERT_EQ(std::bit_cast<std::uint32_t>(values[i]), std::bit_cast<std::uint32_t>(wanted)) << i;
  }
}

TEST(ReadFloats, ConvertsEveryBfloatExactly) {
  std::vector<std::uint16_t> stored(65536);
  for (std::size_t i = 0; i < stored.size(); ++i) stored[i] = static_cast<std::uint16_t>(i);
  std::vector<float> values(stored.size());
  read_floats(tensor_of(ElementType::bf16, "BF16", stored), 0, values);
  for (std::size_t i = 0; i < stored.size(); ++i)
    ASSERT_EQ(std::bit_cast<std::uint32_t>(values[i]), static_cast<std::uint32_t>(i) << 16) << i;
}

TEST(ReadFloats, ReadsAPartOfATensor) {
  const std::vector<float> stored = {1, 2, 3, 4, 5};
  std::vector<float> values(3);
  read_floats(tensor_of(ElementType::f32, "F32", stored), 1, values);
  EXPECT_THAT(values, ElementsAre(2, 3, 4));
  read_floats(tensor_of(ElementType::f32, "F32", stored), 5, {});
}

TEST(ReadFloats, FindsTheFirstThatIsNoFiniteNumber) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), infinity = INFINITY;
  for (const std::int64_t place : {0, 1, 4095, 4096, 9999})
    for (const float bad : {nan, -nan, infinity, -infinity}) {
      std::vector<float> stored(10'000, std::numeric_limits<float>::max()), values(stored.size());
      stored[static_cast<std::size_t>(place)] = stored.back() = bad;
      EXPECT_EQ(read_floats(tensor_of(ElementType::f32, "F32", stored), 0, values), place);
    }
}

TEST(ReadFloats, CountsFromTheTensorsBeginning) {
  const std::vector<std::uint16_t> halves = {0x7c00, 0, 0x7bff, 0xfe00};
  std::vector<float> values(3);
  EXPECT_EQ(read_floats(tensor_of(ElementType::f16, "F16", halves), 1, values), 3);
  const std::vector<std::uint16_t> bfloats = {0xff80, 0x7f7f, 0x7f81};
  values.resize(2);
  EXPECT_EQ(read_floats(tensor_of(ElementType::bf16, "BF16", bfloats), 1, values), 2);
  values.resize(1);
  EXPECT_EQ(read_floats(tensor_of(ElementType::bf16, "BF16", bfloats), 1, values), std::nullopt);
}

TEST(ReadFloats, ReadsElementsThatAreNotAligned) {
  // The header's length is odd, so every tensor begins at an odd place in the file.
  const float number = 1.5F;
  std::string data(4, '\0');
  std::memcpy(data.data(), &number, 4);
  const std::string header = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                             R"("b":{"dtype":"F16","shape":[1],"data_offsets":[4,6]}} )";
  const std::string file =
      safetensors(header.size() % 2 == 0 ? header + " " : header, data + std::string("\0\x3c", 2));
  const auto tensors = parse(file);
  std::vector<float> value(1);
  read_floats(tensors.at(0), 0, value);
  EXPECT_EQ(value[0], 1.5F);
  read_floats(tensors.at(1), 0, value);
  EXPECT_EQ(value[0], 1.0F);
}

TEST(ReadFloats, RefusesATypeThatIsNotAFloat) {
  const std::vector<std::int64_t> stored = {1};
  std::vector<float> value(1);
  EXPECT_THAT([&] { read_floats(tensor_of(ElementType::other, "I64", stored), 0, value); },
              refuses_with("tensor 't' has elements of type I64"));
}

}  // namespace
}  // namespace headsweep
