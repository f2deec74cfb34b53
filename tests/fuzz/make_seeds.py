#!/usr/bin/python3
"""Writes the seeds of tests/fuzz/corpus that are not text: make_seeds.py (no arguments; the same bytes each time).
Wants Debian's Python, which has h5py."""
import io
import json
import pathlib
import struct

import h5py

CORPUS = pathlib.Path(__file__).parent / "corpus"


def safetensors(header, data):
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


def tiny_gpt2(element_type, bytes_each):
    """One layer of one head, everything of width 2: what safetensors_entry.cpp takes for a GPT-2."""
    shapes = {"wte.weight": [2, 2], "wpe.weight": [2, 2], "ln_f.weight": [2], "ln_f.bias": [2],
              "h.0.ln_1.weight": [2], "h.0.ln_1.bias": [2], "h.0.ln_2.weight": [2], "h.0.ln_2.bias": [2],
              "h.0.attn.c_attn.weight": [2, 6], "h.0.attn.c_attn.bias": [6], "h.0.attn.c_proj.weight": [2, 2],
              "h.0.attn.c_proj.bias": [2], "h.0.mlp.c_fc.weight": [2, 2], "h.0.mlp.c_fc.bias": [2],
              "h.0.mlp.c_proj.weight": [2, 2], "h.0.mlp.c_proj.bias": [2]}
    header, at = {}, 0
    for name, shape in shapes.items():
        elements = shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": element_type, "shape": shape, "data_offsets": [at, at + elements * bytes_each]}
        at += elements * bytes_each
    return safetensors(header, bytes(at))


def small_hdf5():
    file = io.BytesIO()
    with h5py.File(file, "w") as f:
        f.attrs["format"] = "headsweep run"
        f.attrs["format_version"] = 4
        f.create_dataset("circuit", data=[[0, 1]], dtype="i4", chunks=(1, 2), fletcher32=True)
        f.create_group("prompts")["position_names"] = ["S1", "end"]
    return file.getvalue()


# The edits of hdf5_edits.cpp, by number.
DELETE_OBJECT, LINK_OBJECT, DELETE_ATTRIBUTE, REPLACE_ATTRIBUTE, REPLACE_OBJECT, OVERWRITE_VALUES, OVERWRITE_TEXT, SET_NUMBER = range(8)


def edits():
    """By name: which file (0 a run, 1 an analysis, 2 a comparison, 3 an index), then what is done to it."""
    return {"run-whole": [0], "analysis-whole": [1], "comparison-whole": [2], "index-whole": [3],
            "run-object-gone": [0, DELETE_OBJECT, 5], "index-object-gone": [3, DELETE_OBJECT, 1],
            "run-linked-outside": [0, LINK_OBJECT, 2, 3, 1], "run-linked-inside": [0, LINK_OBJECT, 2, 3, 2],
            "run-attribute-gone": [0, DELETE_ATTRIBUTE, 0, 3],
            "run-attribute-of-text": [0, REPLACE_ATTRIBUTE, 0, 3, 1, 2, 1, 0, 3, 97, 98, 99],
            "analysis-attribute-of-no-value": [1, REPLACE_ATTRIBUTE, 0, 3, 1, 0, 0],
            "run-giant": [0, REPLACE_OBJECT, 2, 0, 1, 2, 10, 2, 4, 255],
            "run-elsewhere": [0, REPLACE_OBJECT, 2, 0, 1, 2, 2, 2, 0],
            "comparison-values": [2, OVERWRITE_VALUES, 4, 0, 6, 2, 240, 127],
            "run-text": [0, OVERWRITE_TEXT, 16, 0, 3, 255, 10, 0, 1, 98], "analysis-nan": [1, SET_NUMBER, 0, 1, 12]}


def main():
    for name, numbers in edits().items():
        (CORPUS / "hdf5_structure" / name).write_bytes(bytes(numbers))
    image = small_hdf5()
    for seal in (0, 1):
        (CORPUS / "hdf5_bytes" / ["unsealed", "sealed"][seal]).write_bytes(bytes([seal]) + image)
    folder = CORPUS / "safetensors"
    (folder / "tiny-gpt2-f32").write_bytes(tiny_gpt2("F32", 4))
    (folder / "tiny-gpt2-bf16").write_bytes(tiny_gpt2("BF16", 2))
    (folder / "types").write_bytes(safetensors(
        {"__metadata__": {"format": "pt"}, "a": {"dtype": "I64", "shape": [], "data_offsets": [0, 8]},
         "b": {"dtype": "F16", "shape": [2, 0], "data_offsets": [8, 8]},
         "c": {"dtype": "F4_X", "shape": [3], "data_offsets": [8, 10]}}, bytes(10)))
    (folder / "overflow").write_bytes(safetensors(
        {"a": {"dtype": "F32", "shape": [4294967296, 4294967296], "data_offsets": [0, 18446744073709551615]}}, b""))
    (folder / "git-lfs").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")


if __name__ == "__main__":
    main()
