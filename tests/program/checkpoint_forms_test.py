"""The same weights in other files give the same results: shards, the hub's names, half precision."""
import array
import json
import struct

import headsweep_program
from headsweep_program import (DONE, MODELS, ProgramTest, Safetensors, family_file, golden, job, results,
                               write_safetensors)

TINY_A = MODELS / "tiny-a"
HEADS = [[layer, head] for layer in range(3) for head in range(4)]


def bf16(floats):
    """Rounded to nearest."""
    bits = array.array("I", floats)
    return array.array("H", [(value + 0x7fff + (value >> 16 & 1)) >> 16 for value in bits]).tobytes()


def f16(floats):
    values = array.array("f", floats)
    return struct.pack(f"<{len(values)}e", *values)


class CheckpointFormsTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.tensors = Safetensors(TINY_A / "model.safetensors").tensors()

    def without_weights(self, name):
        folder = self.copy_model(name)
        (folder / "model.safetensors").unlink()
        return folder

    def full_mean(self, model):
        self.write("job.yaml", job(model, {"mixed": family_file("mixed")}))
        circuit = self.write("full.json", {"heads": HEADS})
        return self.json_of("score", "job.yaml", "--circuit", circuit)["logit_difference"]

    def everything_said(self, model):
        """What the program says with this model, to the last bit."""
        self.write("job.yaml", job(model, {"mixed": family_file("mixed")}, threshold=3, positions="own")
                   | {"run": {"output": f"runs-{model.name}"}})
        circuit = self.write("circuit.json", {"heads": HEADS[2:7]})
        self.run_program("run", "job.yaml", code=DONE)
        shown = results(self.json_of("show", self.folder / f"runs-{model.name}" / "job" / "mixed.file.T3.h5"))
        said = {"run": shown, "score": self.json_of("score", "job.yaml", "--circuit", circuit)}
        said["identity"] = {k: v for k, v in shown.pop("identity").items() if k != "model_sha256"}
        for processing in ("none", "transformer_lens"):
            said[processing] = self.json_of("prompt", model, "2 4 6 8 10 12", " 14", "--processing", processing)
        return said

    def assert_same(self, model):
        expected, found = self.everything_said(TINY_A), self.everything_said(model)
        for key, value in expected.items():
            self.assertEqual(found[key], value, key)

    def test_two_shards(self):
        model = self.without_weights("shards")
        names = list(self.tensors)
        shards = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
        for file, part in shards.items():
            write_safetensors(model / file, {name: self.tensors[name] for name in part})
        weight_map = {name: file for file, part in shards.items() for name in part}
        (model / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
        self.assert_same(model)

    def test_the_hubs_names_with_mask_buffers(self):
        model = self.without_weights("hub")
        tensors = {name.removeprefix("transformer."): tensor for name, tensor in self.tensors.items()}
        for layer in range(3):
            tensors[f"h.{layer}.attn.bias"] = ("U8", [1, 1, 128, 128], bytes(128 * 128))
            tensors[f"h.{layer}.attn.masked_bias"] = ("F32", [], struct.pack("<f", -1e4))
        write_safetensors(model / "model.safetensors", tensors)
        self.assertEqual(self.json_of("model", model)["layout"], "hub")
        self.assert_same(model)

    def test_another_order_and_the_embedding_once_more(self):
        model = self.without_weights("tied")
        tensors = dict(reversed(self.tensors.items()))
        tensors["lm_head.weight"] = tensors["transformer.wte.weight"]
        write_safetensors(model / "model.safetensors", tensors)
        self.assert_same(model)

    def test_half_precision(self):
        expected = golden("tiny-a.mixed.mean.all.T3")["full"]
        for dtype, convert in (("BF16", bf16), ("F16", f16)):
            with self.subTest(dtype):
                model = self.without_weights(dtype)
                halves = {name: (dtype, shape, convert(data)) for name, (_, shape, data) in self.tensors.items()}
                write_safetensors(model / "model.safetensors", halves)
                self.assertEqual(self.json_of("model", model)["element_types"], [dtype])
                self.assertLess(abs(self.full_mean(model) / expected - 1), 0.01)
                self.assertNotEqual(self.full_mean(model), self.full_mean(TINY_A))

    def test_mixed_precision(self):
        model = self.without_weights("mixed")
        large = "transformer.wte.weight"
        tensors = self.tensors | {large: ("BF16", self.tensors[large][1], bf16(self.tensors[large][2]))}
        write_safetensors(model / "model.safetensors", tensors)
        self.assertEqual(self.json_of("model", model)["element_types"], ["BF16", "F32"])
        self.assertLess(abs(self.full_mean(model) / self.full_mean(TINY_A) - 1), 0.01)


if __name__ == "__main__":
    headsweep_program.main()
