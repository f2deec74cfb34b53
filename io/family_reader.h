// The families of a job file, read and checked. The parts of a family have readers of their own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/family_spec.h"
#include "io/yaml_node.h"

namespace headsweep {

/// One FamilySpec for each corruption of each family. `folder` is the job file's.
std::vector<FamilySpec> read_families(const YamlNode& list, const std::filesystem::path& folder);

/// The value of `generate`.
GenerateSpec read_generate(const YamlNode& node);

/// How many sequences a specification makes.
int count_sequences(const SequenceSpec& spec);

/// The value of `sentences`, around sequences of `length` items: one for each seed.
std::vector<SentenceSpec> read_sentences(const YamlNode& node, int length);

/// The value of `corrupt`: a rule, a mapping, or a list of those.
std::vector<CorruptionSpec> read_corruptions(const YamlNode& node,
                                             const std::filesystem::path& folder);

/// The words of a list without spaces around them, none of them twice.
std::vector<std::string> read_words(const YamlNode& list, std::size_t fewest);

}  // namespace headsweep
