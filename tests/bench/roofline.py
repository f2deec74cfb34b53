#!/usr/bin/env python3
"""What an H100 SXM allows at most: the least time of each operation of a layer, of the seed's sweep, of loading.

Prints the tables of README.md ("On a GPU"). Written before anything was measured on a GPU, so that a measurement can
contradict it. Each operation takes at least the longest of: its arithmetic at the device's peak, its bytes at the memory's
rate, and a node of a CUDA graph. Weights are read once for each operation; activations in float32.

  roofline.py [--circuits 1,32]
"""
import argparse

FLOPS = {"bf16": 989e12, "fp32": 67e12}  # dense, a second
MEMORY, NODE, PCIE = 3.35e12, 1e-6, 50e9  # bytes a second, seconds, bytes a second
READ = 10e9                               # of a checkpoint in the page cache, bytes a second: 16 cores, assumed
SHAPES = {"gpt2-small": (12, 12, 768), "gpt2-medium": (24, 16, 1024)}  # layers, heads, d_model
ROWS, PROMPTS, POSITIONS = 60, 10, 6
WEIGHT_BYTES = {"bf16": 2, "bf16x3": 4, "fp32": 4}
DECISIONS, WAVE, FAMILIES = 384, 32, 100
L2, L2_BYTES = 5.5e12, 50e6               # the second cache: bytes a second (assumed), bytes
MULTIPROCESSORS, CLOCK = 132, 1.98e9
WORKSPACE = 32 << 20                      # kernels/cuda/long_attention.h
# What of the limits is reached where sequences are long: assumed. Both decide where the crossover lies.
OWN_SHARE, LIBRARY_SHARE = 0.8, 2 / 3
WAVES = 58  # of the seed's sweep: what the published decisions leave of waves of 32


class Operation:
    def __init__(self, name, flops, weight_elements, activations, launches=1):
        self.name, self.flops, self.weights, self.activations, self.launches = name, flops, weight_elements, activations, launches

    def seconds(self, rung):
        arithmetic = self.flops * (3 if rung == "bf16x3" else 1) / FLOPS["fp32" if rung == "fp32" else "bf16"]
        return max(arithmetic, self.bytes(rung) / MEMORY, self.launches * NODE)

    def bytes(self, rung):
        return self.weights * WEIGHT_BYTES[rung] + self.activations

    def bound(self, rung):
        if self.seconds(rung) == self.launches * NODE:
            return "launch"
        return "memory" if self.seconds(rung) == self.bytes(rung) / MEMORY else "arithmetic"


def layer(d, rows, rung, kept=1.0):
    """`kept`: which part of the heads is not pruned. bf16 rungs round the rows first (split), bf16x3 into two parts."""
    k = round(d * kept)
    row = 4 * rows
    split = {"bf16": 2, "bf16x3": 4}.get(rung, 0)

    def split_of(columns):
        return [Operation("split", 0, 0, rows * columns * (4 + split))] if split else []

    def product(name, inputs, outputs, moved):
        read = split or 4
        return Operation(name, 2 * rows * inputs * outputs, inputs * outputs, rows * (inputs * read + 4 * moved))

    return [Operation("layer_norm", 0, 0, row * 2 * d), *split_of(d),
            product("QKV", d, 3 * k, 3 * k),
            Operation("attention with fill", 4 * rows * POSITIONS * k / 2, 0, row * 4 * k), *split_of(k),
            product("output", k, d, 2 * d),
            Operation("add_rows", 0, 0, row * 3 * d),
            Operation("layer_norm", 0, 0, row * 2 * d), *split_of(d),
            product("MLP in, GELU", d, 4 * d, 4 * d), *split_of(4 * d),
            product("MLP out", 4 * d, d, 2 * d)]


def print_layers(circuits):
    for name, (_, _, d) in SHAPES.items():
        for count in circuits:
            rows = ROWS * count
            print(f"\n{name}, {count} circuit{'s' if count > 1 else ''} side by side ({rows} rows), all heads kept; microseconds:\n")
            print("| operation | MFLOP | weights, MB (bf16 / others) | rows, MB | bf16 | bf16x3 | fp32 |")
            print("|---|---|---|---|---|---|---|")
            rungs = {rung: layer(d, rows, rung) for rung in WEIGHT_BYTES}
            splits = {rung: [each for each in all_of if each.name == "split"] for rung, all_of in rungs.items()}
            for operations in zip(*([each for each in all_of if each.name != "split"] for all_of in rungs.values())):
                first, last = operations[0], operations[-1]
                times = " | ".join(f"{1e6 * each.seconds(rung):.2f} {each.bound(rung)}" for rung, each in zip(rungs, operations))
                print(f"| {first.name} | {first.flops / 1e6:.0f} | {first.weights * 2e-6:.1f} / {last.weights * 4e-6:.1f} | "
                      f"{last.activations / 1e6:.2f} | {times} |")
            times = " | ".join(f"{len(splits[rung])} x {1e6 * sum(e.seconds(rung) for e in splits[rung]) / len(splits[rung]):.2f}"
                               if splits[rung] else "" for rung in rungs)
            print(f"| split, on average | | | | {times} |")
            times = " | ".join(f"**{1e6 * sum(e.seconds(rung) for e in all_of):.1f}**" for rung, all_of in rungs.items())
            print(f"| layer, {len(rungs['fp32'])} launches ({len(rungs['bf16'])} in the bf16 rungs) | | | | {times} |")


def sweep_seconds(layers, d, rung):
    """384 decisions in 58 waves of up to 32 circuits. A circuit that removes a head of layer l runs layers l .. last; so half
    of all layers on average. In the layers above the last kept head only the last positions count (not reckoned with)."""
    rows = ROWS * min(WAVE, DECISIONS / WAVES)
    full_layers = (layers + 1) / 2
    return WAVES * full_layers * sum(each.seconds(rung) for each in layer(d, round(rows), rung))


def print_sweep():
    layers, _, d = SHAPES["gpt2-medium"]
    print(f"\nThe seed's sweep on gpt2-medium: {DECISIONS} decisions, {WAVES} waves, on average {DECISIONS / WAVES:.1f} circuits that "
          f"count in each\n(a wave of {WAVE} costs what its {WAVE * ROWS} rows cost: second line):\n")
    print("| | bf16 | bf16x3 | fp32 | target |\n|---|---|---|---|---|")
    every, count = WEIGHT_BYTES, WAVES * (layers + 1) / 2
    print("| only what is used, s | " + " | ".join(f"{sweep_seconds(layers, d, rung):.3f}" for rung in every) + " | |")
    waves = {rung: count * sum(e.seconds(rung) for e in layer(d, WAVE * ROWS, rung)) for rung in every}
    print("| full waves, s | " + " | ".join(f"{waves[rung]:.3f}" for rung in every) + " | 0.5 (auto), 2 (fp32) |")
    hundred = {rung: FAMILIES * DECISIONS / WAVE * (layers + 1) / 2 * sum(e.seconds(rung) for e in layer(d, WAVE * ROWS, rung))
               for rung in every}
    print(f"| {FAMILIES} families, no circuit thrown away, s | " + " | ".join(f"{hundred[rung]:.1f}" for rung in every) + " | 20 |")
    read = 1.42e9
    print(f"\nLoading gpt2-medium ({read / 1e9:.2f} GB): {read / READ:.2f} s to read from the page cache (10 GB/s assumed), "
          f"{read / PCIE:.3f} s over PCIe, {2 * read / MEMORY * 1e3:.1f} ms to pack on\nthe GPU; target 3 s.")


def own_attention_seconds(sequences, length, heads, d_head, element):
    """The own kernel is bound by shared memory, which gives a warp 128 bytes a cycle, so a read of 16 bytes a lane takes four.
    A warp has 4 queries and, in turn, 32 keys. Scores: for each pack of 16 bytes of d_head, 4 keys and the query. Mixtures: each
    key's values, d_head / 8 for a lane, and its weight from another lane. Then some shuffles and exponentials."""
    packs = d_head * element // 16
    scores, values = packs * 5 * 4, 32 * (packs // 8 * 4 + element // 4)
    rest = 25 if element == 4 else 100
    pairs = sequences * heads * length * (length + 1) / 2
    return pairs / (4 * 32) * (scores + values + rest) / (MULTIPROCESSORS * CLOCK) / OWN_SHARE


def library_attention_seconds(sequences, length, heads, d_head, element):
    """Every key for every query, in two products; scores are written, half of them masked, read and written by the softmax, read
    again. In the second cache if scores and weights fit, and four launches for the heads that the workspace holds."""
    head_bytes = length * length * element
    at_once = min(heads, max(1, WORKSPACE // (2 * head_bytes)))
    arithmetic = 4 * heads * length * length * d_head / (FLOPS["fp32"] * LIBRARY_SHARE)  # fp64's peak is the same
    rate = L2 if 2 * at_once * head_bytes <= L2_BYTES else MEMORY
    return sequences * (arithmetic + 4.5 * heads * head_bytes / rate + -(-heads // at_once) * 4 * NODE)


def print_long_sequences():
    _, heads, d = SHAPES["gpt2-small"]
    print("\nAttention of gpt2-small over 2048 rows, by the length of the sequences; microseconds:\n")
    print("| rows of a sequence | sequences | own, fp32 | libraries, fp32 | own, fp64 | libraries, fp64 |\n|---|---|---|---|---|---|")
    for length in (64, 128, 256, 384, 512, 768, 1024):
        sequences = 2048 // length
        times = [f"{1e6 * way(sequences, length, heads, d // heads, element):.0f}"
                 for element in (4, 8) for way in (own_attention_seconds, library_attention_seconds)]
        print(f"| {length} | {sequences} | {' | '.join(times)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--circuits", default="1,32", help="side by side, separated by commas (default: 1,32)")
    args = parser.parse_args()
    print_layers([int(count) for count in args.circuits.split(",")])
    print_sweep()
    print_long_sequences()


if __name__ == "__main__":
    main()
