// What a wave of circuits asks the backend for: on a device where operations are launched one by
// one, their number decides, and what is copied or allocated in between makes it wait.
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "model/circuit_forward.h"
#include "tests/counting_backend.h"
#include "tests/golden.h"
#include "tests/processor.h"

namespace headsweep {
namespace {

using Heads = std::vector<std::pair<int, int>>;

struct WaveOperations : testing::Test {
  CountingBackend backend{open_processor(Rung::fp32, 1)};
  Model model{golden::data("models/tiny-a"), backend};
  Family family = tokenize_family(golden::prompts("even"), golden::gpt2_tokenizer(), model.config(),
                                  Ablation::mean, Positions::all);
  CircuitForward forward{model, family.clean, family.corrupted, {}, 4};

  /// The full model comes first: what circuits part from in layer 0 is not remembered for them.
  WaveOperations() { forward.run_full_model(); }

  static Circuit without(const Heads& heads) {
    Circuit circuit(3, 4, Circuit::Start::everything);
    for (const auto& [layer, head] : heads) circuit.remove(layer, head);
    return circuit;
  }

  /// By the second run of a wave, when all that is packed once is there.
  std::string asked_for(const std::vector<Circuit>& wave) {
    forward.run(wave);
    backend.asked.clear();
    forward.run(wave);
    return backend.asked;
  }
};

TEST_F(WaveOperations, CircuitsWithTheSamePackedHeadsAskForNoMoreThanOneCircuit) {
  const Heads packed = {{1, 0}, {1, 1}, {1, 2}, {2, 1}, {2, 2}, {2, 3}};
  std::vector<Circuit> wave;
  for (int head = 0; head < 4; ++head) {
    Heads removed = packed;
    removed.emplace_back(0, head);
    wave.push_back(without(removed));
  }
  const std::string of_all = asked_for(wave);
  EXPECT_EQ(of_all, asked_for({wave[0]}));
  EXPECT_EQ(std::count(of_all.begin(), of_all.end(), 't'), 2);  // in layer 0 all share the heads
  EXPECT_EQ(std::count(of_all.begin(), of_all.end(), 'r'), 1);
}

TEST_F(WaveOperations, CircuitsThatEachComputeAllHeadsDoSoTogether) {
  const std::string asked = asked_for({without({{0, 0}}), without({{0, 1}}), without({{0, 2}})});
  EXPECT_EQ(std::count(asked.begin(), asked.end(), 't'), 2);  // in layer 1 and 2
  EXPECT_EQ(std::count(asked.begin(), asked.end(), 'p'), 3 + 4 + 4);
  EXPECT_EQ(std::count(asked.begin(), asked.end(), 'r'), 1);  // in layer 0
}

TEST_F(WaveOperations, NothingIsCopiedOrAllocatedBetweenThem) {
  const std::vector<std::vector<Circuit>> waves = {
      {without({{0, 0}}), without({{0, 1}})},
      {without({{2, 0}}), without({{2, 1}}), without({{2, 0}, {2, 1}})},
      {without({{0, 1}, {1, 0}, {1, 1}}), without({{1, 0}, {1, 1}}), without({{1, 3}})},
      {without({{0, 0}, {0, 1}, {0, 2}, {0, 3}, {2, 0}, {2, 1}, {2, 2}, {2, 3}})}};
  const std::regex copies_at_the_ends("d?[^adh]+h");
  for (const auto& wave : waves) {
    const std::string asked = asked_for(wave);
    EXPECT_TRUE(std::regex_match(asked, copies_at_the_ends)) << asked;
  }
}

}  // namespace
}  // namespace headsweep
