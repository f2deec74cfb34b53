// What ranks say to each other: a topic and bytes; and how values become bytes.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "model/circuit.h"

namespace headsweep {

struct Message {
  int topic = 0;
  int from = 0;
  std::vector<std::byte> body;
};

template <class T>
concept PlainValue = std::is_arithmetic_v<T> || std::is_enum_v<T>;

/// A struct that lists its members once, for both directions:
/// `void visit(auto& archive) { archive(layer, head); }`.
template <class T, class Archive>
concept Visitable = requires(T value, Archive archive) {
  value.visit(archive);
};

/// All ranks run the same program on the same kind of machine: values travel as they lie in memory.
class Writer {
 public:
  template <class... T>
  void operator()(const T&... values) {
    (put(values), ...);
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  template <PlainValue T>
  void put(const T& value) {
    const auto* from = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), from, from + sizeof value);
  }
  void put(const std::string& text) { put_list(text); }
  void put(const Circuit& circuit) {
    put(circuit.layers()), put(circuit.heads()), put(circuit.positions());
    put(circuit.components());
    put_list(circuit.kept());
  }
  template <class T>
  void put(const std::vector<T>& list) {
    put_list(list);
  }
  template <class T>
  requires Visitable<T, Writer>
  void put(const T& value) {
    // visit() serves reading, too, and so cannot be const; writing changes nothing.
    const_cast<T&>(value).visit(*this);
  }
  template <class List>
  void put_list(const List& list) {
    put(list.size());
    for (const auto& each : list) put(static_cast<const typename List::value_type&>(each));
  }

  std::vector<std::byte> bytes_;
};

class Reader {
 public:
  explicit Reader(const std::vector<std::byte>& bytes) : bytes_(bytes) {}

  template <class... T>
  void operator()(T&... values) {
    (get(values), ...);
  }

 private:
  template <PlainValue T>
  void get(T& value) {
    if (bytes_.size() - at_ < sizeof value) throw std::length_error("a message is too short");
    std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
  }
  void get(std::string& text) { get_list(text); }
  void get(Circuit& circuit) {
    int layers = 0, heads = 0, positions = 0;
    auto components = Components::heads;
    std::vector<bool> kept;
    get(layers), get(heads), get(positions), get(components), get(kept);
    circuit = Circuit(layers, heads, positions, components, std::move(kept));
  }
  template <class T>
  void get(std::vector<T>& list) {
    get_list(list);
  }
  template <class T>
  requires Visitable<T, Reader>
  void get(T& value) { value.visit(*this); }
  template <class List>
  void get_list(List& list) {
    std::size_t size = 0;
    get(size);
    list.clear();
    for (std::size_t i = 0; i < size; ++i) {
      typename List::value_type value{};
      get(value);
      list.push_back(std::move(value));
    }
  }

  const std::vector<std::byte>& bytes_;
  std::size_t at_ = 0;
};

/// A struct as bytes, and back.
template <class T>
std::vector<std::byte> to_bytes(const T& value) {
  Writer writer;
  writer(value);
  return writer.take();
}

template <class T>
T from_bytes(const std::vector<std::byte>& bytes) {
  T value;
  Reader reader(bytes);
  reader(value);
  return value;
}

}  // namespace headsweep
