#include "io/sha256.h"

#include <array>
#include <iterator>
#include <memory>
#include <source_location>
#include <vector>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "io/errors.h"
#include "io/file_descriptor.h"

namespace headsweep {
namespace {

void check(int status, std::source_location where = std::source_location::current()) {
  if (status == 1) return;
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  throw MachineError(fmt::format("OpenSSL: {}", reason.data()), where);
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

class Hash {
 public:
  Hash() : context_(EVP_MD_CTX_new()) {
    check(context_ != nullptr ? 1 : 0);
    check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
  }

  void add(std::string_view bytes) {
    check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
  }

  std::string hex() {
    std::array<unsigned char, 32> digest{};
    check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
    std::string text;
    for (unsigned char byte : digest) fmt::format_to(std::back_inserter(text), "{:02x}", byte);
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
};

constexpr std::size_t piece_bytes = std::size_t{1} << 20;

}  // namespace

std::string sha256(std::string_view bytes) {
  Hash hash;
  hash.add(bytes);
  return hash.hex();
}

std::string sha256_of_file(const std::filesystem::path& path) {
  const FileDescriptor file = open_regular_file(path);
  // Advice only: a refusal changes nothing but the speed.
  static_cast<void>(::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL));
  Hash hash;
  std::vector<char> piece(piece_bytes);
  while (true) {
    const ssize_t got =
        retry_if_interrupted([&] { return ::read(file.get(), piece.data(), piece.size()); });
    if (got < 0)
      throw UserError(fmt::format("{}: cannot be read: {}", path.string(), system_reason()));
    if (got == 0) return hash.hex();
    hash.add({piece.data(), static_cast<std::size_t>(got)});
  }
}

}  // namespace headsweep
