// What rank 0 tells all ranks before they begin: everything that scoring a job's families needs, so
// that no other rank reads a file.
#pragma once

#include <string>
#include <vector>

#include "io/errors.h"
#include "io/job.h"
#include "model/ablation.h"
#include "model/config.h"
#include "model/memory_need.h"
#include "pipeline/certified_search.h"
#include "pipeline/families.h"
#include "pipeline/ranks/ranks.h"

namespace headsweep {

/// A family as the model sees it, and how what is not kept is ablated: what a circuit's score
/// depends on.
struct AblatedFamily {
  PromptBatch clean, corrupted;
  AblationRule ablation;
  std::string name = {};
  AtOnce at_once = no_limit;  // what the memory here allows
};

struct WorkOrder {
  bool refused = false;  // rank 0 has said what is wrong with the job; there is nothing to do
  ModelConfig config;
  DeviceChoice device = DeviceChoice::automatic;
  int threads = 0;  // per rank; 0: as many as pay
  CertifiedRule rule;
  Speculation speculation = Speculation::automatic;
  double stall_seconds = 600;
  double family_memory_gb = 0;  // as in Job
  std::vector<AblatedFamily> families;
};

AblatedFamily ablated(const Family& family, const AblationRule& rule);

/// Those that the job's runs are about, as ablated_families_of() lists them; `families` are the
/// job's.
std::vector<AblatedFamily> ablated_families(const Job& job, const std::vector<Family>& families);

WorkOrder make_work_order(const Job& job, const Ladder& ladder, const ModelConfig& config,
                          std::vector<AblatedFamily> families);

std::vector<std::byte> to_bytes(const WorkOrder& order);
WorkOrder work_order_from(const std::vector<std::byte>& bytes);

/// Rank 0 to all others, who are in receive_order().
void share_order(Ranks& ranks, const WorkOrder& order);
WorkOrder receive_order(Ranks& ranks);

/// The user's mistake, which all ranks know of: rank 0 says it, the others end without a word.
class ToldToAll : public UserError {
 public:
  using UserError::UserError;
};

/// Rank 0: shares what `prepare()` returns as its member `order`, or that it found a mistake of the
/// user's.
template <class Prepare>
auto share_prepared(Ranks& ranks, Prepare prepare) {
  try {
    auto prepared = prepare();
    share_order(ranks, prepared.order);
    return prepared;
  } catch (const UserError& error) {
    WorkOrder nothing;
    nothing.refused = true;
    share_order(ranks, nothing);
    throw ToldToAll(error.what());
  }
}

}  // namespace headsweep
