#include "pipeline/command_options.h"

namespace headsweep {
namespace {

constexpr const char* as_many_as_possible = "as many as the process may use";

void add_model_benchmark(CLI::App& bench, Arguments& a) {
  auto* model = bench.add_subcommand(
      "model", "each operation of a layer in each precision, and its share of the device's limit");
  auto* shape = model
                    ->add_option("--model-shape", a.layer.model_shape,
                                 "d_model,d_mlp,heads (default: 1024,4096,16, gpt2-medium)")
                    ->delimiter(',')
                    ->check(CLI::Range(1, 1 << 16));
  model->add_option("--model", a.model, "checkpoint folder, for its shape")->excludes(shape);
  model->add_option("--rows", a.layer.rows, "of the products (default: 10,60,240)")
      ->delimiter(',')
      ->check(CLI::Range(1, 1 << 16));
  add_threads(*model, a.layer.threads, as_many_as_possible);
  add_device(*model, a);
  add_json(*model, a);
  model->callback([&] {
    a.layer.model = a.model;
    a.layer.device = a.device;
    bench_model_command(a.layer, a.format());
  });
}

}  // namespace

void add_benchmarks(CLI::App& app, Arguments& a, int& exit_code) {
  auto* bench = app.add_subcommand("bench", "measure this machine");
  bench->require_subcommand(1);
  auto* sweep = bench->add_subcommand("sweep", "the seed's search, its decisions forced");
  sweep->add_option("--model", a.model, "checkpoint folder")->required();
  sweep->add_option("--decisions", a.decisions, "trace (CSV: layer, head, score_pct, removed)")
      ->required();
  sweep->add_option("--precision", a.precision, "default: auto")
      ->transform(one_of({Precision::automatic, Precision::bf16, Precision::bf16x3, Precision::fp32,
                          Precision::fp64}));
  sweep
      ->add_option("--full-logit-difference", a.full_logit_difference,
                   "of the model that made the decisions: their margins are percentages of it "
                   "(default: 2.3903, that of the seed's gpt2-medium)")
      ->check(CLI::PositiveNumber);
  add_threads(*sweep, a.threads, as_many_as_possible);
  add_device(*sweep, a);
  add_json(*sweep, a);
  sweep->add_option("--families", a.families, "so many families at once (default: 1)")
      ->check(CLI::Range(1, 1000));
  add_mpi(*sweep, a);
  sweep->add_flag("--no-speculation", a.without_speculation, "score nothing in advance");
  sweep->callback([&] {
    const auto speculation = a.without_speculation ? Speculation::off : Speculation::automatic;
    exit_code = on_all_ranks(a.use_mpi(), [&](Ranks& ranks) {
      return bench_sweep_command(ranks,
                                 {a.model, a.decisions, a.threads, a.families, speculation,
                                  a.precision, a.full_logit_difference, a.device},
                                 a.format());
    });
  });

  auto* cost = bench->add_subcommand("cost", "what plan --simulate needs to know of a machine");
  cost->add_option("--model", a.model, "checkpoint folder")->required();
  cost->add_option("--trace", a.trace,
                   "decisions (CSV) that are evaluated for it; default: a dozen evaluations");
  add_threads(*cost, a.threads, as_many_as_possible);
  add_json(*cost, a);
  add_mpi(*cost, a);
  cost->callback([&] {
    exit_code = on_all_ranks(a.use_mpi(), [&](Ranks& ranks) {
      return bench_cost_command(ranks, {a.model, a.trace, a.threads}, a.format());
    });
  });
  add_model_benchmark(*bench, a);
}

}  // namespace headsweep
