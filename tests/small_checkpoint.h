// A GPT-2 of a few hundred random weights, for tests that change its checkpoint.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/config.h"
#include "tests/reference.h"
#include "tests/temporary_folder.h"

namespace headsweep {

struct SmallCheckpoint {
  struct Tensor {
    std::vector<std::int64_t> shape;
    std::vector<float> values;
    std::string type = "F32";
  };

  ModelConfig config{
      .layers = 2, .heads = 3, .d_model = 12, .d_mlp = 20, .positions = 8, .vocabulary = 11};
  std::map<std::string, Tensor> tensors;

  explicit SmallCheckpoint(const std::string& prefix = "") {
    const std::int64_t d = config.d_model, m = config.d_mlp;
    add(prefix + "wte.weight", {config.vocabulary, d});
    add(prefix + "wpe.weight", {config.positions, d});
    for (int layer = 0; layer < config.layers; ++layer) {
      const std::string h = prefix + "h." + std::to_string(layer) + ".";
      add(h + "attn.c_attn.weight", {d, 3 * d});
      add(h + "attn.c_attn.bias", {3 * d});
      add(h + "attn.c_proj.weight", {d, d});
      add(h + "attn.c_proj.bias", {d});
      add(h + "mlp.c_fc.weight", {d, m});
      add(h + "mlp.c_fc.bias", {m});
      add(h + "mlp.c_proj.weight", {m, d});
      add(h + "mlp.c_proj.bias", {d});
      for (const char* norm : {"ln_1.weight", "ln_1.bias", "ln_2.weight", "ln_2.bias"})
        add(h + norm, {d});
    }
    add(prefix + "ln_f.weight", {d});
    add(prefix + "ln_f.bias", {d});
  }

  /// A tensor of random values between -1 and 1.
  void add(const std::string& name, const std::vector<std::int64_t>& shape) {
    std::int64_t elements = 1;
    for (const std::int64_t extent : shape) elements *= extent;
    tensors[name] = {shape,
                     reference::random_values(elements, static_cast<unsigned>(tensors.size()) + 1)};
  }

  void write(const TemporaryFolder& folder) const {
    folder.write("config.json", nlohmann::json{{"n_layer", config.layers},
                                               {"n_head", config.heads},
                                               {"n_embd", config.d_model},
                                               {"n_inner", config.d_mlp},
                                               {"n_positions", config.positions},
                                               {"vocab_size", config.vocabulary}}
                                    .dump());
    nlohmann::json header;
    std::string data;
    for (const auto& [name, tensor] : tensors) {
      const std::size_t begin = data.size();
      for (const float value : tensor.values) data += bytes_of(value, tensor.type);
      header[name] = {
          {"dtype", tensor.type}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
    }
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    folder.write("model.safetensors", as_bytes(std::uint64_t{text.size()}) + text + data);
  }

  /// Rounded to the nearest.
  static std::string bytes_of(float value, const std::string& type) {
    if (type == "F16") return as_bytes(to_f16(value));
    if (type == "BF16")
      return as_bytes(
          static_cast<std::uint16_t>((std::bit_cast<std::uint32_t>(value) + 0x8000u) >> 16));
    if (type == "F64") return as_bytes(static_cast<double>(value));
    return as_bytes(value);
  }

 private:
  template <class T>
  static std::string as_bytes(T value) {
    std::string bytes(sizeof value, '\0');
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
  }

  /// 1 bit sign, 5 bits exponent, 10 bits fraction; for values below 65504, and those that are no
  /// finite numbers.
  static std::uint16_t to_f16(float value) {
    const int sign = std::signbit(value) ? 0x8000 : 0;
    const float size = std::abs(value);
    if (!std::isfinite(size))
      return static_cast<std::uint16_t>(sign + 0x7c00 + (std::isnan(size) ? 1 : 0));
    if (size < std::ldexp(1.0f, -14))
      return static_cast<std::uint16_t>(sign + std::lround(std::ldexp(size, 24)));
    int exponent = 0;
    const float fraction =
        std::frexp(size, &exponent);  // size = fraction * 2^exponent, fraction in [1/2, 1)
    return static_cast<std::uint16_t>(sign + (exponent + 13) * 1024 + std::lround(fraction * 2048));
  }
};

}  // namespace headsweep
