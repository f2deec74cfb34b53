#include <algorithm>

#include <fmt/format.h>

#include "io/json_output.h"
#include "io/printable.h"
#include "io/wording.h"
#include "pipeline/commands.h"
#include "pipeline/family_warnings.h"
#include "pipeline/inputs.h"
#include "pipeline/run_store.h"

namespace headsweep {
namespace {

std::vector<ListedFamily::LeftOut> listed(const std::vector<LeftOut>& left_out) {
  std::vector<ListedFamily::LeftOut> all;
  for (const auto& [text, reason] : left_out) all.push_back({text, reason});
  return all;
}

ListedFamily listed(const FamilySpec& spec, const Family& family) {
  return {spec.name,
          name_of(spec.corruption),
          family.clean.position_names,
          prompt_records(family.prompts.clean, family.clean),
          prompt_records(family.prompts.corrupted, family.corrupted),
          family.selection.generated,
          listed(family.selection.prompts),
          listed(family.selection.words),
          family.warnings};
}

void print_prompts(const char* kind, const PromptBatch& batch, const Tokenizer& tokenizer) {
  constexpr std::size_t most_listed = 1000;  // more than anyone reads
  const std::size_t all = batch.tokens.size(), listed = std::min(all, most_listed);
  for (std::size_t b = 0; b < listed; ++b)
    print_text(stdout, "  {} {}, template {}: {}\n", kind, b + 1, batch.templates[b],
               describe_tokens(batch, b, tokenizer));
  if (listed < all) fmt::print("  {} more {} prompts: --json lists them all\n", all - listed, kind);
}

void print_left_out(const char* kind, const std::vector<LeftOut>& left_out) {
  for (const auto& [text, reason] : left_out)
    print_text(stdout, "  left out, {} {}: {}\n", kind, in_quotes(text), reason);
}

void print(const FamilySpec& spec, const Family& family, const Tokenizer& tokenizer) {
  print_text(stdout,
             "family {}, corruption {}: {} clean prompts ({} tokens), {} corrupted ({} tokens)\n",
             spec.name, name_of(spec.corruption), family.clean.prompts(), family.clean.all_tokens(),
             family.corrupted.prompts(), family.corrupted.all_tokens());
  if (const std::string left_out = describe_left_out(family.selection); !left_out.empty())
    print_text(stdout, "  {}\n", left_out);
  print_prompts("clean", family.clean, tokenizer);
  print_prompts("corrupted", family.corrupted, tokenizer);
  print_left_out("prompt", family.selection.prompts);
  print_left_out("word", family.selection.words);
}

}  // namespace

void families_command(const Job& job, const std::string& family_name, Format format) {
  const std::vector<std::size_t> numbers = find_families(job, family_name);
  const Inputs inputs = read_inputs(job, FamiliesToRead::all);
  print_warnings(all_prompt_warnings(job, inputs));
  if (format == Format::json) {
    std::vector<ListedFamily> families;
    for (const std::size_t i : numbers)
      families.push_back(listed(job.families[i], inputs.families[i]));
    fmt::print("{}\n", to_json(families));
    return;
  }
  for (const std::size_t i : numbers) print(job.families[i], inputs.families[i], inputs.tokenizer);
}

}  // namespace headsweep
