#!/usr/bin/env python3
"""Write a random GPT-2 checkpoint of a published size, to time headsweep (and its peers) on.

The weights follow GPT-2's initialisation: normal with standard deviation 0.02, the two projections into the residual
stream divided by sqrt(2 * layers). Nothing is trained, so scores mean nothing; shapes and work are the real ones. The
numbers are drawn from a pool of a million, of which each tensor starts at another place: no time depends on it.

  make_checkpoint.py OUT_FOLDER [--shape gpt2|gpt2-medium|gpt2-large|gpt2-xl|narrow] [--tokenizer FOLDER] [--seed N]

`narrow` has gpt2-medium's layers and heads, and few columns. Needs Python only. TOKENIZER holds GPT-2's vocab.json and merges.txt (default: tests/data/gpt2-tokenizer).
"""
import argparse
import array
import json
import math
import pathlib
import random
import shutil
import struct

SHAPES = {"gpt2": (12, 12, 768), "gpt2-medium": (24, 16, 1024), "gpt2-large": (36, 20, 1280), "gpt2-xl": (48, 25, 1600),
          "narrow": (24, 16, 64)}
POOL = 1_000_003  # a prime, so that the rows of a matrix differ
TOKENIZER = pathlib.Path(__file__).resolve().parent.parent / "data" / "gpt2-tokenizer"


def tensors(layers, d, vocabulary=50257, positions=1024):
    """Yield (name, shape, kind): what a tensor is filled with."""
    yield "transformer.wte.weight", (vocabulary, d), "normal"
    yield "transformer.wpe.weight", (positions, d), "normal"
    for layer in range(layers):
        p = f"transformer.h.{layer}."
        yield p + "ln_1.weight", (d,), "one"
        yield p + "ln_1.bias", (d,), "zero"
        yield p + "attn.c_attn.weight", (d, 3 * d), "normal"
        yield p + "attn.c_attn.bias", (3 * d,), "zero"
        yield p + "attn.c_proj.weight", (d, d), "projection"
        yield p + "attn.c_proj.bias", (d,), "zero"
        yield p + "ln_2.weight", (d,), "one"
        yield p + "ln_2.bias", (d,), "zero"
        yield p + "mlp.c_fc.weight", (d, 4 * d), "normal"
        yield p + "mlp.c_fc.bias", (4 * d,), "zero"
        yield p + "mlp.c_proj.weight", (4 * d, d), "projection"
        yield p + "mlp.c_proj.bias", (d,), "zero"
    yield "transformer.ln_f.weight", (d,), "one"
    yield "transformer.ln_f.bias", (d,), "zero"


class Values:
    """The bytes of tensors, one after the other."""

    def __init__(self, layers, seed):
        draw = random.Random(seed)
        normal = [draw.gauss(0, 1) for _ in range(POOL)]
        self.pools = {"normal": self.pool(0.02, normal), "projection": self.pool(0.02 / math.sqrt(2 * layers), normal),
                      "one": self.pool(1, [1] * POOL), "zero": self.pool(0, [0] * POOL)}
        self.place = draw

    @staticmethod
    def pool(scale, numbers):
        return array.array("f", [scale * number for number in numbers]).tobytes()

    def write(self, file, elements, kind):
        pool, left, start = self.pools[kind], 4 * elements, 4 * self.place.randrange(POOL)
        while left > 0:
            piece = pool[start:start + left]
            file.write(piece)
            left, start = left - len(piece), 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--shape", choices=SHAPES, default="gpt2-medium")
    parser.add_argument("--tokenizer", type=pathlib.Path, default=TOKENIZER)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    layers, heads, d = SHAPES[args.shape]
    values = Values(layers, args.seed)
    args.out.mkdir(parents=True, exist_ok=True)

    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, shape, _ in tensors(layers, d):
        size = 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(args.out / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, shape, kind in tensors(layers, d):
            values.write(file, math.prod(shape), kind)

    config = {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "activation_function": "gelu_new",
              "vocab_size": 50257, "n_positions": 1024, "n_ctx": 1024, "n_embd": d, "n_layer": layers, "n_head": heads,
              "n_inner": None, "layer_norm_epsilon": 1e-5, "bos_token_id": 50256, "eos_token_id": 50256,
              "scale_attn_weights": True, "scale_attn_by_inverse_layer_idx": False, "reorder_and_upcast_attn": False,
              "resid_pdrop": 0.1, "embd_pdrop": 0.1, "attn_pdrop": 0.1, "torch_dtype": "float32"}
    (args.out / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    for name in ("vocab.json", "merges.txt"):
        shutil.copyfile(args.tokenizer / name, args.out / name)


if __name__ == "__main__":
    main()
