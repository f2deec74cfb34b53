// What to run: a job file, read and checked. Values only; what they mean is the pipeline's
// business.
#pragma once

#include <cstdint>
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
/// What can be found out about circuits that were found (docs/analyses.md).
enum class Analysis { knockout, faithfulness, curve, compare };
/// The subsets of a circuit that completeness and minimality look at.
struct SubsetDraws {
  int random = 10;                                      // subsets at random
  int restarts = 10, iterations = 10, candidates = 10;  // of the greedy search for the worst one
  std::uint64_t seed = 0;

  bool operator==(const SubsetDraws&) const = default;
};

/// The runs that an entry of `sweep.include` or `sweep.exclude` is about: those that have one of
/// the values of each list; an empty list is about all.
struct RunSelector {
  std::vector<std::string> families, corruptions;  // in full: "names-s2", "shuffle-s3"
  std::vector<double> thresholds;
  std::vector<Order> orders;
  std::vector<Ablation> ablations;
  std::vector<int> seeds;  // of the corruption or of the sentences
};

struct Job {
  std::filesystem::path file;  // the job file
  struct {
    std::filesystem::path path;  // resolved
    Processing processing = Processing::none;
  } model;
  std::vector<FamilySpec> families;  // one for each family and corruption
  struct {
    // Each family is searched with each combination of them.
    std::vector<Order> orders = {Order::backward};
    std::vector<double> thresholds = {3.0};  // percent of the full model's logit difference
    std::vector<Ablation> ablations = {Ablation::mean};
    Components components = Components::heads;
    MlpMeans mlp_means = MlpMeans::clean;
    Granularity granularity = Granularity::component;
    Positions positions = Positions::all;
    bool allow_nonpositive_baseline = false;
    int resample_prompts = 0;  // so many more searches, on prompts drawn from the family's
    int resample_seed = 0;
  } search;
  struct {
    std::vector<RunSelector> include, exclude;  // no include: all
  } sweep;
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
    double stall_seconds = 600;   // how long a rank may be silent before the run ends with an error
    double family_memory_gb = 0;  // that a rank may take for a family; 0: what its machine allows
  } run;
  // After the searches; they change no run file.
  struct {
    std::vector<Analysis> make;  // each once, in the order of the enumeration
    SubsetDraws draws;
  } analyses;
};

/// One search of a job, with a run file of its own.
struct RunSpec {
  std::size_t family = 0;  // of Job::families
  double threshold = 3.0;
  Order order = Order::backward;
  Ablation ablation = Ablation::mean;
  int resample = 0;  // number of the drawn prompts; 0: all prompts, as they are

  bool operator==(const RunSpec&) const = default;
};

/// The runs of a job that `sweep` leaves: family after family, in each ablation after ablation.
std::vector<RunSpec> runs_of(const Job& job);

/// A family with one ablation: what a circuit's score depends on. Runs of the same share scores.
struct AblatedFamilySpec {
  std::size_t family = 0;  // of Job::families
  Ablation ablation = Ablation::mean;

  bool operator==(const AblatedFamilySpec&) const = default;
};
inline AblatedFamilySpec ablated_family_of(const RunSpec& run) {
  return {run.family, run.ablation};
}

/// Those that the job's runs are about, in the order of runs_of(). A family without runs has none.
std::vector<AblatedFamilySpec> ablated_families_of(const Job& job);

/// "even.shuffle-s2.T3.forward": what the run's file is called. It depends on the run alone.
std::string run_name(const Job& job, const RunSpec& run);
/// "even.file.T3" of "even.file.T3.r7", a resample's; other names as they are.
std::string name_on_all_prompts(const std::string& run_name);

/// "3 of seed 7"; empty for a run on all prompts.
std::string resample_text(const Job& job, const RunSpec& run);

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
const char* name_of(Analysis value);

}  // namespace headsweep
