#include <memory>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/json_output.h"
#include "io/printable.h"
#include "io/published_search.h"
#include "io/run_file.h"
#include "pipeline/commands.h"
#include "pipeline/exact_scorer.h"
#include "pipeline/reproduction.h"
#include "pipeline/run.h"
#include "pipeline/run_store.h"

namespace headsweep {
namespace {

/// The model is loaded only if the searches part.
Outcome hold_against(const PublishedSearch& published, const Verification& verification,
                     const Publication& publication, Format format) {
  const RunRecord record = read_run_file(verification.run_file);
  std::unique_ptr<ExactScorer> scorer;
  ReproducedRun result =
      reproduce(published, record, publication.within, [&](const std::vector<Circuit>& circuits) {
        scorer = std::make_unique<ExactScorer>(record, verification.model, verification.device,
                                               verification.threads);
        return scorer->scores_percent(circuits);
      });
  if (scorer) result.device = scorer->device();
  if (format == Format::json) {
    fmt::print("{}\n", to_json(result));
  } else {
    print_text(stdout, "{} against {}\n{}", verification.run_file.string(),
               publication.search.string(), describe(result));
  }
  return is_reproduced(result) ? Outcome::done : Outcome::contradicted;
}

}  // namespace

std::filesystem::path published_beside(const std::filesystem::path& job) {
  auto circuit = job, search = job;
  circuit.replace_extension(".json");
  search.replace_extension(".csv");
  std::error_code ignored;
  return !std::filesystem::exists(search, ignored) && std::filesystem::exists(circuit, ignored)
             ? circuit
             : search;
}

Outcome verify_against_command(const Verification& verification, const Publication& publication,
                               Format format) {
  return hold_against(read_published_search(publication.search), verification, publication, format);
}

Outcome reproduce_command(Ranks& ranks, const std::function<Job()>& read,
                          const Publication& publication) {
  Job job;
  PublishedSearch published;
  const Outcome outcome = run_job(ranks, [&] {
    job = read();
    if (const std::size_t runs = runs_of(job).size(); runs != 1)
      throw UserError(
          fmt::format("reproduce: the job has {} runs, and a published search is one: name the run "
                      "file, with verify --against",
                      runs));
    published = read_published_search(publication.search);  // its mistakes are better known at once
    return job;
  });
  if (ranks.rank() > 0 || outcome != Outcome::done) return outcome;
  return hold_against(published,
                      {.run_file = run_file_path(job, runs_of(job).front()),
                       .model = job.model.path,
                       .threads = job.run.threads,
                       .device = job.run.device},
                      publication, Format::text);
}

}  // namespace headsweep
