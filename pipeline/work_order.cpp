#include "pipeline/work_order.h"

#include <algorithm>
#include <utility>

namespace headsweep {
namespace {

// The members of structs of other folders, which know nothing of messages; for both directions.

template <class Archive, class Config>
void visit_config(Archive& archive, Config& c) {
  archive(c.layers, c.heads, c.d_model, c.d_mlp, c.positions, c.vocabulary, c.layer_norm_epsilon);
  archive(c.kind, c.form, c.activation, c.rotary_columns, c.rotary_base);
}

template <class Archive, class Batch>
void visit_prompts(Archive& archive, Batch& b) {
  archive(b.tokens, b.answers, b.distractors, b.templates, b.position_names, b.positions);
}

template <class Archive, class Family>
void visit_family(Archive& archive, Family& f) {
  archive(f.name, f.ablation.kind, f.ablation.positions, f.ablation.components,
          f.ablation.mlp_means);
  visit_prompts(archive, f.clean);
  visit_prompts(archive, f.corrupted);
}

template <class Archive, class Order>
void visit_order(Archive& archive, Order& o) {
  archive(o.refused, o.device, o.threads, o.speculation, o.stall_seconds, o.family_memory_gb);
  archive(o.rule.ladder.rungs, o.rule.ladder.costs, o.rule.ladder.climbing, o.rule.audit_percent,
          o.rule.forced_full_mean);
  auto& search = o.rule.search;
  archive(search.layers, search.heads, search.order, search.threshold_percent, search.forced,
          search.components, search.granularity);
  visit_config(archive, o.config);
}

}  // namespace

AblatedFamily ablated(const Family& family, const AblationRule& rule) {
  return {family.clean, family.corrupted, rule, family.prompts.name};
}

std::vector<AblatedFamily> ablated_families(const Job& job, const std::vector<Family>& families) {
  std::vector<AblatedFamily> all;
  for (const auto& [family, ablation] : ablated_families_of(job))
    all.push_back(ablated(families[family], ablation_rule(job, ablation)));
  return all;
}

WorkOrder make_work_order(const Job& job, const Ladder& ladder, const ModelConfig& config,
                          std::vector<AblatedFamily> families) {
  WorkOrder order;
  order.config = config;
  order.device = job.run.device;
  order.threads = job.run.threads;
  order.rule.search = search_rule(job, config.layers, config.heads);
  order.rule.ladder = ladder;
  order.rule.audit_percent = job.run.audit;
  order.speculation = job.run.speculation;
  order.stall_seconds = job.run.stall_seconds;
  order.family_memory_gb = job.run.family_memory_gb;
  order.families = std::move(families);
  return order;
}

std::vector<std::byte> to_bytes(const WorkOrder& order) {
  Writer writer;
  visit_order(writer, order);
  writer(order.families.size());
  for (const AblatedFamily& family : order.families) visit_family(writer, family);
  return writer.take();
}

WorkOrder work_order_from(const std::vector<std::byte>& bytes) {
  WorkOrder order;
  Reader reader(bytes);
  visit_order(reader, order);
  std::size_t families = 0;
  reader(families);
  order.families.resize(families);
  for (AblatedFamily& family : order.families) visit_family(reader, family);
  return order;
}

void share_order(Ranks& ranks, const WorkOrder& order) {
  std::vector<std::byte> bytes = to_bytes(order);
  ranks.broadcast(bytes);
  ranks.set_patience(order.stall_seconds);
}

WorkOrder receive_order(Ranks& ranks) {
  std::vector<std::byte> bytes;
  ranks.broadcast(bytes);
  WorkOrder order = work_order_from(bytes);
  // When one hangs, all others wait; the first of them to lose patience says so, and ends the rest
  // before they do. mpirun takes a second for that.
  order.stall_seconds += 2 * std::min(ranks.rank(), 2);
  ranks.set_patience(order.stall_seconds);
  return order;
}

}  // namespace headsweep
