#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "pipeline/command_table.h"
#include "pipeline/exit_code.h"

namespace headsweep {
namespace {

struct Entry {
  std::string_view name, meaning;
};

constexpr std::array environment = {
    Entry{"OMP_NUM_THREADS",
          "threads of each rank, where neither the job nor --threads says how many."},
    Entry{"HEADSWEEP_PLUGINS",
          "the folder of libheadsweep_cuda.so. Default: that of the program, then ../lib/headsweep "
          "beside it."},
    Entry{"HEADSWEEP_NCCL", "off: weights go to GPUs through the host's memory, not through NCCL."},
    Entry{"CUDA_VISIBLE_DEVICES", "the GPUs that may be used, as for every program with CUDA."},
    Entry{"HEADSWEEP, HEADSWEEP_HOME",
          "the program, and the folder in which slurm/ lies, for the batch scripts. Default: those "
          "of the installation, or of the folder from which a job is submitted."}};

/// A text as roff takes it: no character of it is a command.
std::string roff(std::string_view text) {
  std::string out;
  for (const char each : text) {
    if (each == '\\')
      out += "\\e";
    else if (each == '-')
      out += "\\-";  // else it may be shown as a hyphen, which no shell understands
    else if (each == '\n')
      out += "\n.br\n";
    else
      out += each;
  }
  const bool like_a_command = out.starts_with('.') || out.starts_with('\'');
  return like_a_command ? "\\&" + out : out;
}

class Page {
 public:
  void line(std::string_view macro) { text_ += fmt::format("{}\n", macro); }
  void section(std::string_view name) { line(fmt::format(".SH {}", name)); }
  void paragraph(std::string_view words) { line(roff(words)); }
  void entry(std::string_view term, std::string_view meaning) {
    line(".TP");
    line(term);
    paragraph(meaning);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string bold(std::string_view text) { return fmt::format("\\fB{}\\fR", roff(text)); }
std::string italic(std::string_view text) { return fmt::format("\\fI{}\\fR", roff(text)); }

std::string value_of(const OptionText& option) {
  if (option.choices.empty())
    return option.value.empty() ? "" : fmt::format(" {}", italic(option.value));
  std::vector<std::string> choices;
  for (const std::string& choice : option.choices) choices.push_back(bold(choice));
  return fmt::format(" {}", fmt::join(choices, "|"));
}

void add_option(const OptionText& option, Page& page) {
  std::vector<std::string> names;
  for (const std::string& name : option.names) names.push_back(bold(name));
  const std::string range = option.range.empty() ? "" : fmt::format(" [{}]", option.range);
  page.entry(fmt::format("{}{}", fmt::join(names, ", "), value_of(option)),
             option.description + range);
}

void add_argument(const OptionText& argument, Page& page) {
  const std::string& name = argument.names.front();
  const std::string value = argument.choices.empty() ? "" : fmt::format(":{}", value_of(argument));
  page.entry(italic(name) + value, argument.description);
}

std::string usage(const CommandText& command) {
  std::string text = bold(fmt::format("headsweep {}", command.name));
  for (const OptionText& argument : command.arguments)
    text += fmt::format(" {}{}", italic(argument.names.front()), argument.repeats ? " ..." : "");
  return fmt::format("{} [{} ...]", text, italic("OPTION"));
}

/// --help is said once, of all commands.
bool is_for_all(const OptionText& option) { return option.names.back() == "--help"; }

void add_command(const CommandText& command, Page& page) {
  page.line(fmt::format(".SS {}", command.name));
  page.line(usage(command));
  page.line(".PP");
  page.paragraph(command.description);
  for (const OptionText& argument : command.arguments) add_argument(argument, page);
  for (const OptionText& option : command.options)
    if (!is_for_all(option)) add_option(option, page);
}

void add_files(Page& page) {
  page.section("FILES");
  page.entry(italic("JOB"), "what to run, in YAML; paths in it are relative to it.");
  page.entry(italic("OUTPUT/JOB/RUN.h5"),
             "a run: every decision, and where it came from, in HDF5; index.h5 beside it names all "
             "runs of the job.");
  page.entry(italic("PREFIX/share/headsweep/jobs"),
             "jobs that come along, and a small model. Copy the folder, since results are written "
             "beside it: cp -r PREFIX/share/headsweep/jobs . && headsweep run jobs/demo.yaml");
  page.entry(italic("PREFIX/share/headsweep/slurm"), "batch scripts for Slurm.");
  page.entry(italic("PREFIX/share/doc/headsweep"),
             "README.md, which has every key of a job, and docs/.");
}

}  // namespace

std::string manual(const CommandText& table, const std::string& version) {
  Page page;
  page.line(".\\\" Written by `headsweep manual`.");
  page.line(fmt::format(".TH HEADSWEEP 1 \"\" \"headsweep {}\" \"User Commands\"", roff(version)));
  page.section("NAME");
  page.line(
      "headsweep \\- finds the circuit of attention heads with which a GPT\\-2 or Pythia model "
      "does a task");
  page.section("SYNOPSIS");
  page.line(bold("headsweep") + " " + italic("COMMAND") + " " + italic("ARGUMENT") + " ... [" +
            italic("OPTION") + " ...]");
  page.section("DESCRIPTION");
  page.paragraph(
      "Replaces heads, one at a time, by their mean output on corrupted prompts, measures how much "
      "of the logit difference between right and wrong answer survives, and keeps removing heads "
      "while at most a given percentage is lost. The same command under mpirun or srun spreads the "
      "work over their processes.");
  for (const OptionText& option : table.options) add_option(option, page);
  page.section("COMMANDS");
  for (const CommandText* command : leaves_of(table)) add_command(*command, page);
  page.section("\"EXIT STATUS\"");
  for (const auto& [code, meaning] : exit_meanings)
    page.entry(bold(std::to_string(static_cast<int>(code))), meaning);
  add_files(page);
  page.section("ENVIRONMENT");
  for (const auto& [name, meaning] : environment) page.entry(bold(name), meaning);
  page.section("\"SEE ALSO\"");
  page.line("\\fBmpirun\\fR(1), \\fBsbatch\\fR(1), \\fBsrun\\fR(1), \\fBh5dump\\fR(1)");
  return page.take();
}

}  // namespace headsweep
