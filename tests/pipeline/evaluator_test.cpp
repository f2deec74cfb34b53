#include "pipeline/evaluator.h"

#include <numeric>

#include <gtest/gtest.h>

#include "tests/golden.h"

namespace headsweep {
namespace {

class EvaluatorTest : public testing::Test {
 protected:
  EvaluatorTest() : made("tiny-a.even.mean.all.T3.json"), evaluator(fresh()) {}

  Evaluator fresh() const {
    return {made.model, made.family.clean, made.family.corrupted, Ablation::mean, Positions::all};
  }

  static Circuit without(const std::vector<std::pair<int, int>>& heads) {
    Circuit circuit(3, 4, Circuit::Start::everything);
    for (const auto& [layer, head] : heads) circuit.remove(layer, head);
    return circuit;
  }

  static void expect_equal(const Evaluation& got, const Evaluation& expected) {
    EXPECT_EQ(got.score_percent, expected.score_percent);
    EXPECT_EQ(got.mean, expected.mean);
    EXPECT_EQ(got.per_prompt, expected.per_prompt);
  }

  golden::Case made;
  Evaluator evaluator;
};

TEST_F(EvaluatorTest, TheFullModelIsAHundredPercent) {
  EXPECT_EQ(evaluator.full().score_percent, 100);
  EXPECT_EQ(evaluator.full().per_prompt.size(), 10u);
  const Evaluation everything = evaluator.evaluate(without({}));
  EXPECT_DOUBLE_EQ(everything.score_percent, 100);  // 100 x / x may be off in the last bit
  EXPECT_EQ(everything.per_prompt, evaluator.full().per_prompt);
}

TEST_F(EvaluatorTest, TheScoreIsTheMeanLogitDifferenceAgainstTheFullModels) {
  const Evaluation got = evaluator.evaluate(without({{2, 1}, {1, 0}}));
  const double mean = std::accumulate(got.per_prompt.begin(), got.per_prompt.end(), 0.0) / 10;
  EXPECT_EQ(got.mean, mean);
  EXPECT_EQ(got.score_percent, 100 * mean / evaluator.full().mean);
  EXPECT_LT(got.score_percent, 99.9);
}

TEST_F(EvaluatorTest, ResultsComeInTheOrderOfTheCircuits) {
  // Neither sorted nor sorted backwards, more than run side by side.
  const std::vector<Circuit> circuits = {without({{1, 1}}), without({{2, 3}}), without({{0, 0}}),
                                         without({}),       without({{1, 0}}), without({{0, 3}}),
                                         without({{2, 0}}), without({{0, 2}}), without({{2, 1}}),
                                         without({{1, 3}})};
  const std::vector<Evaluation> got = evaluator.evaluate(circuits);
  ASSERT_EQ(got.size(), circuits.size());
  for (std::size_t i = 0; i < circuits.size(); ++i) {
    SCOPED_TRACE(i);
    expect_equal(got[i], fresh().evaluate(circuits[i]));
    if (i > 0) {
      EXPECT_NE(got[i].score_percent, got[0].score_percent);
    }
  }
}

TEST_F(EvaluatorTest, EqualCircuitsAreAllAnswered) {
  const Circuit first = without({{1, 1}}), second = without({{2, 2}});
  const std::vector<Circuit> circuits = {second, first, second, second, first};
  const std::vector<Evaluation> got = evaluator.evaluate(circuits);
  ASSERT_EQ(got.size(), 5u);
  for (std::size_t i = 0; i < circuits.size(); ++i)
    expect_equal(got[i], fresh().evaluate(circuits[i]));
}

/// Counts what the model's backend is asked for.
class CountingBackend final : public Backend {
 public:
  explicit CountingBackend(std::unique_ptr<Backend> backend) : backend_(std::move(backend)) {}

  int products = 0;

  DeviceInfo info() const override { return backend_->info(); }
  Element element() const override { return backend_->element(); }
  std::shared_ptr<void> allocate_bytes(std::int64_t bytes) override {
    return backend_->allocate_bytes(bytes);
  }
  void copy_to_device(std::span<const std::byte> host, void* device) override {
    backend_->copy_to_device(host, device);
  }
  void copy_to_host(const void* device, std::span<std::byte> host) override {
    backend_->copy_to_host(device, host);
  }
  std::int64_t packed_bytes(std::int64_t inputs, std::int64_t outputs) override {
    return backend_->packed_bytes(inputs, outputs);
  }
  void pack_into(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
                 std::span<const double> bias, void* memory) override {
    backend_->pack_into(weight, inputs, outputs, bias, memory);
  }
  Weight packed_weight(std::shared_ptr<void> memory, std::int64_t inputs,
                       std::int64_t outputs) override {
    return backend_->packed_weight(std::move(memory), inputs, outputs);
  }
  void matmul(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) override {
    ++products;
    backend_->matmul(in, weight, epilogue, out);
  }
  void layer_norm(Matrix in, const Numbers& scale, double epsilon, Matrix out) override {
    backend_->layer_norm(in, scale, epsilon, out);
  }
  void attention(SequenceRows sequences, int heads, Queries queries, Matrix q, Matrix k, Matrix v,
                 Matrix z) override {
    backend_->attention(sequences, heads, queries, q, k, v, z);
  }
  void replace_heads(const HeadFill& fill, Matrix from, Matrix to) override {
    backend_->replace_heads(fill, from, to);
  }
  void add_rows(Matrix values, const int* row, Matrix x) override {
    backend_->add_rows(values, row, x);
  }
  void gather_rows(Matrix in, const int* row, Matrix out) override {
    backend_->gather_rows(in, row, out);
  }
  void row_dots(Matrix a, Matrix b, double* out) override { backend_->row_dots(a, b, out); }

 private:
  std::unique_ptr<Backend> backend_;
};

TEST_F(EvaluatorTest, EqualCircuitsAreComputedOnce) {
  CountingBackend backend(open_device(DeviceChoice::cpu, Rung::fp32, 0));
  const Gpt2 model(golden::data("models/tiny-a"), backend);
  Evaluator counted(model, made.family.clean, made.family.corrupted, Ablation::mean,
                    Positions::all);
  const auto products_for = [&](const std::vector<Circuit>& circuits) {
    const int before = backend.products;
    counted.evaluate(circuits);
    return backend.products - before;
  };
  const Circuit circuit = without({{1, 1}});
  products_for({circuit});  // from now on the layers below are remembered
  const int once = products_for({circuit});
  EXPECT_GT(once, 0);
  EXPECT_EQ(products_for({circuit, circuit, circuit}), once);
  EXPECT_EQ(products_for({}), 0);
}

}  // namespace
}  // namespace headsweep
