// A finished search of 2 layers with 3 heads at a threshold of 3 %, made up, small enough to reckon
// by hand.
#pragma once

#include <string>
#include <utility>

#include "io/found_runs.h"

namespace headsweep {

/// Kept: 0.1 and 1.1. One fragile decision (1.2), which the audit looked at; one in fp64 (0.0).
inline RunRecord small_run() {
  RunRecord run;
  run.status = RunStatus::complete;
  run.identity = {{"program", "0.1.0"},
                  {"model_sha256", "abc"},
                  {"model_config", "2 layers, 3 heads, d_model 12, d_mlp 48, epsilon 1e-05"},
                  {"prompts_sha256", "def"},
                  {"corruption", "repeat_last"},
                  {"order", "backward"},
                  {"components", "heads"},
                  {"granularity", "component"}};
  run.provenance = {{"model_path", "/models/small"}, {"ranks", "1"}};
  run.hosts = {"n1"};
  run.job = "model: {path: small}\n";
  run.family = "even";
  run.layers = 2;
  run.heads = 3;
  run.threshold = 3;
  run.position_names = {"S1", "end"};
  run.clean = {{"2 4", "6", "4", 0, {17, 604}, 718, 604, {0, 1}},
               {"3 5", "7", "5", 0, {18, 642}, 767, 642, {0, 1}}};
  run.corrupted = {{"2 2", "4", "6", 0, {17, 362}, 604, 718, {0, 1}},
                   {"3 3", "5", "7", 0, {18, 513}, 642, 767, {0, 1}}};
  run.full_mean = 2.5;
  run.full_per_prompt = {2, 3};
  run.rungs = {{"bf16", 0.3, 0.05, 0.2}, {"fp64", 2.5, 0, 0}};
  run.decisions = {
      {1, 0, 99.5, -2.5, true, 1, 1, 0, 0, {2.25, 2.725}, 0, 0.2},
      {1, 1, 50, 47, false, 2, 2, 0, 0, {1, 1.5}, 0, 0.2},
      {1, 2, 97.03125, -0.03125, true, 3, 3, 0, 0, {2.125, 2.7265625}, 0, 0.02},
      {0, 0, 104, -7, true, 4, 4, 0, 0, {2.5, 2.7}, 1, 0},
      {0, 1, 60.25, 36.75, false, 5, 5, 0, 0, {1.5, 1.5125}, 0, 0.2},
      {0, 2, 98.25, -1.25, true, 6, 6, 0, 0, {2.4375, 2.475}, 0, 0.2},
  };
  run.audit = {{2, 97.03, true}};
  run.work = {6, 8, 2, 3.0, 0.5, 1.5};
  return run;
}

/// Stopped before layer 0.
inline RunRecord small_stopped_run() {
  RunRecord run = small_run();
  run.status = RunStatus::stopped;
  run.decisions.resize(3);
  return run;
}

/// As if `record` had been found in a file of that name.
inline FoundRun found(RunRecord record, const std::string& name = "even.repeat_last.T3") {
  FoundRun run;
  run.name = name;
  run.file = name + ".h5";
  run.family = record.family;
  run.corruption = "repeat_last";
  run.threshold = record.threshold;
  run.status = name_of(record.status);
  run.record = std::move(record);
  return run;
}

}  // namespace headsweep
