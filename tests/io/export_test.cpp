#include "io/export.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "io/circuit_file.h"
#include "io/errors.h"
#include "io/run_components.h"
#include "tests/small_run.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Export, CsvHasALineForEachDecisionOfEachRun) {
  FoundRun pending = found(small_run());
  pending.record.reset();
  EXPECT_EQ(
      decisions_csv(
          {found(small_stopped_run(), "a"), pending, found(small_stopped_run(), "b,\"c\"")}),
      R"(run,family,corruption,threshold,decision,component,layer,head,position,score_percent,margin,removed,rung,guard,tie,audit_score_percent,seconds
a,even,repeat_last,3,1,head,1,0,,99.5,-2.5,1,bf16,0.2,0,,1
a,even,repeat_last,3,2,head,1,1,,50,47,0,bf16,0.2,0,,2
a,even,repeat_last,3,3,head,1,2,,97.03125,-0.03125,1,bf16,0.02,0,97.03,3
"b,""c""",even,repeat_last,3,1,head,1,0,,99.5,-2.5,1,bf16,0.2,0,,1
"b,""c""",even,repeat_last,3,2,head,1,1,,50,47,0,bf16,0.2,0,,2
"b,""c""",even,repeat_last,3,3,head,1,2,,97.03125,-0.03125,1,bf16,0.02,0,97.03,3
)");
}

TEST(Export, JsonIsWhatScoreReads) {
  const TemporaryFolder folder;
  const CircuitFile circuit = read_circuit(folder.write("circuit.json", circuit_json(small_run())));
  EXPECT_FALSE(circuit.per_position);
  EXPECT_THAT(circuit.heads, ElementsAre(Pair(0, 1), Pair(1, 1)));
}

TEST(Export, JsonHasTheMlpsWhereTheyTakePart) {
  RunRecord run = small_run();
  run.components = Components::heads_and_mlps;
  run.decisions[5] = {0, RunComponent::mlp, 98.25, -1.25, true, 6, 6, 0, 0, {2.4375, 2.475}};
  EXPECT_EQ(circuit_json(run), "{\"heads\":[[0,1],[0,2],[1,1]],\"mlps\":[1]}\n");
  run.components = Components::mlps;
  EXPECT_EQ(circuit_json(run), "{\"mlps\":[1]}\n");
}

TEST(Export, JsonIsByPositionWhereHeadsWereTriedAtEach) {
  RunRecord run = small_stopped_run();
  run.granularity = Granularity::position;
  run.layers = run.heads = 1;
  run.decisions.clear();
  EXPECT_EQ(circuit_json(run), "{\"positions\":{\"S1\":[[0,0]],\"end\":[[0,0]]}}\n");
}

TEST(Export, ArenaIsADictionaryOfPython) {
  EXPECT_EQ(arena_dictionary({found(small_run()), found(small_run(), "it's \"odd\"\n")}),
            "{\n"
            "    \"even.repeat_last.T3\": [(0, 1), (1, 1)],\n"
            "    \"it's \\\"odd\\\"\\n\": [(0, 1), (1, 1)],\n"
            "}\n");
}

TEST(Export, MibScoresANodeByWhatTheCircuitLosesWithoutIt) {
  const auto graph = nlohmann::json::parse(mib_graph(found(small_run())));
  EXPECT_EQ(graph["cfg"].dump(),
            R"({"d_model":12,"n_heads":3,"n_layers":2,"parallel_attn_mlp":false})");
  const auto& nodes = graph["nodes"];
  EXPECT_EQ(nodes.size(), 2U + 2 * (3 + 1));
  EXPECT_EQ(nodes["a1.h1"].dump(), R"({"in_graph":true,"score":50.0})");
  EXPECT_EQ(nodes["a0.h1"].dump(), R"({"in_graph":true,"score":39.75})");
  EXPECT_EQ(nodes["a0.h2"].dump(), R"({"in_graph":false,"score":1.75})");
  EXPECT_EQ(nodes["a0.h0"].dump(), R"({"in_graph":false,"score":0.0})")
      << "a gain is no importance";
  EXPECT_EQ(nodes["m0"].dump(), R"({"in_graph":true})") << "was not tried";
  EXPECT_EQ(nodes["logits"].dump(), R"({"in_graph":true})");
  EXPECT_TRUE(graph["edges"].empty());
}

TEST(Export, MibIsToldOfAParallelModel) {
  RunRecord run = small_run();
  for (auto& [name, value] : run.identity)
    if (name == "model_config") value += ", parallel";
  EXPECT_TRUE(nlohmann::json::parse(mib_graph(found(run)))["cfg"]["parallel_attn_mlp"].get<bool>());
}

TEST(Export, MibNeedsTheModelsWidth) {
  RunRecord run = small_run();
  run.identity.clear();
  EXPECT_THROW(mib_graph(found(run)), UserError);
}

TEST(Export, DotHasARowForEachLayer) {
  RunRecord run = small_run();
  run.decisions[2].removed = false;
  EXPECT_EQ(circuit_dot(found(run)), R"(digraph "even.repeat_last.T3" {
  rankdir=BT;
  node [shape=box, style=rounded, fontname="sans-serif"];
  edge [arrowhead=none, color=gray];
  { rank=same; "layer 0" [shape=plaintext]; "0.1"; }
  { rank=same; "layer 1" [shape=plaintext]; "1.1"; "1.2"; }
  "layer 0" -> "layer 1";
}
)");
}

}  // namespace
}  // namespace headsweep
