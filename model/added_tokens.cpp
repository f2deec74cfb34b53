#include "model/added_tokens.h"

#include <algorithm>
#include <utility>

namespace headsweep {

AddedTokens::AddedTokens(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  std::ranges::stable_sort(tokens_, std::greater(),
                           [](const AddedToken& token) { return token.text.size(); });
  for (const AddedToken& token : tokens_)
    begins_[static_cast<unsigned char>(token.text.front())] = true;
}

const AddedToken* AddedTokens::beginning(std::string_view text) const {
  if (!begins_[static_cast<unsigned char>(text.front())]) return nullptr;
  const auto found = std::ranges::find_if(
      tokens_, [&](const AddedToken& token) { return text.starts_with(token.text); });
  return found == tokens_.end() ? nullptr : &*found;
}

void AddedTokens::split(std::string_view text, const std::function<void(std::string_view)>& plain,
                        const std::function<void(int id)>& token) const {
  std::size_t seen = 0;
  for (std::size_t at = 0; at < text.size();) {
    const AddedToken* found = beginning(text.substr(at));
    if (found == nullptr) {
      ++at;
      continue;
    }
    if (at > seen) plain(text.substr(seen, at - seen));
    token(found->id);
    seen = at += found->text.size();
  }
  if (seen < text.size()) plain(text.substr(seen));
}

}  // namespace headsweep
