#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/errors.h"
#include "io/json_output.h"
#include "io/printable.h"
#include "io/wording.h"
#include "model/next_token.h"
#include "model/numbers_below.h"
#include "model/tokenizer.h"
#include "pipeline/commands.h"
#include "pipeline/families.h"
#include "pipeline/inputs.h"

namespace headsweep {
namespace {

constexpr int shown = 10;

int answer_token(const Tokenizer& tokenizer, const std::string& answer) {
  const std::vector<int> tokens = tokenizer.encode(answer);
  if (tokens.size() == 1) return tokens.front();
  std::vector<std::string> pieces;
  for (const int token : tokens) pieces.push_back(in_quotes(tokenizer.decode(token)));
  throw UserError(fmt::format(
      "the answer {} is {} tokens ({}): give an answer that is one (most words are one with a "
      "leading space, as in ' 14')",
      in_quotes(answer), tokens.size(), fmt::join(pieces, " ")));
}

void check_tokens(const char* of_what, const std::vector<int>& tokens, const ModelConfig& config) {
  if (const std::string why = why_not_taken(tokens, config); !why.empty())
    throw UserError(fmt::format("{}: {}", of_what, why));
}

NextTokenTable next_tokens(const Model& model, const Tokenizer& tokenizer,
                           const std::vector<int>& tokens, int answer, Processing processing) {
  const std::vector<double> logits = next_token_logits(model, tokens, processing);
  const std::vector<double> probabilities = softmax(logits);
  std::vector<int> order = numbers_below(std::ssize(logits));
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return logits[static_cast<std::size_t>(a)] > logits[static_cast<std::size_t>(b)];
  });
  NextTokenTable table{
      tokens,
      answer,
      static_cast<int>(std::find(order.begin(), order.end(), answer) - order.begin()),
      {}};
  const int largest_id = tokenizer.largest_id();
  for (const int id : std::span(order).first(std::min<std::size_t>(shown, order.size())))
    table.top.push_back({id, id <= largest_id ? tokenizer.decode(id) : "",
                         logits[static_cast<std::size_t>(id)],
                         probabilities[static_cast<std::size_t>(id)]});
  return table;
}

void print(const NextTokenTable& table, const Tokenizer& tokenizer) {
  print_text(stdout, "tokens:");
  for (const int token : table.tokens)
    print_text(stdout, " {}", in_quotes(tokenizer.decode(token)));
  print_text(stdout, "\nanswer {}: rank {}\n", in_quotes(tokenizer.decode(table.answer_token)),
             table.rank);
  for (std::size_t i = 0; i < table.top.size(); ++i)
    print_text(stdout, "{:>2}. logit {:8.4f}  probability {:6.2f} %  {}\n", i, table.top[i].logit,
               100 * table.top[i].probability, in_quotes(table.top[i].text));
}

}  // namespace

void prompt_command(const std::filesystem::path& folder, const std::string& text,
                    const std::string& answer, Processing processing, Format format) {
  const Tokenizer tokenizer(folder);
  const int token = answer_token(tokenizer, answer);
  std::vector<int> tokens = tokenizer.encode(text);
  tokens.insert(tokens.begin(), tokenizer.end_of_text());
  const ModelConfig config = read_config(folder);
  check_tokens("the text, with <|endoftext|> before it", tokens, config);
  check_tokens("the answer", {token}, config);
  const LoadedModel loaded = load_model(folder, DeviceChoice::cpu, Rung::fp32, 0);
  const NextTokenTable table = next_tokens(*loaded.model, tokenizer, tokens, token, processing);
  if (format == Format::json) {
    fmt::print("{}\n", to_json(table));
  } else {
    print(table, tokenizer);
  }
}

}  // namespace headsweep
