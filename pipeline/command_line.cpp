#include "pipeline/command_line.h"

#include <map>
#include <string>

#include "headsweep/version.h"
#include <fmt/format.h>

#include "pipeline/command_options.h"
#include "pipeline/read_command_table.h"
#include "pipeline/run.h"
#include "pipeline/stop.h"

namespace headsweep {
namespace {

void add_job(CLI::App& command, Arguments& arguments) {
  command.add_option("JOB", arguments.job, "job file (YAML)")->required();
  command
      .add_option("--set", arguments.overrides,
                  "override a key of the job, as in --set search.threshold=5")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

void add_plan_options(CLI::App& plan, Arguments& a) {
  constexpr int most_planned_ranks = 65536;
  plan.add_option("--ranks", a.planned.ranks, "with so many ranks (default: 1)")
      ->check(CLI::Range(1, most_planned_ranks));
  plan.add_option("--ranks-per-node", a.planned.ranks_per_node,
                  "of them on each node (default: 2, one for each socket of most; on GPUs, as "
                  "many as Slurm finds GPUs there)")
      ->check(CLI::Range(1, most_planned_ranks));
  plan.add_flag("--slurm", a.planned.sbatch_line,
                "print a fitting line for sbatch, with a GPU for each rank "
                "where the job computes on GPUs");
  plan.add_flag("--details", a.details, "tell of every family, not only of the first");
  auto* simulate = plan.add_flag("--simulate", a.simulate,
                                 "only a table: what 1 to 1,000 families take on 1 to 4,096 ranks");
  plan.add_option("--trace", a.trace,
                  "the decisions that are replayed (CSV: layer, head, score_pct, removed)")
      ->needs(simulate);
  plan.add_option("--cost", a.cost, "costs (JSON of bench cost; default: measured here)")
      ->needs(simulate);
  plan.add_option("--picture", a.picture, "write the table as a picture (SVG), too")
      ->needs(simulate);
}

// Each command's options, and what it does when it is chosen.

void add_job_commands(CLI::App& app, Arguments& a, int& exit_code) {
  auto* run = app.add_subcommand("run", "run a job, or go on with what is unfinished of it");
  add_job(*run, a);
  add_mpi(*run, a);
  run->callback([&] {
    watch_for_stop_signals();  // before MPI starts, which takes a while
    exit_code = on_all_ranks(
        a.use_mpi(), [&](Ranks& ranks) { return run_job(ranks, [&] { return a.read(); }); });
  });

  auto* plan =
      app.add_subcommand("plan", "what a job would do: prompts, tokens, memory, work, time");
  add_job(*plan, a);
  add_plan_options(*plan, a);
  add_json(*plan, a);
  plan->callback([&] {
    if (a.simulate) {
      simulate_command(a.read(), {a.trace, a.cost, a.picture});
    } else {
      const PlanForm form = a.json      ? PlanForm::json
                            : a.details ? PlanForm::all_families
                                        : PlanForm::first_families;
      plan_job(a.read(), a.planned, form);
    }
  });

  auto* families = app.add_subcommand(
      "families", "every prompt of a job's families: tokens, positions, and what is left out");
  add_job(*families, a);
  families->add_option("--family", a.family, "only this one");
  add_json(*families, a);
  families->callback([&] { families_command(a.read(), a.family, a.format()); });

  auto* score = app.add_subcommand("score", "the score of a given circuit on a job's family");
  add_job(*score, a);
  score->add_option("--circuit", a.circuit, "circuit file (JSON)")->required();
  score->add_option("--family", a.family, "which of the job's families, where it has several");
  add_json(*score, a);
  score->callback([&] { score_command(a.read(), a.circuit, a.family, a.format()); });
}

/// What float32 on another device explains: jobs/reference/README.md.
void add_within(CLI::App& command, Arguments& a) {
  command
      .add_option("--within", a.publication.within,
                  "percentage points by which a score may differ (default: 0.02)")
      ->type_name("POINTS")
      ->check(CLI::Range(0.0, 100.0));
}

void add_reproduce(CLI::App& app, Arguments& a, int& exit_code) {
  auto* reproduce = app.add_subcommand(
      "reproduce", "run a job, and hold its decisions against the published ones");
  add_job(*reproduce, a);
  reproduce->add_option("--against", a.publication.search,
                        "the published search (CSV), or its circuit (JSON); default: the file "
                        "beside the job with its name and .csv or .json");
  add_within(*reproduce, a);
  add_mpi(*reproduce, a);
  reproduce->callback([&] {
    watch_for_stop_signals();
    if (a.publication.search.empty()) a.publication.search = published_beside(a.job);
    exit_code = on_all_ranks(a.use_mpi(), [&](Ranks& ranks) {
      return reproduce_command(
          ranks, [&] { return a.read(); }, a.publication);
    });
  });
}

void add_verify(CLI::App& app, Arguments& a, int& exit_code) {
  auto* verify = app.add_subcommand("verify", "evaluate decisions of a run again in fp64, here");
  verify->add_option("RUN", a.run_file, "run file (HDF5)")->required();
  auto* all = verify->add_flag("--all", a.all_decisions,
                               "every decision (default: 2 %, and the fragile ones)");
  verify
      ->add_option(
          "--against", a.publication.search,
          "hold the run's decisions against a published search (CSV; or its circuit, JSON)")
      ->excludes(all);
  add_within(*verify, a);
  verify->add_option("--model", a.model, "checkpoint folder (default: where the run had it)");
  add_threads(*verify, a.threads, "as many as pay");
  add_device(*verify, a);
  add_json(*verify, a);
  verify->callback([&] {
    const Extent extent = a.all_decisions ? Extent::all : Extent::sample;
    const Verification verification = {a.run_file, a.model, extent, a.threads, a.device};
    exit_code = exit_code_of(a.publication.search.empty()
                                 ? verify_command(verification, a.format())
                                 : verify_against_command(verification, a.publication, a.format()));
  });
}

void add_model_commands(CLI::App& app, Arguments& a) {
  auto* prompt = app.add_subcommand(
      "prompt", "the next tokens that a model expects, and the rank of an answer");
  prompt->add_option("MODEL", a.model, "checkpoint folder")->required();
  prompt->add_option("TEXT", a.text, "the prompt; <|endoftext|> is put before it")->required();
  prompt->add_option("ANSWER", a.answer, "one token, usually with its leading space: ' 14'")
      ->required();
  prompt->add_option("--processing", a.processing, "how logits are shown (default: none)")
      ->check(CLI::IsMember({"none", "transformer_lens"}));
  add_json(*prompt, a);
  prompt->callback([&] {
    const auto processing =
        a.processing == "none" ? Processing::none : Processing::transformer_lens;
    prompt_command(a.model, a.text, a.answer, processing, a.format());
  });

  auto* model =
      app.add_subcommand("model", "what a checkpoint is, its hash, whether it can be used");
  model->add_option("MODEL", a.model, "checkpoint folder")->required();
  add_json(*model, a);
  model->callback([&] { model_command(a.model, a.format()); });
}

void add_run_file_commands(CLI::App& app, Arguments& a) {
  auto* show = app.add_subcommand("show", "a run file: what was run, the circuit, the decisions");
  show->add_option("RUN", a.run_file, "run file (HDF5)")->required();
  show->add_flag("--decisions", a.list_decisions, "list every decision");
  add_json(*show, a);
  auto* fragile =
      show->add_option("--fragile", a.fragile,
                       "list the decisions that would fall otherwise at a threshold moved by so "
                       "much, the nearest first")
          ->type_name("POINTS")
          ->check(CLI::Range(0.0, 1e6))
          ->excludes("--json");
  show->callback([&a, fragile] {
    show_command(a.run_file, a.list_decisions ? Detail::decisions : Detail::summary,
                 fragile->empty() ? std::nullopt : std::optional(a.fragile), a.format());
  });
}

void add_runs_and_output(CLI::App& command, Arguments& a) {
  command.add_option("RUN", a.runs, "run files, index.h5, or folders of a job's runs")->required();
  command.add_option("-o,--output", a.output, "file to write (default: the terminal)");
}

void add_report_commands(CLI::App& app, Arguments& a) {
  auto* report = app.add_subcommand("report", "a page (HTML) or tables about one or many runs");
  add_runs_and_output(*report, a);
  report->add_option("--format", a.format_name, "html (default; needs -o), or md: tables as text")
      ->check(CLI::IsMember({"html", "md"}));
  report->callback([&a] {
    report_command(a.runs, a.format_name == "md" ? ReportForm::md : ReportForm::html, a.output);
  });

  static const std::map<std::string, ExportForm> forms = {{"csv", ExportForm::csv},
                                                          {"json", ExportForm::json},
                                                          {"arena", ExportForm::arena},
                                                          {"mib", ExportForm::mib},
                                                          {"dot", ExportForm::dot}};
  auto* export_runs = app.add_subcommand("export", "runs or a circuit for other programs");
  add_runs_and_output(*export_runs, a);
  export_runs
      ->add_option("--format", a.format_name,
                   "csv: all decisions; json: what score --circuit reads; arena: a dictionary for "
                   "Python; mib: a graph with node scores; dot: Graphviz")
      ->required()
      ->check(CLI::IsMember({"csv", "json", "arena", "mib", "dot"}));
  export_runs->callback([&a] { export_command(a.runs, forms.at(a.format_name), a.output); });
}

void add_version(CLI::App& app, Arguments& a) {
  auto* version =
      app.add_subcommand("version", "what this program is, and the versions of its libraries");
  add_json(*version, a);
  version->callback([&a] { version_command(CLI11_VERSION, a.format()); });
}

/// What is made of all the commands, these two among them.
void add_texts(CLI::App& app, Arguments& a) {
  auto* manual = app.add_subcommand("manual", "the manual's page, as man reads it");
  manual->callback([&app] {
    const std::string_view version = program_version.substr(0, program_version.find('+'));
    fmt::print("{}", headsweep::manual(read_command_table(app), std::string(version)));
  });

  auto* completion = app.add_subcommand("completion", "what a shell sources to complete commands");
  completion->add_option("SHELL", a.shell, "the shell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->callback([&app, &a] {
    const CommandText table = read_command_table(app);
    fmt::print("{}", a.shell == "bash"  ? bash_completion(table)
                     : a.shell == "zsh" ? zsh_completion(table)
                                        : fish_completion(table));
  });
}

}  // namespace

void add_commands(CLI::App& app, Arguments& arguments, int& exit_code) {
  add_job_commands(app, arguments, exit_code);
  add_model_commands(app, arguments);
  add_run_file_commands(app, arguments);
  add_report_commands(app, arguments);
  add_verify(app, arguments, exit_code);
  add_reproduce(app, arguments, exit_code);
  add_analyses(app, arguments, exit_code);
  add_benchmarks(app, arguments, exit_code);
  add_version(app, arguments);
  add_texts(app, arguments);
}

}  // namespace headsweep
