#include "pipeline/shared_model.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "headsweep/version.h"

#include "io/checkpoint.h"
#include "io/errors.h"
#include "model/device.h"
#include "pipeline/evaluator.h"
#include "pipeline/family_memory.h"
#include "pipeline/shared_weights.h"

namespace headsweep {
namespace {

/// Where each of a checkpoint's files lies in a block of memory.
struct StoredFiles {
  std::vector<std::string> names;
  std::vector<std::int64_t> starts, ends;

  void visit(auto& archive) { archive(names, starts, ends); }

  void add(const std::string& name, std::int64_t bytes) {
    constexpr std::int64_t cache_line = 64;
    names.push_back(name);
    starts.push_back((all_bytes() + cache_line - 1) / cache_line * cache_line);
    ends.push_back(starts.back() + bytes);
  }
  std::int64_t all_bytes() const { return ends.empty() ? 0 : ends.back(); }
};

/// Tensor by tensor, so that the mapped files are never in memory as a whole besides their copy.
void copy_files(const Checkpoint& checkpoint, const StoredFiles& files, std::byte* to) {
  const std::vector<CheckpointFile> contents = checkpoint.contents();
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const std::span<const std::byte> file = contents[i].bytes;
    std::byte* const copy = to + files.starts[i];
    std::size_t header = file.size();
    for (const StoredTensor& tensor : checkpoint.tensors()) {
      if (tensor.bytes.data() < file.data() || tensor.bytes.data() >= file.data() + file.size())
        continue;
      const auto offset = static_cast<std::size_t>(tensor.bytes.data() - file.data());
      header = std::min(header, offset);
      std::ranges::copy(tensor.bytes, copy + offset);
      checkpoint.release(tensor);
    }
    std::ranges::copy(file.first(header), copy);
  }
}

/// The checkpoint's files, in one block of each node's memory.
Checkpoint share_checkpoint(Ranks& ranks, const std::filesystem::path& folder) {
  std::optional<Checkpoint> on_disk;
  StoredFiles files;
  if (ranks.rank() == 0) {
    on_disk.emplace(folder);
    for (const CheckpointFile& file : on_disk->contents())
      files.add(file.name, std::ssize(file.bytes));
  }
  std::vector<std::byte> list = to_bytes(files);
  ranks.broadcast(list);
  files = from_bytes<StoredFiles>(list);

  const NodeMemory memory = ranks.share_on_node(files.all_bytes());
  auto* const data = static_cast<std::byte*>(memory.memory.get());
  if (on_disk) copy_files(*on_disk, files, data);
  ranks.broadcast_into(memory, files.all_bytes());
  ranks.meet_on_node();
  std::vector<CheckpointFile> in_memory;
  for (std::size_t i = 0; i < files.names.size(); ++i)
    in_memory.push_back({files.names[i], {data + files.starts[i], data + files.ends[i]}});
  return {folder, in_memory, memory.memory};
}

}  // namespace

int threads_per_rank(int wanted, const ModelConfig& config, const Ranks& ranks) {
  if (wanted > 0) return wanted;
  if (gains_no_threads(config)) return 1;
  if (std::getenv("OMP_NUM_THREADS") != nullptr) return 0;  // OpenMP reads it
  return ranks.place().cores;
}

namespace {

int ranks_on_my_node(const Ranks& ranks) {
  const std::vector<RankPlace>& places = ranks.places();
  return static_cast<int>(std::ranges::count(places, ranks.place().node, &RankPlace::node));
}

/// Of GPUs, what the rank with the least may take.
MemoryShare share_of_each(const Ranks& ranks, const FoundDevices& devices, double gigabytes) {
  return devices.mine.gpu ? least_share(ranks.places(), devices.all)
                          : share_of_processor(gigabytes, ranks_on_my_node(ranks));
}

FamilyNeed need_of(const WorkOrder& order, const AblatedFamily& family,
                   std::span<const BackendMemory> rungs, int most_circuits,
                   const MemoryShare& share) {
  FamilyNeed need = family_need(order.config, rungs, family.clean, family.corrupted,
                                family.ablation, most_circuits, share);
  try {
    check_that_it_fits(family.name, need, share);
  } catch (const UserError& error) {
    throw ToldToAll(error.what());
  }
  return need;
}

/// Opens the ranks' devices; GPUs with the memory that the order will need.
LoadedRungs open_devices(const Ranks& ranks, const WorkOrder& order, FoundDevices& devices) {
  LoadedRungs loaded{{}, devices.all, {}};
  for (const Rung rung : order.rule.ladder.rungs)
    loaded.rungs.push_back({open_device(devices.mine, rung), nullptr});
  std::vector<BackendMemory> rungs;
  for (const LoadedModel& each : loaded.rungs)
    rungs.push_back(backend_memory(order.config, *each.backend));
  const DeviceInfo info = loaded.rungs.front().backend->info();
  const MemoryShare share = share_of_each(ranks, devices, order.family_memory_gb);
  for (const AblatedFamily& family : order.families) {
    const FamilyNeed need =
        need_of(order, family, rungs, circuits_side_by_side(info, family.clean), share);
    loaded.at_once.push_back(need.at_once);
    if (share.of_gpu)
      devices.mine.reserve_bytes = std::max(devices.mine.reserve_bytes, need.need.peak());
  }
  // What backends need is known once they are there; a process's share what one of them reserves.
  if (share.of_gpu)
    loaded.rungs.back().backend = open_device(devices.mine, order.rule.ladder.rungs.back());
  return loaded;
}

}  // namespace

LoadedRungs load_shared_model(Ranks& ranks, const WorkOrder& order,
                              const std::filesystem::path& folder) {
  FoundDevices devices =
      find_devices(ranks, order.device, threads_per_rank(order.threads, order.config, ranks),
                   order.stall_seconds);
  LoadedRungs loaded = open_devices(ranks, order, devices);
  std::vector<LoadedModel>& rungs = loaded.rungs;
  const auto stored = std::make_shared<StoredWeights>(
      ranks.size() == 1 ? StoredWeights(folder, order.config)
                        : StoredWeights(share_checkpoint(ranks, folder), order.config));
  for (std::size_t i = 0; i < rungs.size(); ++i) {
    LoadedModel& rung = rungs[i];
    const auto same_form = [&](const LoadedModel& other) {
      return other.backend->info().weight_form == rung.backend->info().weight_form;
    };
    if (const auto found = std::find_if(rungs.begin(), rungs.end(), same_form); found->model) {
      rung.model = std::make_unique<Model>(stored, *rung.backend, found->model->weight_block(),
                                           WeightBlock::packed_already);
      continue;
    }
    const bool last = std::none_of(rungs.begin() + static_cast<std::ptrdiff_t>(i) + 1, rungs.end(),
                                   [&](const LoadedModel& other) { return !same_form(other); });
    rung.model = share_weights(ranks, stored, *rung.backend, devices,
                               last ? WeightBlock::last_to_be_packed : WeightBlock::to_be_packed,
                               order.stall_seconds);
  }
  return loaded;
}

std::string describe(const Ranks& ranks, const LoadedRungs& loaded) {
  return device_of(loaded).description + describe_ranks(ranks.places(), loaded.devices);
}

namespace {

/// A family on each rung, made ready there when it is first wanted.
class FamilyOnRungs {
 public:
  FamilyOnRungs(const WorkOrder& order, const LoadedRungs& loaded, int family)
      : rungs_(loaded.rungs),
        family_(order.families[static_cast<std::size_t>(family)]),
        at_once_(loaded.at_once[static_cast<std::size_t>(family)]),
        evaluators_(loaded.rungs.size()) {}

  int named_positions() const { return static_cast<int>(family_.clean.position_names.size()); }

  Evaluator& on(int rung) {
    auto& evaluator = evaluators_[static_cast<std::size_t>(rung)];
    if (!evaluator)
      evaluator =
          std::make_unique<Evaluator>(*rungs_[static_cast<std::size_t>(rung)].model, family_.clean,
                                      family_.corrupted, family_.ablation, at_once_);
    return *evaluator;
  }

 private:
  const std::vector<LoadedModel>& rungs_;
  const AblatedFamily& family_;
  const AtOnce at_once_;
  std::vector<std::unique_ptr<Evaluator>> evaluators_;  // by rung
};

FamilyScorer scorer_of(const std::shared_ptr<FamilyOnRungs>& family) {
  return {
      family->on(0).most_side_by_side(),
      [family](int rung) { return family->on(rung).full().per_prompt; },
      [family](int rung, std::span<const Circuit> circuits) {
        Evaluator& evaluator = family->on(rung);
        std::vector<Score> scores;
        for (Evaluation& each : evaluator.evaluate(circuits))
          scores.push_back({each.score_percent, std::move(each.per_prompt), evaluator.full().mean});
        return scores;
      },
      family->named_positions()};
}

}  // namespace

WorkerOptions worker_options(const WorkOrder& order, const LoadedRungs& loaded) {
  const auto open_family = [&](int number) {
    return scorer_of(std::make_shared<FamilyOnRungs>(order, loaded, number));
  };
  const auto baseline = [&](int number) {
    // The full model knows no ablation, so that the cheapest will do. But a run is refused for its
    // sign, which is not to depend on the rungs.
    const AblatedFamily& family = order.families[static_cast<std::size_t>(number)];
    return Evaluator(*loaded.rungs.back().model, family.clean, family.corrupted,
                     {Ablation::zero, Positions::all},
                     {1, loaded.at_once[static_cast<std::size_t>(number)].prompts})
        .full()
        .per_prompt;
  };
  return {order.rule,  order.speculation, order.stall_seconds, about_this_rank(loaded),
          open_family, baseline};
}

DeviceInfo in_one(const std::vector<DeviceInfo>& devices) {
  DeviceInfo all;
  const auto add = [](std::string& text, const std::string& part) {
    if (text.find(part) == std::string::npos) text += (text.empty() ? "" : "; ") + part;
  };
  for (const DeviceInfo& device : devices) {
    add(all.kind, device.kind);
    add(all.description, device.description);
  }
  return all;
}

DeviceInfo device_of(const LoadedRungs& loaded) {
  std::vector<DeviceInfo> devices;
  for (const LoadedModel& rung : loaded.rungs) devices.push_back(rung.backend->info());
  return in_one(devices);
}

Ready about_this_rank(const LoadedRungs& loaded) {
  return {device_of(loaded).kind, std::string(program_version)};
}

}  // namespace headsweep
