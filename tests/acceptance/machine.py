"""What the machine is, and where its CUDA libraries are."""
import glob
import os
import pathlib
import platform
import shutil
import sys

from steps import Failed, Skipped

GPU_FACTS = ("name", "driver_version", "memory.total", "pci.bus_id", "clocks.max.sm", "clocks.max.memory", "power.limit",
             "ecc.mode.current", "mig.mode.current", "pcie.link.gen.max", "pcie.link.width.max")


def processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")


def describe(steps):
    facts = {"processor": processor(), "cores": len(os.sched_getaffinity(0)), "system": platform.platform(),
             "glibc": platform.libc_ver()[1], "python": platform.python_version()}
    if shutil.which("nvidia-smi"):
        steps.run(["nvidia-smi"])
        rows = steps.run(["nvidia-smi", f"--query-gpu={','.join(GPU_FACTS)}", "--format=csv,noheader"]).splitlines()
        facts["gpus"] = [dict(zip(GPU_FACTS, map(str.strip, row.split(",")))) for row in rows]
        facts["gpu"] = facts["gpus"][0]["name"] if rows else ""
    else:
        facts["gpu"] = "no nvidia-smi here"
    return facts


def candidate_folders():
    """Where CUDA's libraries usually are, besides the places where the loader looks anyway."""
    folders = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    folders += [os.path.join(os.environ[name], "lib64") for name in ("CUDA_HOME", "CUDA_PATH") if name in os.environ]
    folders += sorted(glob.glob("/usr/local/cuda*/lib64"), reverse=True)
    for path in [os.environ.get("CONDA_PREFIX", "") and os.environ["CONDA_PREFIX"] + "/lib", *sys.path]:
        folders += [path, *sorted(glob.glob(f"{path}/nvidia/*/lib"))] if path else []
    return [folder for folder in dict.fromkeys(folders) if folder]


def find_cuda_libraries(steps, root):
    """Puts the folders of what the plugin needs into LD_LIBRARY_PATH."""
    if steps.facts["device"] != "cuda":
        raise Skipped("the device is not a GPU")
    needs = root / "lib" / "headsweep" / "cuda-libraries.txt"
    if not needs.exists():
        raise Failed("the bundle has no CUDA plugin: make it where nvcc, cuBLASLt, cuDNN and NCCL are")
    loader = shutil.which("ldconfig") or "/sbin/ldconfig"
    known = steps.run([loader, "-p"]) if os.path.exists(loader) else ""
    found, folders, missing = {}, [], []
    for name in needs.read_text().split():
        folder = next((each for each in candidate_folders() if os.path.exists(os.path.join(each, name))), None)
        if folder:
            folders.append(folder)
        elif name not in known:
            missing.append(name)
        found[name] = folder or "the loader's places"
    steps.environment["LD_LIBRARY_PATH"] = ":".join(dict.fromkeys(folders))
    if missing:
        raise Failed(f"not found: {', '.join(missing)}; put their folders into LD_LIBRARY_PATH")
    return found
