// What to run: a job file, read and checked. Values only; what they mean is the pipeline's
// business.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/family_spec.h"

namespace headsweep {

enum class Processing { none, transformer_lens };
enum class Order {
  backward,   // layers last to first; a layer's MLP, then its heads by index
  forward,    // layers first to last; a layer's heads, then its MLP
  alternate,  // backward, forward, ... over what is left, until a whole pass removes nothing
  importance  // as backward, but a layer's heads by their single-removal score, highest first
};
/// What a search may remove; the others take no part and stay as they are.
enum class Components { heads, heads_and_mlps, mlps };
constexpr bool heads_take_part(Components components) { return components != Components::mlps; }
constexpr bool mlps_take_part(Components components) { return components != Components::heads; }
/// What the means of MLP outputs are taken of: the unablated model on the corrupted prompts, or,
/// for each candidate anew, the model whose heads are ablated there as the candidate's are.
enum class MlpMeans { clean, under_head_mask };
/// What is removed at once: a component, or a head at one named position.
enum class Granularity { component, position };
enum class Ablation { mean, zero, resample };
enum class Positions { all, own, union_of_corrupted };
enum class DeviceChoice { automatic, cpu, cuda };
enum class Precision { automatic, bf16, bf16x3, fp32, fp64 };
enum class Speculation { automatic, off };

struct Job {
  std::filesystem::path file;  // the job file
  struct {
    std::filesystem::path path;  // resolved
    Processing processing = Processing::none;
  } model;
  std::vector<FamilySpec> families;  // one for each family and corruption
  struct {
    Order order = Order::backward;
    std::vector<double> thresholds = {3.0};  // percent of the full model's logit difference
    Components components = Components::heads;
    MlpMeans mlp_means = MlpMeans::clean;
    Granularity granularity = Granularity::component;
    Ablation ablation = Ablation::mean;
    Positions positions = Positions::all;
    bool allow_nonpositive_baseline = false;
  } search;
  struct {
    DeviceChoice device = DeviceChoice::automatic;
    Precision precision = Precision::automatic;
    std::filesystem::path output = "runs";  // resolved against the job file's folder
    int threads = 0;  // per rank; 0: OMP_NUM_THREADS, or all cores that the process may use
    // What follows changes no result, so it is no part of a run's identity.
    int ranks_per_family = 0;  // 0: families first, what is left over helps
    // Percent of the decisions that are evaluated again in fp64 after the search; 0: none.
    double audit = 2;
    // Whether circuits are evaluated before it is certain that they will be needed.
    Speculation speculation = Speculation::automatic;
    double stall_seconds = 600;  // how long a rank may be silent before the run ends with an error
  } run;
};

/// One search of a job, with a run file of its own.
struct RunSpec {
  std::size_t family = 0;  // of Job::families
  double threshold = 3.0;

  bool operator==(const RunSpec&) const = default;
};

/// The runs of a job: family after family, each with all thresholds.
std::vector<RunSpec> runs_of(const Job& job);

/// One `--set key=value`: "search.threshold=5".
using Overrides = std::vector<std::string>;

/// Reads and checks a job file. UserError: "jobs/a.yaml:7: search.treshold: unknown key (did you
/// mean 'threshold'?)". An override's error says `--set search.threshold=x` in place of file and
/// line.
Job read_job(const std::filesystem::path& path, const Overrides& overrides = {});

/// The job with every default written out, as YAML that read_job() takes; the run file keeps it.
std::string resolved_job(const Job& job);

// Names as the job file spells them.
const char* name_of(Processing value);
const char* name_of(Order value);
const char* name_of(Components value);
const char* name_of(MlpMeans value);
const char* name_of(Granularity value);
const char* name_of(Ablation value);
const char* name_of(Positions value);
const char* name_of(DeviceChoice value);
const char* name_of(Precision value);
const char* name_of(Speculation value);

}  // namespace headsweep
