#!/usr/bin/env python3
"""The seed's sweep as an expert would write it in PyTorch, in float32: what headsweep is measured against on a GPU.

Means once, residual streams below the layer under test cached, kept heads packed, only last positions above the last kept head; the
candidates of a layer one by one, as the search asks for them. The decisions are forced, so that the work is the real one on
any weights. TF32 stays off. Needs PyTorch only; reads a checkpoint as make_checkpoint.py writes it.

  peer_torch.py MODEL --decisions jobs/reference/add2.csv [--device cuda|cpu] [--runs 2] --json

Prints {"seconds" (of the best run), "torch", "device", "scores": [[layer, head, percent]]}.
"""
import argparse
import csv
import json
import math
import mmap
import pathlib
import struct
import time

import torch
from torch.nn.functional import gelu, layer_norm

torch.set_grad_enabled(False)
NEVER = float("-inf")


def load_tensors(path, device):
    """{name without "transformer.": tensor} of a safetensors file in float32."""
    with open(path, "rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8:8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(content, dtype=torch.float32, count=(end - begin) // 4, offset=8 + length + begin)
        tensors[name.removeprefix("transformer.")] = flat.view(entry["shape"]).to(device, copy=True)
    return tensors


def seed_prompts(folder, device):
    """Tokens of the clean and the corrupted prompts (10, 6), of answers and distractors (10). Small numbers are one token."""
    vocabulary = json.loads((folder / "vocab.json").read_text())

    def tokens(numbers):
        words = [("" if first else "\u0120") + str(number) for first, number in zip([True] + [False] * 5, numbers)]
        return [vocabulary[word] for word in words]

    clean = [tokens(range(i, i + 11, 2)) for i in range(1, 11)]
    corrupted = [tokens([*range(i, i + 9, 2), i + 8]) for i in range(1, 11)]
    answer, distractor = ([vocabulary[f"\u0120{i + step}"] for i in range(1, 11)] for step in (12, 10))
    return (torch.tensor(value, device=device) for value in (clean, corrupted, answer, distractor))


class Model:
    def __init__(self, folder, device):
        self.config = json.loads((folder / "config.json").read_text())
        self.layers, self.heads, self.d = (self.config[name] for name in ("n_layer", "n_head", "n_embd"))
        self.d_head, self.epsilon = self.d // self.heads, self.config["layer_norm_epsilon"]
        self.w = load_tensors(folder / "model.safetensors", device)

    def of(self, layer, name):
        return self.w[f"h.{layer}.{name}"]

    def embed(self, tokens):
        return self.w["wte.weight"][tokens] + self.w["wpe.weight"][:tokens.shape[1]]

    def norm(self, x, layer, name):
        return layer_norm(x, (self.d,), self.of(layer, name + ".weight"), self.of(layer, name + ".bias"), self.epsilon)

    def attend(self, x, weight, bias, heads, last):
        """The heads' outputs (prompts, positions or 1, heads * d_head); `weight`: packed q, k, v of these heads."""
        prompts, positions, _ = x.shape
        qkv = torch.addmm(bias, x.reshape(-1, self.d), weight).view(prompts, positions, 3, heads, self.d_head)
        q, k, v = (part.transpose(1, 2) for part in qkv.unbind(2))
        q = q[:, :, -1:] if last else q
        scores = q @ k.transpose(-1, -2) / math.sqrt(self.d_head)
        if not last:
            scores = scores.masked_fill(torch.ones_like(scores[0, 0], dtype=torch.bool).triu(1), NEVER)
        return (scores.softmax(-1) @ v).transpose(1, 2).reshape(prompts, -1, heads * self.d_head)

    def mlp(self, x, layer):
        rows = self.norm(x, layer, "ln_2").reshape(-1, self.d)
        hidden = gelu(torch.addmm(self.of(layer, "mlp.c_fc.bias"), rows, self.of(layer, "mlp.c_fc.weight")), approximate="tanh")
        return x + torch.addmm(self.of(layer, "mlp.c_proj.bias"), hidden, self.of(layer, "mlp.c_proj.weight")).view(x.shape)

    def full_run(self, tokens):
        """Of every layer: the residual stream before it and the heads' outputs z; and the last residual stream."""
        x, before, z = self.embed(tokens), [], []
        for layer in range(self.layers):
            before.append(x)
            z.append(self.attend(self.norm(x, layer, "ln_1"), self.of(layer, "attn.c_attn.weight"),
                                 self.of(layer, "attn.c_attn.bias"), self.heads, last=False))
            x = self.mlp(x + z[-1] @ self.of(layer, "attn.c_proj.weight") + self.of(layer, "attn.c_proj.bias"), layer)
        return before, z, x

    def logit_difference(self, x, answer, distractor):
        last = layer_norm(x[:, -1], (self.d,), self.w["ln_f.weight"], self.w["ln_f.bias"], self.epsilon)
        return (last * (self.w["wte.weight"][answer] - self.w["wte.weight"][distractor])).sum(-1).mean()


class Sweep:
    def __init__(self, model, clean, corrupted, answer, distractor):
        self.model, self.answer, self.distractor = model, answer, distractor
        self.before, self.z, end = model.full_run(clean)
        self.full = model.logit_difference(end, answer, distractor)
        self.mean = [z.mean(0) for z in model.full_run(corrupted)[1]]
        self.packed = {}

    def pack(self, layer, kept):
        """The layer with only the kept heads computed: (heads, q k v weight, bias, output weight, what the others add)."""
        m, columns = self.model, []
        for head in kept:
            columns += range(head * m.d_head, (head + 1) * m.d_head)
        gone = torch.ones(m.d, device=self.mean[layer].device)
        gone[columns] = 0
        output = m.of(layer, "attn.c_proj.weight")
        constant = (self.mean[layer] * gone) @ output + m.of(layer, "attn.c_proj.bias")
        qkv = [part * m.d + column for part in range(3) for column in columns]
        self.packed[layer] = (len(kept), m.of(layer, "attn.c_attn.weight")[:, qkv].contiguous(),
                              m.of(layer, "attn.c_attn.bias")[qkv], output[columns].contiguous(), constant)

    def finish(self, first, x):
        """From behind the attention of layer `first` to the end."""
        m = self.model
        for layer in range(first, m.layers):
            nothing_above = all(self.packed[above][0] == 0 for above in range(layer + 1, m.layers))
            if layer > first:
                heads, weight, bias, output, constant = self.packed[layer]
                if heads:
                    z = m.attend(m.norm(x, layer, "ln_1"), weight, bias, heads, last=nothing_above)
                    x = x[:, -z.shape[1]:] + z @ output + constant[-z.shape[1]:]
                else:
                    x = x + constant[-x.shape[1]:]
            x = m.mlp(x[:, -1:] if nothing_above else x, layer)
        return x

    def run(self, removed):
        """[[layer, head, percent]]; `removed`: what the search decided, by (layer, head)."""
        m, scores = self.model, []
        for layer in reversed(range(m.layers)):
            output = m.of(layer, "attn.c_proj.weight").view(m.heads, m.d_head, m.d)
            change = (self.mean[layer] - self.z[layer]).unflatten(-1, (m.heads, m.d_head))
            change = torch.einsum("bthk,hkd->hbtd", change, output)
            current = self.before[layer] + self.z[layer] @ m.of(layer, "attn.c_proj.weight") + m.of(layer, "attn.c_proj.bias")
            kept = []
            for head in range(m.heads):
                trial = current + change[head]
                difference = m.logit_difference(self.finish(layer, trial), self.answer, self.distractor)
                scores.append([layer, head, (100 * difference / self.full).item()])  # the search needs it to decide
                if removed[layer, head]:
                    current = trial
                else:
                    kept.append(head)
            self.pack(layer, kept)
        return scores


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--decisions", required=True)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--runs", type=int, default=2, help="the first warms up")
    parser.add_argument("--json", action="store_true", help="what is printed anyway")
    args = parser.parse_args()
    with open(args.decisions, encoding="utf-8") as file:
        removed = {(int(row["layer"]), int(row["head"])): row["removed"] == "1" for row in csv.DictReader(file)}
    model = Model(args.model, args.device)
    prompts = list(seed_prompts(args.model, args.device))
    best = math.inf
    for _ in range(args.runs):
        start = time.perf_counter()
        scores = Sweep(model, *prompts).run(removed)
        best = min(best, time.perf_counter() - start)
    name = torch.cuda.get_device_name() if args.device == "cuda" else "cpu"
    print(json.dumps({"seconds": best, "torch": torch.__version__, "device": name, "scores": scores}))


if __name__ == "__main__":
    main()
