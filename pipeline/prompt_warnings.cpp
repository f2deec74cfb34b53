#include "pipeline/prompt_warnings.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/wording.h"

namespace headsweep {
namespace {

/// Without the padding that corrupted prompts have where it counts.
std::span<const int> own_tokens(const PromptBatch& batch, std::size_t prompt) {
  const int end = batch.positions[prompt].back();
  return std::span(batch.tokens[prompt]).first(static_cast<std::size_t>(end) + 1);
}

/// What a mean is taken of, and replaced in: prompts of another template have nothing to do with
/// it.
using InTemplate = std::pair<int, std::vector<int>>;

InTemplate in_template(const PromptBatch& batch, std::size_t prompt) {
  const auto tokens = own_tokens(batch, prompt);
  return {batch.templates[prompt], {tokens.begin(), tokens.end()}};
}

std::set<InTemplate> all_in_template(const PromptBatch& batch) {
  std::set<InTemplate> all;
  for (std::size_t b = 0; b < batch.tokens.size(); ++b) all.insert(in_template(batch, b));
  return all;
}

bool same_tokens(const Family& family, std::size_t clean, std::size_t corrupted) {
  return std::ranges::equal(own_tokens(family.clean, clean),
                            own_tokens(family.corrupted, corrupted));
}

/// Prompts of one list that something is true of.
struct Found {
  std::size_t count = 0, first = 0;

  void add(std::size_t prompt) {
    if (count++ == 0) first = prompt;
  }
};

Found find(std::size_t prompts, const std::function<bool(std::size_t)>& is_so) {
  Found found;
  for (std::size_t b = 0; b < prompts; ++b)
    if (is_so(b)) found.add(b);
  return found;
}

/// "3 of 10 clean prompts".
std::string so_many_of(const Found& found, std::size_t prompts, const char* kind) {
  return fmt::format("{} of {} {} prompts", found.count, prompts, kind);
}

std::string quoted(const Prompt& prompt) {
  return fmt::format("{} ({})", in_quotes(prompt.text), prompt.origin);
}

class PromptWarnings {
 public:
  PromptWarnings(const Family& family, int end_of_text)
      : family_(family), end_of_text_(end_of_text) {}

  void look_for_repeated_clean() {
    std::set<std::tuple<InTemplate, int, int>> known;
    const Found repeated = find(family_.clean.tokens.size(), [&](std::size_t b) {
      return !known
                  .emplace(in_template(family_.clean, b), family_.clean.answers[b],
                           family_.clean.distractors[b])
                  .second;
    });
    say_repeated(repeated, family_.prompts.clean, "clean", "it counts as often in every score");
  }

  void look_for_repeated_corrupted() {
    std::set<InTemplate> known;
    const Found repeated = find(family_.corrupted.tokens.size(), [&](std::size_t b) {
      return !known.insert(in_template(family_.corrupted, b)).second;
    });
    say_repeated(repeated, family_.prompts.corrupted, "corrupted",
                 "it counts as often in the means");
  }

  /// Means are of what should be absent from them.
  void look_for_clean_among_corrupted() {
    const std::set<InTemplate> corrupted = all_in_template(family_.corrupted);
    const Found shared = find(family_.clean.tokens.size(), [&](std::size_t b) {
      return corrupted.contains(in_template(family_.clean, b));
    });
    if (shared.count == 0) return;
    const bool all = all_in_template(family_.clean) == corrupted;
    say("{} are among the corrupted ones, too, the first {}: {}",
        so_many_of(shared, family_.clean.tokens.size(), "clean"),
        quoted(family_.prompts.clean[shared.first]),
        all ? "both sets are the same, so that what is common to the clean prompts is never ablated"
            : "the means hold a part of what they are to take away");
  }

  void look_for_own_partners() {
    const Found same = find(family_.clean.tokens.size(),
                            [&](std::size_t b) { return same_tokens(family_, b, b); });
    if (same.count > 0)
      say("{} are their own corrupted partners, the first {}: resample ablation changes nothing "
          "there",
          so_many_of(same, family_.clean.tokens.size(), "clean"),
          quoted(family_.prompts.clean[same.first]));
  }

  void look_for_means_of_one() {
    std::map<int, Found> by_template;
    for (std::size_t c = 0; c < family_.corrupted.tokens.size(); ++c)
      by_template[family_.corrupted.templates[c]].add(c);
    for (const auto& [number, prompts] : by_template) {
      if (prompts.count != 1) continue;
      say("template {} has one corrupted prompt, {}: its mean is that prompt's own value", number,
          quoted(family_.prompts.corrupted[prompts.first]));
      return;  // a family of many such templates has one habit
    }
  }

  void look_for_end_of_text() {
    Found first, inside, without;
    const std::size_t clean = family_.clean.tokens.size();
    const std::size_t all = clean + family_.corrupted.tokens.size();
    for (std::size_t i = 0; i < all; ++i) {
      const auto tokens =
          i < clean ? own_tokens(family_.clean, i) : own_tokens(family_.corrupted, i - clean);
      (tokens.front() == end_of_text_ ? first : without).add(i);
      if (std::ranges::count(tokens.subspan(1), end_of_text_) > 0) inside.add(i);
    }
    if (first.count > 0 && without.count > 0)
      say("{} begin with <|endoftext|>, and others do not, the first {}: headsweep puts none "
          "before a prompt",
          so_many_of(first, all, "clean and corrupted"), quoted(prompt(without.first)));
    if (inside.count > 0)
      say("{} have <|endoftext|> behind their beginning, the first {}: for the model a new text "
          "begins there; padding is not needed",
          so_many_of(inside, all, "clean and corrupted"), quoted(prompt(inside.first)));
  }

  /// What a mean is put in place of should be the same word of the sentence.
  void look_for_positions_that_move() {
    std::map<int, std::size_t> first_of;  // by template
    const std::size_t clean = family_.clean.tokens.size();
    const std::size_t all = clean + family_.corrupted.tokens.size();
    const Found moved = find(all, [&](std::size_t i) {
      const std::size_t first = first_of.try_emplace(template_of(i), i).first->second;
      return positions(i) != positions(first);
    });
    if (moved.count > 0)
      say_moved(so_many_of(moved, all, "clean and corrupted"),
                first_of.at(template_of(moved.first)), moved.first,
                "means are taken token by token");
  }

  void look_for_partners_that_move() {
    const std::size_t clean = family_.clean.tokens.size();
    const Found moved =
        find(clean, [&](std::size_t b) { return positions(b) != positions(clean + b); });
    if (moved.count > 0)
      say_moved(so_many_of(moved, clean, "clean"), moved.first, clean + moved.first,
                "partners are put in token by token");
  }

  std::vector<std::string> take() { return std::move(warnings_); }

 private:
  template <class... Values>
  void say(fmt::format_string<Values...> format, Values&&... values) {
    warnings_.push_back(fmt::format(format, std::forward<Values>(values)...));
  }

  void say_repeated(const Found& repeated, const std::vector<Prompt>& prompts, const char* kind,
                    const char* effect) {
    if (repeated.count > 0)
      say("{} are there already, the first {}: {}", so_many_of(repeated, prompts.size(), kind),
          quoted(prompts[repeated.first]), effect);
  }

  void say_moved(const std::string& count, std::size_t one, std::size_t other, const char* how) {
    std::size_t name = 0;
    while (positions(one)[name] == positions(other)[name]) ++name;
    say("{} have a named position at another token than {}, the first {} ({} is token {} there, {} "
        "here): {}, whatever stands there",
        count, in_quotes(prompt(one).text), quoted(prompt(other)),
        family_.clean.position_names[name], positions(one)[name] + 1, positions(other)[name] + 1,
        how);
  }

  // Of clean prompts, and of corrupted ones behind them.
  const Prompt& prompt(std::size_t i) const {
    const std::size_t clean = family_.prompts.clean.size();
    return i < clean ? family_.prompts.clean[i] : family_.prompts.corrupted[i - clean];
  }
  const std::vector<int>& positions(std::size_t i) const {
    const std::size_t clean = family_.clean.positions.size();
    return i < clean ? family_.clean.positions[i] : family_.corrupted.positions[i - clean];
  }
  int template_of(std::size_t i) const {
    const std::size_t clean = family_.clean.templates.size();
    return i < clean ? family_.clean.templates[i] : family_.corrupted.templates[i - clean];
  }

  const Family& family_;
  int end_of_text_;
  std::vector<std::string> warnings_;
};

bool has(const std::vector<Ablation>& ablations, Ablation wanted) {
  return std::ranges::find(ablations, wanted) != ablations.end();
}

}  // namespace

std::vector<std::string> prompt_warnings(const Family& family,
                                         const std::vector<Ablation>& ablations, bool draws,
                                         int end_of_text) {
  PromptWarnings warnings(family, end_of_text);
  warnings.look_for_repeated_clean();
  if (has(ablations, Ablation::mean)) {
    if (!draws) warnings.look_for_repeated_corrupted();
    warnings.look_for_clean_among_corrupted();
    warnings.look_for_means_of_one();
    warnings.look_for_positions_that_move();
  }
  if (has(ablations, Ablation::resample)) {
    warnings.look_for_own_partners();
    if (!has(ablations, Ablation::mean)) warnings.look_for_partners_that_move();
  }
  warnings.look_for_end_of_text();
  return warnings.take();
}

void check_ablation_changes_something(const Family& family, Ablation ablation) {
  if (ablation == Ablation::zero) return;
  bool changes = false;
  if (ablation == Ablation::resample) {
    for (std::size_t b = 0; b < family.clean.tokens.size() && !changes; ++b)
      changes = !same_tokens(family, b, b);
  } else {
    std::set<InTemplate> all = all_in_template(family.clean);
    all.merge(all_in_template(family.corrupted));
    std::set<int> templates;
    for (const auto& [number, tokens] : all) templates.insert(number);
    changes = all.size() > templates.size();
  }
  if (changes) return;
  throw UserError(fmt::format(
      "{}: {}: family '{}': its corrupted prompts are the clean ones, so that {} ablation changes "
      "nothing and every circuit would score 100 %: give it other corrupted prompts",
      family.prompts.clean.front().origin, in_quotes(family.prompts.clean.front().text),
      family.prompts.name, name_of(ablation)));
}

}  // namespace headsweep
