#!/usr/bin/env python3
"""Writes tests/data/golden/analyses.json: what analyses of circuits must find, in float64.

Each case takes a search's file of expected values and asks the oracle (as scripts/expected_values.py does) for mean logit
differences: of the unablated model, of everything, the circuit and nothing kept; of each component alone removed and
alone kept; of the circuit and of everything without a subset of the circuit; and of other searches' circuits.

    python scripts/expected_analyses.py --oracle ORACLE_DIR --data tests/data
"""
import argparse
import json
import sys
from pathlib import Path

from expected_values import position_names

CASES = ["tiny-a.even.mean.all.T3", "tiny-a.mixed.mean.own.T3", "tiny-a.even.mean.all.mlps.T20"]
OTHER_CIRCUITS = {"tiny-a.even.mean.all.T3": ["tiny-a.step3.mean.all.T3", "tiny-a.step3.mean.all.T12"]}


class Family:
    """F of a set of components: [layer, head], or [layer, 'mlp']."""

    def __init__(self, oracle, data, name):
        self.expected = json.loads((data / "golden" / f"{name}.json").read_text())
        prompts = json.loads((data / "golden" / "families" / f"{self.expected['family']}.json").read_text())
        model = oracle.load(str(data / "models" / self.expected["model"]), dtype=oracle.torch.float64)
        clean, corrupted = (oracle.PromptSet(prompts[k], model.tokenizer) for k in ("clean", "corrupted"))
        self.experiment = oracle.Experiment(model, clean, corrupted, self.expected["ablation"], self.expected["positions"],
                                            position_names(clean), self.expected["mlp_means"])
        self.with_mlps = "mlps" in self.expected["components"]
        layers, heads = model.cfg.n_layers, model.cfg.n_heads
        self.all = [[l, h] for l in range(layers) for h in (["mlp"] if self.with_mlps else []) + list(range(heads))]
        self.circuit = self.circuit_of(self.expected)

    def circuit_of(self, expected):
        kept = [list(head) for head in expected["kept"]] + [[l, "mlp"] for l in expected["kept_mlps"] or []]
        return [each for each in self.all if each in kept]

    def mean(self, kept):
        heads = [tuple(each) for each in kept if each[1] != "mlp"]
        mlps = [each[0] for each in kept if each[1] == "mlp"] if self.with_mlps else None
        return self.experiment.per_prompt(heads, mlps).mean().item()


def without(components, removed):
    return [each for each in components if each not in removed]


def expected_analyses(oracle, data, name):
    family = Family(oracle, data, name)
    # Subsets of one, two and all but one component.
    subsets = [family.circuit[:1], family.circuit[1:3], family.circuit[1:]]
    return {
        "search": name, "full": family.experiment.full.mean().item(), "everything": family.mean(family.all),
        "circuit": family.mean(family.circuit), "nothing": family.mean([]),
        "knockouts": [{"component": each, "without": family.mean(without(family.all, [each])), "alone": family.mean([each])}
                      for each in family.all],
        "subsets": [{"removed": subset, "circuit": family.mean(without(family.circuit, subset)),
                     "model": family.mean(without(family.all, subset))} for subset in subsets],
        "others": [{"search": other, "mean": family.mean(family.circuit_of(json.loads((data / "golden" / f"{other}.json").read_text())))}
                   for other in OTHER_CIRCUITS.get(name, [])]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--oracle", type=Path, required=True, help="the folder that holds oracle.py")
    parser.add_argument("--data", type=Path, required=True, help="tests/data")
    options = parser.parse_args()
    sys.path.insert(0, str(options.oracle))
    import oracle                                                  # the reference; imported late, where --oracle says

    oracle.torch.set_num_threads(1)
    cases = [expected_analyses(oracle, options.data, name) for name in CASES]
    (options.data / "golden" / "analyses.json").write_text(json.dumps(cases))
    for case in cases:
        print(f"{case['search']}: full {case['full']:.4f}, everything {case['everything']:.4f}, circuit "
              f"{case['circuit']:.4f}, nothing {case['nothing']:.4f}")


if __name__ == "__main__":
    main()
