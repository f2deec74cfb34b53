#include "pipeline/scaling/plan_ranks.h"

#include <algorithm>
#include <cmath>
#include <thread>

#include <fmt/format.h>

#include "io/printable.h"
#include "io/wording.h"

namespace headsweep {
namespace {

std::string counted_ranks(int count) { return counted(count, "rank", "ranks"); }
std::string counted_families(int count) { return counted(count, "family", "families"); }

/// As bash takes it, on one line.
std::string shell_word(const std::string& text) {
  const bool plain = !text.empty() && text.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyz"
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789_-./=:,+") == std::string::npos;
  if (plain) return text;
  if (printable(text, LineEnds::escaped) != text) {
    std::string quoted = "$'";
    for (const char c : text) quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    return quoted + "'";
  }
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string duration(double seconds) {
  if (seconds < 120) return fmt::format("{:.1f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.1f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

/// Nodes and tasks, with so many ranks on a node.
std::string nodes_and_tasks(int ranks, int ranks_per_node) {
  const int per_node = std::min(ranks, ranks_per_node);
  return fmt::format("--nodes={} --ntasks-per-node={}", (ranks + per_node - 1) / per_node,
                     per_node);
}

std::string ranks_on_sockets(const Job& job, const PlannedRanks& planned, int cores_per_node) {
  constexpr int sockets_per_node = 2;
  const int most = planned.ranks_per_node > 0 ? planned.ranks_per_node : sockets_per_node;
  const int per_node = std::min(planned.ranks, most);
  const int threads =
      job.run.threads > 0 ? job.run.threads : std::max(1, cores_per_node / per_node);
  // The script asks for one rank to a socket.
  const int per_socket = (per_node + sockets_per_node - 1) / sockets_per_node;
  const std::string sockets =
      per_socket > 1 ? fmt::format(" --ntasks-per-socket={}", per_socket) : "";
  return fmt::format("{}{} --cpus-per-task={}", nodes_and_tasks(planned.ranks, most), sockets,
                     threads);
}

/// Slurm knows how many GPUs a node has, and the script how many cores feed one.
std::string ranks_on_gpus(const Job& job, const PlannedRanks& planned) {
  const std::string ranks = planned.ranks_per_node > 0
                                ? nodes_and_tasks(planned.ranks, planned.ranks_per_node)
                                : fmt::format("--ntasks={}", planned.ranks);
  const std::string threads =
      job.run.threads > 0 ? fmt::format(" --cpus-per-task={}", job.run.threads) : "";
  return fmt::format("{} --gpus-per-task=1{}", ranks, threads);
}

}  // namespace

std::string describe_layout(int ranks, int families, int ranks_per_family) {
  const std::string start = counted_ranks(ranks) + ": ";
  if (families == 0) return start + "nothing is left to do";
  if (ranks_per_family > 0) {
    const int size = std::min(ranks_per_family, ranks), groups = ranks / size;
    const int idle = ranks - std::min(groups, families) * size;
    return start + fmt::format("{} at a time with {} each (run.ranks_per_family){}",
                               counted_families(std::min(groups, families)), counted_ranks(size),
                               idle > 0 ? fmt::format("; {} would have nothing to do", idle) : "");
  }
  if (ranks == 1) return start + "one family after the other";
  if (families > ranks)
    return start + fmt::format(
                       "{} at a time with 1 rank each; when no family waits any more, free "
                       "ranks help the last ones",
                       counted_families(ranks));
  const int share = ranks / families, more = ranks % families;
  const std::string each =
      more == 0 ? counted_ranks(share) : fmt::format("{} or {}", share, counted_ranks(share + 1));
  if (families == 1) return start + fmt::format("one leads the family, {} help", ranks - 1);
  return start + fmt::format("{} at once with {} each; ranks that become free help the others",
                             counted_families(families), each);
}

std::string sbatch_line(const Job& job, const PlannedRanks& planned, RankSeat seat,
                        int cores_per_node, double seconds) {
  constexpr double step_minutes = 10;
  const auto minutes = static_cast<long long>(
      step_minutes * std::max(1.0, std::ceil(2 * seconds / 60 / step_minutes)));
  const bool on_gpus = seat == RankSeat::gpu;
  return fmt::format(
      "sbatch {} --time={}:{:02}:00 slurm/{}.sbatch {}",
      on_gpus ? ranks_on_gpus(job, planned) : ranks_on_sockets(job, planned, cores_per_node),
      minutes / 60, minutes % 60, on_gpus ? "gpu" : "cpu", shell_word(job.file.string()));
}

double expected_seconds(const WorkLeft& left, const ClusterCost& cluster,
                        const PlannedRanks& planned) {
  if (left.families == 0) return cluster.loading_seconds;
  const SimulationResult simulated =
      simulate(ReplayedTrace(left.search, ""), cluster, left.runs, planned.ranks);
  const double loading = simulated.seconds - simulated.search_seconds;
  return loading + left.searches_for_each * simulated.search_seconds;
}

void print_planned_ranks(const Job& job, const WorkLeft& left, const ClusterCost& cluster,
                         const PlannedRanks& planned, RankSeat seat) {
  fmt::print("{}\n", describe_layout(planned.ranks, left.families, left.runs.ranks_per_family));
  const double seconds = expected_seconds(left, cluster, planned);
  if (left.families > 0)
    fmt::print(
        "expected: {}about {}, loading included (an estimate: simulated with the times measured "
        "here, on ranks like this one, and a search that removes 78 % of what it tries)\n",
        left.share_scores ? "at most " : "", duration(seconds));
  if (planned.sbatch_line) {
    const auto cores = static_cast<int>(std::thread::hardware_concurrency());
    const std::string where = seat == RankSeat::gpu
                                  ? "with a GPU for each rank"
                                  : fmt::format("with nodes like this machine ({} cores)", cores);
    fmt::print("\n{}:\n{}\n", where, sbatch_line(job, planned, seat, cores, seconds));
  }
}

}  // namespace headsweep
