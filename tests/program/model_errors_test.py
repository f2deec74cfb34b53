"""Checkpoints that cannot be used are refused by every command: exit code 2, one line, nothing on disk."""
import json
import re
import shutil
import struct

import headsweep_program
from headsweep_program import DATA, DONE, MODELS, RefusalTest, Safetensors
from tried import tried

TINY_A = MODELS / "tiny-a"


class ModelErrorsTest(RefusalTest):
    """Weights are holes in files where they do not matter: nothing is computed with them."""

    def checkpoint(self, change, source="tiny-a"):
        """A model folder of which `change` has edited the header. `change` gets the entries and the data's size."""
        folder = self.copy_model("model", source)
        (folder / "model.safetensors").unlink()
        original = Safetensors(MODELS / source / "model.safetensors")
        size = len(original.content) - original.start
        size = change(original.entries, size) or size
        text = json.dumps(original.entries).encode()
        with open(folder / "model.safetensors", "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            file.truncate(8 + len(text) + size)
        return folder

    def assert_model_refused(self, folder, patterns):
        self.job_with(str(TINY_A), str(folder))
        for command in self.commands_in_turn([["model", folder], ["run", "job.yaml"], ["plan", "job.yaml"],
                                              ["prompt", folder, "2 4", " 6"]]):
            with self.subTest(command[0]):
                self.assert_refused(command, patterns)

    def test_folder(self):
        for name in ("vocab.json", "merges.txt", "config.json", "model.safetensors"):
            with self.subTest(missing=name):
                folder = self.copy_model("model")
                (folder / name).unlink()
                pattern = fr"/model/{re.escape(name)}: the model's {re.escape(name)} does not exist; check the path"
                if name == "model.safetensors":
                    pattern = r"/model: holds no model\.safetensors and no \S+\.index\.json; it has config"
                self.assert_model_refused(folder, [pattern])
                shutil.rmtree(folder)
        for folder in (self.folder / "nowhere", self.write("a-file", "x")):
            self.assert_model_refused(folder, [fr"{folder}/\S+: .* does not exist \(there is no folder {folder}\)"])

    def test_config(self):
        others = "different models|another model"
        cases = [
            ({"n_layer": 4}, [r"'transformer\.h\.3\.\S+' is missing", "config.json", others]),
            ({"n_layer": 2}, [r"'transformer\.h\.2\.\S+' is no part of a GPT-2 with 2 layers", "correct config.json"]),
            ({"n_embd": 32}, [r"has shape \[.*64\], but config.json asks for \[.*32\]", others]),
            ({"n_head": 3}, [r"config\.json: n_embd: 64 cannot be divided among n_head: 3 heads"]),
            ({"n_inner": 100}, [r"has shape \[.*\], but config.json asks for \[.*100.*\]", others]),
            ({"n_positions": 64}, [r"'transformer\.wpe\.weight' has shape \[128, 64\], .* \[64, 64\]"]),
            ({"n_layer": 0}, [r"config\.json: n_layer: 0 is not possible"]),
            ({"n_layer": "three"}, [r'config\.json: n_layer: must be a whole number, but it is "three"']),
            ({"n_embd": None}, [r"config\.json: n_embd: missing"]),
            ({"model_type": "llama"},
             [r"config\.json: model_type: 'llama' is not supported", "use a checkpoint of one of them"]),
            ({"activation_function": "relu"}, [r"config\.json: activation_function: 'relu' is not supported"]),
            ({"scale_attn_by_inverse_layer_idx": True},
             [r"config\.json: scale_attn_by_inverse_layer_idx: true is not"]),
            ({"scale_attn_weights": False}, [r"config\.json: scale_attn_weights: false is not supported"]),
            ({"tie_word_embeddings": False}, [r"config\.json: tie_word_embeddings: false is not supported"]),
            ({"layer_norm_epsilon": 0}, [r"config\.json: layer_norm_epsilon: 0 is not possible"]),
        ]
        for config, patterns in cases:
            with self.subTest(**config):
                folder = self.copy_model("model", **config)
                self.assert_model_refused(folder, [str(folder), *patterns])
                shutil.rmtree(folder)
        tried("input", "a head count that does not divide the model's width", "refused, both numbers named")
        folder = self.copy_model("model")
        (folder / "config.json").write_text("{")
        self.assert_model_refused(folder, [r"/model/config\.json: .*not valid JSON"])

    def test_vocabulary_of_another_model(self):
        folder = self.copy_model("model")
        vocabulary = json.loads((DATA / "gpt2-tokenizer" / "vocab.json").read_text()) | {"extra": 60000}
        (folder / "vocab.json").unlink()
        (folder / "vocab.json").write_text(json.dumps(vocabulary))
        self.assert_refused(["model", folder],
                            ["the tokenizer has the token 60000, but config.json's vocab_size is 50257"])

    def test_damaged_weights(self):
        whole = (TINY_A / "model.safetensors").read_bytes()
        cases = [
            ("truncated", whole[:10_000_000], r"is truncated: 3502648 bytes are missing .*; copy it again"),
            ("truncated in the header", whole[:1000], r"is truncated: \d+ bytes of its header are missing; copy"),
            ("nearly nothing", whole[:5], r"is truncated: it has 5 bytes"),
            ("empty", b"", r"is (empty|truncated)"),
            ("a header longer than the file", struct.pack("<Q", 50_000_000) + whole[8:],
             r"is truncated: \d+ bytes of its"),
            ("a header of terabytes", struct.pack("<Q", 1 << 62) + whole[8:], "is not a safetensors file"),
            ("a short header", struct.pack("<Q", 100) + whole[8:], "the header is not valid JSON"),
            ("a Git LFS pointer", b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
            ("PyTorch's format", b"PK\x03\x04" + whole, "is not a safetensors file"),
        ]
        for name, content, pattern in cases:
            with self.subTest(name):
                folder = self.copy_model("model")
                (folder / "model.safetensors").unlink()
                (folder / "model.safetensors").write_bytes(content)
                self.assert_model_refused(folder, [r"/model/model\.safetensors: ", pattern])
                shutil.rmtree(folder)

    def test_weights_that_are_no_numbers(self):
        whole = Safetensors(TINY_A / "model.safetensors")
        cases = [("transformer.h.1.mlp.c_fc.weight", float("nan"), r"nan at \[0, 1\]"),
                 ("transformer.h.2.ln_1.bias", float("-inf"), r"-inf at \[1\]"),
                 ("transformer.wpe.weight", float("inf"), r"inf at \[0, 1\]")]
        for name, value, pattern in cases:
            with self.subTest(name):
                folder = self.copy_model("model")
                content = bytearray(whole.content)
                struct.pack_into("<f", content, whole.start + whole.entries[name]["data_offsets"][0] + 4, value)
                (folder / "model.safetensors").unlink()
                (folder / "model.safetensors").write_bytes(content)
                self.job_with(str(TINY_A), str(folder))
                for command in (["run", "job.yaml"], ["prompt", folder, "2 4", " 6"]):
                    self.assert_refused(command, [str(folder), fr"tensor '{re.escape(name)}' holds {pattern}"])
                shutil.rmtree(folder)

    def test_tensors(self):
        bias = "transformer.h.1.ln_1.bias"

        def edit(name, **fields):
            return lambda tensors, size: tensors[name].update(fields)

        def append(name, dtype, shape, size_each):
            def change(tensors, size):
                elements = 1
                for extent in shape:
                    elements *= extent
                tensors[name] = {"dtype": dtype, "shape": shape, "data_offsets": [size, size + elements * size_each]}
                return size + elements * size_each
            return change

        def drop(tensors, size):
            del tensors[bias]

        shared = Safetensors(TINY_A / "model.safetensors").entries["transformer.h.1.ln_1.weight"]["data_offsets"]
        cases = [
            ("missing", drop, [f"'{bias}' is missing", "incomplete"]),
            ("wrong shape", edit(bias, shape=[32, 2]),
             [fr"'{bias}' has shape \[32, 2\], but config.json asks for \[64\]"]),
            ("I64", append(bias, "I64", [64], 8), [f"'{bias}' holds I64 numbers", "convert the checkpoint"]),
            ("unknown type", edit(bias, dtype="Q7"), [f"'{bias}' holds Q7 numbers"]),
            ("extra layer", append("transformer.h.3.ln_1.bias", "F32", [64], 4),
             [r"'transformer\.h\.3\.ln_1\.bias' is no part of a GPT-2 with 3 layers"]),
            ("too few bytes", edit(bias, shape=[63]),
             [f"model.safetensors: tensor '{bias}': its data_offsets span 256 bytes"]),
            ("behind the end", edit(bias, data_offsets=[1 << 40, (1 << 40) + 256]),
             [r"model\.safetensors: is truncated: \d+ bytes are missing"]),
            ("backwards", edit(bias, data_offsets=[256, 0]), [f"model.safetensors: tensor '{bias}': .*runs backwards"]),
            ("shared bytes", edit(bias, data_offsets=shared), ["model.safetensors: .*shares bytes with tensor"]),
            ("enormous", edit(bias, shape=[1 << 40, 1 << 40]),
             [f"model.safetensors: tensor '{bias}': .*too many elements"]),
        ]
        for name, change, patterns in cases:
            with self.subTest(name):
                folder = self.checkpoint(change)
                self.assert_model_refused(folder, [str(folder), *patterns])
                shutil.rmtree(folder)

    def test_unembedding_of_its_own(self):
        def add_head(tensors, size):
            bytes_in_all = 50257 * 64 * 4
            tensors["lm_head.weight"] = {"dtype": "F32", "shape": [50257, 64],
                                         "data_offsets": [size, size + bytes_in_all]}
            return size + bytes_in_all

        folder = self.checkpoint(add_head)
        self.run_program("model", folder, code=DONE)  # holes on both sides: it is the embedding once more
        with open(folder / "model.safetensors", "r+b") as file:
            file.seek(-1, 2)
            file.write(b"\x01")
        self.assert_model_refused(folder, ["'lm_head.weight' differs from 'transformer.wte.weight'"])

    def test_shards(self):
        folder = self.copy_model("model")
        (folder / "model.safetensors").rename(folder / "part-1.safetensors")
        self.assert_model_refused(folder,
                                  [r"/model: holds no model\.safetensors", "it has part-1.safetensors", "index"])
        index = folder / "model.safetensors.index.json"
        names = list(Safetensors(TINY_A / "model.safetensors").entries)
        weight_map = {name: "part-1.safetensors" for name in names}
        for name, content, patterns in [
                ("no map", {}, [r"index\.json: has no object 'weight_map'"]),
                ("a shard that is missing", {"weight_map": weight_map | {"x": "part-2.safetensors"}},
                 [r"/model/part-2\.safetensors"]),
                ("a shard elsewhere", {"weight_map": {"x": "../part-1.safetensors"}},
                 [r"index\.json: .*not the plain name"]),
                ("a tensor that is missing", {"weight_map": weight_map | {"x": "part-1.safetensors"}},
                 [r"index\.json: tensor 'x' is not in part-1\.safetensors"]),
                ("a tensor that is not listed", {"weight_map": {names[0]: "part-1.safetensors"}},
                 [r"part-1\.safetensors: tensor .* is not in model\.safetensors\.index\.json"])]:
            with self.subTest(name):
                index.write_text(json.dumps(content))
                self.assert_model_refused(folder, patterns)


if __name__ == "__main__":
    headsweep_program.main()
