"""Times on the device: operations, the seed's sweep, many families; and how far scores are from the CPU's and PyTorch's."""
import os
import shutil
import sys

from steps import Failed, Skipped

SHAPES = {"gpt2-small": (768, 3072, 12), "gpt2-medium": (1024, 4096, 16)}
TARGETS = {"auto": 0.5, "fp32": 2.0}  # seconds of the sweep on gpt2-medium, on an H100
LOADING_TARGET, FAMILIES_TARGET = 3.0, 20.0


def largest_difference(a, b):
    by_head = {(layer, head): score for layer, head, score in a}
    return max(abs(by_head[layer, head] - score) for layer, head, score in b)


class Benchmarks:
    def __init__(self, steps, root, work, device, quick):
        self.steps, self.root, self.work, self.device, self.quick = steps, root, work, device, quick
        self.program = root / "bin" / "headsweep"
        self.decisions = root / "jobs" / "reference" / "add2.csv"
        self.model = work / "random-model"
        self.swept = {}  # what bench sweep said, by precision

    def operations(self, shape):
        """Milliseconds of each operation, and its share of the device's limit."""
        d_model, d_mlp, heads = SHAPES[shape] if not self.quick else (64, 256, 4)
        times = self.steps.json_of([self.program, "bench", "model", "--model-shape", f"{d_model},{d_mlp},{heads}", "--device",
                                    self.device, "--rows", "60" if self.quick else "10,60,480,1920"])
        self.check(next(iter(times["backends"].values())))
        rows = [{"rung": t["rung"], "rows": t["rows"], "operation": t["operation"], "ms": round(1e3 * t["seconds"], 5),
                 "share_of_limit": round(t["share_of_limit"], 3)} for t in times["operations"]]
        attention = {name: times[name] for name in ("attention", "attention_crossover") if name in times}  # a GPU's
        return {"backend": times["backends"], "limits": times["limits"], "operations": rows, **attention}

    def check(self, description):
        """`description`: of the device that was computed on."""
        if (self.device == "cpu") != description.startswith("cpu"):
            raise Failed(f"computed on '{description}', not on {self.device}")

    def make_checkpoint(self):
        """gpt2-medium with random weights; quick: as many layers and heads, but narrow."""
        self.steps.run([sys.executable, "-B", self.root / "tests" / "bench" / "make_checkpoint.py", self.model, "--shape",
                        "narrow" if self.quick else "gpt2-medium"])
        return {"bytes": (self.model / "model.safetensors").stat().st_size}

    def sweep(self, precision, device=None, families=1):
        if not (self.model / "vocab.json").exists():
            raise Failed("there is no checkpoint: its step failed or was left out")
        times = self.steps.json_of([self.program, "bench", "sweep", "--model", self.model, "--decisions", self.decisions,
                                    "--precision", precision, "--device", device or self.device, "--families", families])
        if device is None:
            self.check(times["backend"])
        return times

    def time_sweep(self, precision):
        """The seed's sweep, twice: the second finds the checkpoint in the page cache."""
        times = [self.sweep(precision) for _ in range(1 if self.quick else 2)]
        self.swept[precision] = times[-1]
        numbers = {"sweep s": min(each["seconds"] for each in times), "loading s": times[-1]["load_seconds"],
                   "first loading s": times[0]["load_seconds"],
                   "decisions": {rung["name"]: rung["decisions"] for rung in times[-1]["rungs"]}, "backend": times[-1]["backend"]}
        if not self.quick and self.device != "cpu":
            numbers |= {"target sweep s": TARGETS[precision], "target loading s": LOADING_TARGET,
                        "targets reached": str(numbers["sweep s"] < TARGETS[precision] and numbers["loading s"] < LOADING_TARGET)}
        return numbers

    def many_families(self):
        if self.quick and self.device == "cpu":
            families = 4
        else:
            families = 100
        seconds = self.sweep("auto", families=families)["seconds"]
        numbers = {"families": families, "sweep s": seconds, "families a second": families / seconds}
        if not self.quick and self.device != "cpu":
            numbers |= {"target s": FAMILIES_TARGET, "target reached": str(seconds < FAMILIES_TARGET)}
        return numbers

    def compare_with_cpu(self):
        """float32 on both: every score of the sweep. Errors of sums in another order are some 0.0002 points."""
        if self.device == "cpu":
            raise Skipped("the device is the CPU")
        if "fp32" not in self.swept:
            raise Failed("the sweep in fp32 is missing")
        cpu = self.sweep("fp32", "cpu")
        difference = largest_difference(self.swept["fp32"]["scores"], cpu["scores"])
        if not difference < 0.01:
            raise Failed(f"scores are {difference} percentage points apart")
        return {"largest difference": difference, "cpu sweep s": cpu["seconds"],
                "cpu / device": cpu["seconds"] / self.swept["fp32"]["seconds"]}

    def compare_with_torch(self):
        python = os.environ.get("HEADSWEEP_TORCH_PYTHON") or shutil.which("python3")
        try:
            self.steps.run([python, "-c", "import torch"])
        except Failed:
            raise Skipped(f"{python} has no PyTorch (HEADSWEEP_TORCH_PYTHON: one that has)") from None
        if "fp32" not in self.swept:
            raise Failed("the sweep in fp32 is missing")
        peer = self.steps.json_of([python, "-B", self.root / "tests" / "bench" / "peer_torch.py", self.model, "--decisions",
                                   self.decisions, "--device", self.device])
        difference = largest_difference(self.swept["fp32"]["scores"], peer["scores"])
        if not difference < 0.01:
            raise Failed(f"scores are {difference} percentage points apart")
        return {"torch s": peer["seconds"], "torch": peer["torch"], "largest difference": difference,
                **{f"torch / {precision}": peer["seconds"] / times["seconds"] for precision, times in self.swept.items()}}
