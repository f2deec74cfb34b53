// Every backend operation as a plain loop in float64: what the tests hold the backends against.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/backend.h"

namespace headsweep::reference {

using Numbers = std::vector<double>;

template <class T>
std::vector<T> random_of(std::int64_t count, unsigned seed, T scale) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<T> uniform(-scale, scale);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) value = uniform(random);
  return values;
}
/// Weights.
inline std::vector<float> random_values(std::int64_t count, unsigned seed, float scale = 1) {
  return random_of(count, seed, scale);
}
/// What is computed with.
inline Numbers random_numbers(std::int64_t count, unsigned seed, double scale = 1) {
  return random_of(count, seed, scale);
}

inline double gelu(double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }
inline double gelu_tanh(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

/// What becomes of a product's sum with its bias; `before` is what was in its place.
inline double finished(double sum, Epilogue epilogue, double before) {
  switch (epilogue) {
    case Epilogue::gelu:
      return gelu(sum);
    case Epilogue::gelu_tanh:
      return gelu_tanh(sum);
    case Epilogue::accumulate:
      return before + sum;
    case Epilogue::store:
      break;
  }
  return sum;
}
constexpr Epilogue every_epilogue[] = {Epilogue::store, Epilogue::gelu, Epilogue::gelu_tanh,
                                       Epilogue::accumulate};

/// (rows, inputs) x (inputs, outputs) + bias; `out` is what was there before, for
/// Epilogue::accumulate.
inline Numbers matmul(const Numbers& in, const std::vector<float>& weight, const Numbers& bias,
                      std::int64_t rows, std::int64_t inputs, std::int64_t outputs,
                      Epilogue epilogue, const Numbers& out) {
  Numbers result;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t o = 0; o < outputs; ++o) {
      double sum = bias.empty() ? 0 : bias[o];
      for (std::int64_t i = 0; i < inputs; ++i)
        sum += in[r * inputs + i] * double{weight[i * outputs + o]};
      result.push_back(
          finished(sum, epilogue, epilogue == Epilogue::accumulate ? out[r * outputs + o] : 0));
    }
  return result;
}

/// An empty scale is none.
inline Numbers layer_norm(const Numbers& in, const Numbers& scale, std::int64_t rows,
                          std::int64_t columns, double epsilon) {
  Numbers result;
  for (std::int64_t r = 0; r < rows; ++r) {
    double mean = 0, variance = 0;
    for (std::int64_t i = 0; i < columns; ++i) mean += in[r * columns + i] / double(columns);
    for (std::int64_t i = 0; i < columns; ++i)
      variance += std::pow(in[r * columns + i] - mean, 2) / double(columns);
    for (std::int64_t i = 0; i < columns; ++i)
      result.push_back((in[r * columns + i] - mean) / std::sqrt(variance + epsilon) *
                       (scale.empty() ? 1 : scale[i]));
  }
  return result;
}

/// x (rows, heads * d_head), its rows at these positions; table (positions, turned): cosines,
/// sines.
inline Numbers rotate(int heads, std::int64_t d_head, const Numbers& table, std::int64_t turned,
                      const std::vector<int>& position, const Numbers& x) {
  Numbers result = x;
  const std::int64_t pairs = turned / 2;
  for (std::size_t r = 0; r < position.size(); ++r)
    for (int h = 0; h < heads; ++h)
      for (std::int64_t i = 0; i < pairs; ++i) {
        const std::size_t a = r * heads * d_head + h * d_head + i, b = a + pairs;
        const double cosine = table[position[r] * turned + i],
                     sine = table[position[r] * turned + pairs + i];
        result[a] = x[a] * cosine - x[b] * sine;
        result[b] = x[b] * cosine + x[a] * sine;
      }
  return result;
}

/// q, k, v: (rows, heads * d_head); a row of z for every row.
inline Numbers attention(const std::vector<int>& starts, int heads, std::int64_t d_head,
                         const Numbers& q, const Numbers& k, const Numbers& v) {
  const std::int64_t width = heads * d_head;
  Numbers z(q.size());
  for (std::size_t s = 0; s + 1 < starts.size(); ++s)
    for (int row = starts[s]; row < starts[s + 1]; ++row)
      for (int h = 0; h < heads; ++h) {
        std::vector<double> weights;
        double total = 0;
        for (int key = starts[s]; key <= row; ++key) {
          double score = 0;
          for (std::int64_t i = 0; i < d_head; ++i)
            score += q[row * width + h * d_head + i] * k[key * width + h * d_head + i];
          weights.push_back(std::exp(score / std::sqrt(double(d_head))));
          total += weights.back();
        }
        for (int key = starts[s]; key <= row; ++key)
          for (std::int64_t i = 0; i < d_head; ++i)
            z[row * width + h * d_head + i] +=
                weights[key - starts[s]] / total * v[key * width + h * d_head + i];
      }
  return z;
}

/// (rows, heads * d_head); keep: (rows, heads); `values` has rows of `width`.
inline Numbers replace_heads(const Numbers& from, const Numbers& values, std::int64_t width,
                             const std::vector<int>& row, const std::vector<int>& head,
                             const std::vector<std::uint8_t>& keep, std::int64_t d_head) {
  const std::size_t heads = head.size();
  Numbers to = from;
  for (std::size_t r = 0; r < row.size(); ++r)
    for (std::size_t h = 0; h < heads; ++h)
      for (std::int64_t i = 0; i < d_head; ++i)
        if (keep[r * heads + h] == 0)
          to[(r * heads + h) * d_head + i] = values[row[r] * width + head[h] * d_head + i];
  return to;
}

/// in[row[r]] for each r.
inline Numbers gather_rows(const Numbers& in, const std::vector<int>& row, std::int64_t columns) {
  Numbers out;
  for (const int r : row)
    out.insert(out.end(), in.begin() + r * columns, in.begin() + (r + 1) * columns);
  return out;
}

inline Numbers row_dots(const Numbers& a, const Numbers& b, std::int64_t rows,
                        std::int64_t columns) {
  Numbers dots(static_cast<std::size_t>(rows));
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t i = 0; i < columns; ++i) dots[r] += a[r * columns + i] * b[r * columns + i];
  return dots;
}

/// The nearest number of eight significant bits, ties to even (not for the smallest numbers).
inline double nearest_bfloat16(double value) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(fraction, 8)), exponent - 8);
}

}  // namespace headsweep::reference
