// Folding moves a layer norm's shift and the value biases into the biases around: what a layer
// computes stays the same.
#include "model/folded_weights.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/near.h"
#include "tests/reference_model.h"
#include "tests/small_checkpoint.h"

namespace headsweep {
namespace {

using reference::Row;

/// Nothing is rounded: sums of 12 products of size one in float64.
constexpr double tolerance = 1e-13;
const std::vector<int> every_head = {0, 1, 2};

class FoldedWeightsTest : public testing::Test {
 protected:
  FoldedWeightsTest() { checkpoint.write(folder); }

  Row stored_values(const std::string& name) const {
    const auto& values = checkpoint.tensors.at("h.1." + name).values;
    return {values.begin(), values.end()};
  }

  /// A row as it leaves the layer norm, with scale and shift.
  Row shifted(const Row& normalized, const std::string& norm) const {
    const Row scale = stored_values(norm + ".weight"), shift = stored_values(norm + ".bias");
    Row result;
    for (std::size_t i = 0; i < normalized.size(); ++i)
      result.push_back(normalized[i] * scale[i] + shift[i]);
    return result;
  }

  /// A row as Backend::layer_norm() gives it.
  static Row scaled(const Row& normalized, const Row& scale) {
    Row result;
    for (std::size_t i = 0; i < normalized.size(); ++i) result.push_back(normalized[i] * scale[i]);
    return result;
  }

  static Row times(const Row& row, const HostWeight& weight) {
    return reference::times(row, {weight.weight.begin(), weight.weight.end()},
                            {weight.bias.begin(), weight.bias.end()});
  }

  static Row part(const Row& row, std::size_t third) {
    const auto begin = row.begin() + static_cast<std::ptrdiff_t>(third * row.size() / 3);
    return {begin, begin + static_cast<std::ptrdiff_t>(row.size() / 3)};
  }

  static Row difference(Row a, const Row& b) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
    return a;
  }

  const SmallCheckpoint checkpoint;
  TemporaryFolder folder;
  const Row normalized = {1, -2, 0.5, 0.25, 3, -1, 0.75, -0.5, 2, 0, -3, 1.5};
};

class Folding : public FoldedWeightsTest {
 protected:
  const StoredWeights stored{folder.path(), checkpoint.config};
  const FoldedWeights folded{stored, checkpoint.config};
};

TEST_F(Folding, QueriesAndKeysAreThoseOfTheShiftedRow) {
  const Row expected =
      reference::times(shifted(normalized, "ln_1"), stored_values("attn.c_attn.weight"),
                       stored_values("attn.c_attn.bias"));
  const Row got =
      times(scaled(normalized, folded.attention_scale(1)),
            folded.attention_input(1, every_head, AttentionInputs::queries_keys_values));
  EXPECT_TRUE(all_near(part(got, 0), part(expected, 0), tolerance));
  EXPECT_TRUE(all_near(part(got, 1), part(expected, 1), tolerance));
}

TEST_F(Folding, ValuesLackTheirBiasesAndTheLayersBiasHasThem) {
  const Row expected =
      reference::times(shifted(normalized, "ln_1"), stored_values("attn.c_attn.weight"),
                       stored_values("attn.c_attn.bias"));
  const Row values =
      part(times(scaled(normalized, folded.attention_scale(1)),
                 folded.attention_input(1, every_head, AttentionInputs::queries_keys_values)),
           2);
  const Row none(12, 0.0);
  const Row shift_alone =
      reference::times(shifted(none, "ln_1"), stored_values("attn.c_attn.weight"),
                       stored_values("attn.c_attn.bias"));
  EXPECT_TRUE(all_near(values, difference(part(expected, 2), part(shift_alone, 2)), tolerance));

  // What the layer adds to the residual stream where a position attends to itself alone: z is its
  // values.
  HostWeight output = folded.attention_output(1, every_head);
  output.bias = folded.attention_bias(1);
  EXPECT_TRUE(all_near(times(values, output),
                       reference::times(part(expected, 2), stored_values("attn.c_proj.weight"),
                                        stored_values("attn.c_proj.bias")),
                       10 * tolerance));
}

TEST_F(Folding, TheMlpReadsTheShiftedRow) {
  EXPECT_TRUE(
      all_near(times(scaled(normalized, folded.mlp_scale(1)), folded.mlp_input(1)),
               reference::times(shifted(normalized, "ln_2"), stored_values("mlp.c_fc.weight"),
                                stored_values("mlp.c_fc.bias")),
               tolerance));
}

TEST_F(Folding, MatricesAreThoseOfTheCheckpointToTheLastBit) {
  const HostWeight attention =
      folded.attention_input(1, every_head, AttentionInputs::queries_keys_values);
  EXPECT_EQ(attention.weight, checkpoint.tensors.at("h.1.attn.c_attn.weight").values);
  EXPECT_EQ(folded.mlp_input(1).weight, checkpoint.tensors.at("h.1.mlp.c_fc.weight").values);
}

TEST_F(Folding, TheMlpsOutputIsAsItIsStored) {
  const HostWeight output = folded.mlp_output(1);
  EXPECT_EQ(output.inputs, 20);
  EXPECT_EQ(output.outputs, 12);
  EXPECT_EQ(output.weight, checkpoint.tensors.at("h.1.mlp.c_proj.weight").values);
  EXPECT_EQ(output.bias, stored_values("mlp.c_proj.bias"));
}

TEST_F(Folding, ATokensDirectionGivesItsLogitFromTheRowBeforeScaleAndShift) {
  const auto &scale = checkpoint.tensors.at("ln_f.weight").values,
             &shift = checkpoint.tensors.at("ln_f.bias").values,
             &embedding = checkpoint.tensors.at("wte.weight").values;
  for (const std::size_t token : {0, 4, 10}) {
    const auto direction = folded.unembedding(static_cast<int>(token));
    double expected = 0;
    for (std::size_t i = 0; i < 12; ++i)
      expected +=
          (normalized[i] * double{scale[i]} + double{shift[i]}) * double{embedding[token * 12 + i]};
    EXPECT_NEAR(reference::dot(normalized.data(), direction.column.data(), 12) + direction.bias,
                expected, 1e-12);
  }
}

/// Columns of some heads of one part of (rows, parts * heads * d_head), row by row.
template <class T>
std::vector<T> columns_of(const std::vector<T>& matrix, int parts, int heads, int d_head,
                          int first_part, int part_count, const std::vector<int>& wanted) {
  const auto width = static_cast<std::size_t>(parts) * static_cast<std::size_t>(heads) *
                     static_cast<std::size_t>(d_head);
  std::vector<T> result;
  for (std::size_t row = 0; row < matrix.size(); row += width)
    for (int part = first_part; part < first_part + part_count; ++part)
      for (const int head : wanted) {
        const auto begin =
            matrix.begin() + static_cast<std::ptrdiff_t>(row) + (part * heads + head) * d_head;
        result.insert(result.end(), begin, begin + d_head);
      }
  return result;
}

TEST_F(Folding, SomeHeadsColumnsAreThoseOfTheWhole) {
  const HostWeight whole =
      folded.attention_input(1, every_head, AttentionInputs::queries_keys_values);
  struct Part {
    AttentionInputs wanted;
    int first, count;
  };
  for (const auto& [wanted, first, count] :
       {Part{AttentionInputs::queries_keys_values, 0, 3}, Part{AttentionInputs::queries, 0, 1},
        Part{AttentionInputs::keys_values, 1, 2}})
    for (const std::vector<int>& heads : {std::vector{0}, {2}, {0, 2}, {2, 0}, {0, 1, 2}}) {
      const HostWeight some = folded.attention_input(1, heads, wanted);
      EXPECT_EQ(some.inputs, 12);
      EXPECT_EQ(some.outputs, count * static_cast<int>(heads.size()) * 4);
      EXPECT_EQ(some.weight, columns_of(whole.weight, 3, 3, 4, first, count, heads));
      EXPECT_EQ(some.bias, columns_of(whole.bias, 3, 3, 4, first, count, heads));
    }
}

TEST_F(Folding, TheMemoryOfAnotherWeightMayBeUsedAgain) {
  const HostWeight used{7, 100, std::vector<float>(700, 9.0f), std::vector<double>(100, 9.0)};
  const auto expect_same = [](const HostWeight& got, const HostWeight& expected) {
    EXPECT_EQ(got.inputs, expected.inputs);
    EXPECT_EQ(got.outputs, expected.outputs);
    EXPECT_EQ(got.weight, expected.weight);
    EXPECT_EQ(got.bias, expected.bias);
  };
  const std::vector<int> heads = {2, 0};
  for (const AttentionInputs wanted : {AttentionInputs::queries_keys_values,
                                       AttentionInputs::queries, AttentionInputs::keys_values})
    expect_same(folded.attention_input(1, heads, wanted, used),
                folded.attention_input(1, heads, wanted));
  expect_same(folded.attention_output(1, heads, used), folded.attention_output(1, heads));
  expect_same(folded.mlp_input(1, used), folded.mlp_input(1));
  expect_same(folded.mlp_output(1, used), folded.mlp_output(1));
}

TEST_F(Folding, SomeHeadsOutputsAreTheirRowsOfTheWhole) {
  const std::vector<float> whole = folded.attention_output(1, every_head).weight;
  EXPECT_EQ(whole, checkpoint.tensors.at("h.1.attn.c_proj.weight").values);
  const HostWeight some = folded.attention_output(1, std::vector{2, 0});
  std::vector<float> expected(whole.begin() + 2 * 4 * 12, whole.end());
  expected.insert(expected.end(), whole.begin(), whole.begin() + 4 * 12);
  EXPECT_EQ(some.inputs, 8);
  EXPECT_EQ(some.outputs, 12);
  EXPECT_EQ(some.weight, expected);
  EXPECT_TRUE(some.bias.empty());
}

}  // namespace
}  // namespace headsweep
