#include "model/word_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8

#include <array>
#include <source_location>
#include <string>

#include <fmt/format.h>
#include <pcre2.h>

#include "io/errors.h"

namespace headsweep {
namespace {

/// The pattern of encoder.py. Its \s is spelled out, because PCRE2's also has U+180E, which is no
/// space since Unicode 6.3 and none for Python.
std::string pattern() {
  const std::string spaces =
      R"(\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";
  return fmt::format(R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{{L}}+| ?\p{{N}}+| ?[^{0}\p{{L}}\p{{N}}]+)"
                     R"(|[{0}]+(?![^{0}])|[{0}]+)",
                     spaces);
}

struct ReleaseMatch {
  void operator()(pcre2_match_data* match) const noexcept { pcre2_match_data_free(match); }
};

[[noreturn]] void fail(int status, std::source_location where) {
  std::array<PCRE2_UCHAR, 256> message{};
  pcre2_get_error_message(status, message.data(), message.size());
  throw MachineError(fmt::format("PCRE2 could not cut the text into words: {}",
                                 reinterpret_cast<const char*>(message.data())),
                     where);
}

void check(int status, std::source_location where = std::source_location::current()) {
  if (status < 0) fail(status, where);
}

}  // namespace

void WordPattern::Release::operator()(pcre2_real_code_8* code) const noexcept {
  pcre2_code_free(code);
}

WordPattern::WordPattern() {
  const std::string text = pattern();
  int status = 0;
  PCRE2_SIZE at = 0;
  code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                            PCRE2_UTF | PCRE2_UCP | PCRE2_ANCHORED, &status, &at, nullptr));
  if (!code_) fail(status, std::source_location::current());
  // Where the system forbids code made at run time, PCRE2 interprets the pattern: slower, but the
  // same.
  pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE);
}

std::vector<std::string_view> WordPattern::words(std::string_view text) const {
  const std::unique_ptr<pcre2_match_data, ReleaseMatch> match(
      pcre2_match_data_create_from_pattern(code_.get(), nullptr));
  if (!match) check(PCRE2_ERROR_NOMEMORY);
  const auto subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  std::vector<std::string_view> words;
  for (PCRE2_SIZE at = 0; at < text.size();) {
    check(pcre2_match(code_.get(), subject, text.size(), at, PCRE2_NO_UTF_CHECK, match.get(),
                      nullptr));
    const PCRE2_SIZE end = pcre2_get_ovector_pointer(match.get())[1];
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

}  // namespace headsweep
