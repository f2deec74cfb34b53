"""Searches on the device against the reference's (tests/data/golden), and against the same on the CPU."""
import itertools
import json

from steps import Failed

# Single removals of the other importance searches lie so near to one another that float32 may rank them otherwise.
IMPORTANCE = "tiny-b.even.mean.all.importance.T3"
KEYS = ("order", "threshold", "ablation", "positions", "components", "mlp_means", "granularity")
# Percentage points; auto: the guard that the run itself states, if it is larger. As tests/golden.h has them.
TOLERANCES = {"bf16": 1.5, "bf16x3": 0.001, "fp32": 0.001, "fp64": 1e-9}


def golden_groups(golden):
    """Expected searches that can be one job: [[expected]]."""
    searches = [(path.stem, {"granularity": "component"} | json.loads(path.read_text()))
                for path in sorted(golden.glob("tiny-*.json"))]
    searches = [each for name, each in searches if each["order"] != "importance" or name == IMPORTANCE]
    key = lambda expected: json.dumps([expected[name] for name in ("model", *KEYS)])  # noqa: E731
    return [list(group) for _, group in itertools.groupby(sorted(searches, key=key), key)]


def component_of(decision):
    """As a step of an expected search has it."""
    return [decision["layer"], "mlp" if decision["component"] == "mlp" else decision["head"], decision.get("position")]


def check_device(shown, device):
    kind = shown["identity"]["device"]
    if not kind.startswith(device):
        raise Failed(f"computed on {kind}, not on {device}")


class Searches:
    def __init__(self, steps, root, work, device):
        self.steps, self.root, self.work, self.device = steps, root, work, device
        self.program, self.data = root / "bin" / "headsweep", root / "tests" / "data"

    def run_golden(self, number, expected, precision):
        """One job of several families; (expected, shown) of each."""
        first, output = expected[0], self.work / f"golden-{number}-{precision}"
        families = [{"name": each["family"], "file": str(self.data / "golden" / "families" / f"{each['family']}.json")}
                    for each in expected]
        job = {"model": {"path": str(self.data / "models" / first["model"])}, "families": families,
               "search": {name: first[name] for name in KEYS},
               "run": {"device": self.device, "precision": precision, "output": str(output), "audit": 0}}
        path = self.work / f"golden-{number}.yaml"
        path.write_text(json.dumps(job))
        self.steps.run([self.program, "run", path])
        for each in expected:
            (file,) = (output / path.stem).glob(f"{each['family']}.file.T{each['threshold']:g}*.h5")
            yield each, self.steps.json_of([self.program, "show", file])

    def golden(self, precision):
        """Every decision as the reference's; scores as near as the rung must be."""
        decided, largest, wrong = 0, {}, []
        groups = golden_groups(self.data / "golden")
        for number, expected in enumerate(groups):
            for each, shown in self.run_golden(number, expected, precision):
                check_device(shown, self.device)
                wrong += self.compare(each, shown, largest)
                decided += len(shown["decisions"])
        if wrong:
            raise Failed(f"{len(wrong)} of {decided} decisions are not the reference's; the first: {wrong[0]}")
        return {"searches": sum(len(expected) for expected in groups), "decisions": decided,
                **{f"largest difference in {rung}": value for rung, value in sorted(largest.items())}}

    @staticmethod
    def compare(expected, shown, largest):
        """What is wrong; `largest` takes the largest difference of a score, by rung."""
        guards = {rung["name"]: rung["guard"] for rung in shown["precision"]["rungs"]}
        name = " ".join(str(expected[key]) for key in ("model", "family", *KEYS))
        if len(shown["decisions"]) != len(expected["trace"]):
            return [f"{name}: {len(shown['decisions'])} decisions, not {len(expected['trace'])}"]
        wrong = []
        for decision, (layer, head, score, removed, *position) in zip(shown["decisions"], expected["trace"]):
            rung, difference = decision["rung"], abs(decision["score_percent"] - score)
            largest[rung] = max(largest.get(rung, 0), difference)
            tried = [layer, head, position[0] if position else None]
            same = component_of(decision) == tried and decision["removed"] == removed
            if not (same and difference <= max(TOLERANCES[rung], guards[rung])):
                wrong.append(f"{name}: {tried}, {rung}: {decision['score_percent']} for {score}")
        return wrong

    def demo(self, precision):
        """The demo job here and on the CPU: every decision, and how far scores are apart."""
        shown = {}
        for device in (self.device, "cpu"):
            output = self.work / f"demo-{device}-{precision}"
            self.steps.run([self.program, "run", self.root / "jobs" / "demo.yaml", "--set", f"run.device={device}",
                            "--set", f"run.precision={precision}", "--set", f"run.output={output}"])
            shown[device] = self.steps.json_of([self.program, "show", next((output / "demo").glob("even*.h5"))])
            check_device(shown[device], device)
        ours, theirs = shown[self.device]["decisions"], shown["cpu"]["decisions"]
        if [(d["layer"], d["head"], d["removed"]) for d in ours] != [(d["layer"], d["head"], d["removed"]) for d in theirs]:
            raise Failed(f"decisions on {self.device} are not those on the CPU")
        if not all(each["agrees"] for each in shown[self.device]["audit"]):
            raise Failed("the audit in fp64 found another decision")
        difference = max(abs(a["score_percent"] - b["score_percent"]) for a, b in zip(ours, theirs))
        if precision == "fp32" and not difference <= TOLERANCES["fp32"]:
            raise Failed(f"scores are {difference} percentage points apart")
        return {"decisions": len(ours), "kept": len(shown[self.device]["circuit"]), "largest difference": difference,
                "device": shown[self.device]["provenance"].get("device", "")}
