#include "model/model.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/memory_object.h"
#include "model/next_token.h"
#include "tests/golden.h"
#include "tests/kernels/devices.h"

namespace headsweep {
namespace {

/// A checkpoint and its packed weights in memory that processes share.
struct SharedModel {
  explicit SharedModel(const std::filesystem::path& folder, Backend& backend)
      : mapped(folder), config(read_config(folder)) {
    const auto content = mapped.contents().front();
    raw = share(static_cast<std::int64_t>(content.bytes.size()));
    std::ranges::copy(content.bytes, raw->data());
    packed = share(packed_bytes(config, backend));
  }

  static std::shared_ptr<MemoryObject> share(std::int64_t bytes) {
    return std::make_shared<MemoryObject>(MemoryObject::create(bytes));
  }

  Model open(Backend& backend, WeightBlock state) const {
    const CheckpointFile file{"model.safetensors",
                              {raw->data(), static_cast<std::size_t>(raw->bytes())}};
    return {std::make_shared<StoredWeights>(Checkpoint(mapped.folder(), {file}, raw), config),
            backend, view(packed), state};
  }

  std::int64_t raw_bytes_in_use() const {
    struct stat status {};
    EXPECT_EQ(fstat(raw->descriptor(), &status), 0);
    return status.st_blocks * 512;
  }

  Checkpoint mapped;
  ModelConfig config;
  std::shared_ptr<MemoryObject> raw, packed;
};

class SharedWeights : public testing::TestWithParam<Products>, public BackendTest {
 protected:
  /// One thread: OpenMP's do not live on in a child.
  SharedWeights() : BackendTest(GetParam(), 1) {}
};

INSTANTIATE_TEST_SUITE_P(Products, SharedWeights, testing::ValuesIn(cpu_products()),
                         [](const auto& info) { return name_of(info.param); });

std::vector<double> times_ones(Backend& backend, const Weight& weight) {
  const std::vector<double> ones(static_cast<std::size_t>(weight.inputs), 1.0);
  const Numbers in = to_device(backend, ones), out = allocate_numbers(backend, weight.outputs);
  backend.matmul(as_matrix(in, 1, weight.inputs), weight, Epilogue::store,
                 as_matrix(out, 1, weight.outputs));
  return to_host(backend, out);
}

TEST_P(SharedWeights, ThatAnotherProcessPackedGiveTheSameModel) {
  for (const char* name : {"models/tiny-a", "models/tiny-b"}) {
    const SharedModel shared(golden::data(name), *backend);
    const pid_t child = fork();
    if (child == 0) {
      shared.open(*backend, WeightBlock::to_be_packed);
      _exit(0);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);

    const Model own(golden::data(name), *backend),
        taken = shared.open(*backend, WeightBlock::packed_already);
    EXPECT_EQ(own.weight_bytes(), packed_bytes(own.config(), *backend));
    EXPECT_EQ(taken.weight_bytes(), own.weight_bytes());
    EXPECT_EQ(taken.unembedding(5).column, own.unembedding(5).column);
    EXPECT_EQ(next_token_logits(taken, {1, 7, 3, 20}, Processing::none),
              next_token_logits(own, {1, 7, 3, 20}, Processing::none));
    const std::vector<int> heads = {0, 2};
    for (int layer = 0; layer < own.config().layers; ++layer) {
      const HeadWeights a = taken.pack_heads(layer, heads, Queries::last_position),
                        b = own.pack_heads(layer, heads, Queries::last_position);
      EXPECT_EQ(times_ones(*backend, a.queries), times_ones(*backend, b.queries));
      EXPECT_EQ(times_ones(*backend, a.keys_values), times_ones(*backend, b.keys_values));
      EXPECT_EQ(times_ones(*backend, a.output), times_ones(*backend, b.output));
    }
  }
}

TEST_P(SharedWeights, OfOneFormServeEveryPrecisionThatReadsIt) {
  const std::vector<int> tokens = {1, 7, 3, 20}, heads = {0, 2};
  const auto folder = golden::data("models/tiny-b");
  const auto stored = std::make_shared<StoredWeights>(folder, read_config(folder));
  const Model first(stored, *backend, nullptr, WeightBlock::to_be_packed);
  for (const Products& products : cpu_products()) {
    const BackendTest other(products, 1);
    if (other.backend->info().weight_form != backend->info().weight_form) continue;
    const Model own(folder, *other.backend),
        second(stored, *other.backend, first.weight_block(), WeightBlock::packed_already);
    EXPECT_EQ(second.weight_block(), first.weight_block());
    EXPECT_EQ(next_token_logits(second, tokens, Processing::none),
              next_token_logits(own, tokens, Processing::none))
        << name_of(products);
    EXPECT_EQ(
        times_ones(*other.backend, second.pack_heads(1, heads, Queries::last_position).queries),
        times_ones(*other.backend, own.pack_heads(1, heads, Queries::last_position).queries));
  }
}

TEST_P(SharedWeights, WhoPacksGivesBackWhatNobodyReadsAgain) {
  const SharedModel shared(golden::data("models/tiny-a"), *backend);
  const std::int64_t before = shared.raw_bytes_in_use();
  shared.open(*backend, WeightBlock::packed_already);
  EXPECT_EQ(shared.raw_bytes_in_use(), before);
  shared.open(*backend, WeightBlock::to_be_packed);
  EXPECT_EQ(shared.raw_bytes_in_use(), before);
  const Model model = shared.open(*backend, WeightBlock::last_to_be_packed);
  const std::int64_t matrix_bytes = std::int64_t{4} * model.config().d_model * model.config().d_mlp;
  const auto page = static_cast<std::int64_t>(sysconf(_SC_PAGESIZE));
  EXPECT_LE(shared.raw_bytes_in_use(),
            before - 2 * model.config().layers * (matrix_bytes - 2 * page));
}

}  // namespace
}  // namespace headsweep
