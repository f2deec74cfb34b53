#!/usr/bin/env python3
"""Makes the small GPT-NeoX checkpoints of tests/data/models: tiny-neox, trained to go on with sequences, as Pythia is built
(parallel attention and MLP, a quarter of each head rotary, exact GELU); and random-neox, of random weights, sequential,
half of each head rotary, tanh GELU, in float16 with shards. And tests/data/golden/neox-tokenizer.jsonl: texts and their ids by
Hugging Face's tokenizer for the trained one's tokenizer.json.

Needs torch, transformers, tokenizers and safetensors; minutes on a CPU. Not run in CI: the files are in the repository.

    python scripts/make_neox_models.py --out tests/data
"""
import argparse
import json
import random
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedTokenizerFast

sys.path.insert(0, str(Path(__file__).resolve().parent))
import train_demo_model as demo                                          # the tasks, and the words of the vocabulary

END, PADDING = "<|endoftext|>", "<|padding|>"
RUNS_OF_SPACES = range(6, 1, -1)                                         # tokens of their own, as in GPT-NeoX's tokenizer


# ---- the tokenizer ---------------------------------------------------------------------------------------------------

def added_token(number, content, special):
    return {"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": not special, "special": special}


def tokenizer_json():
    """In the form of GPT-NeoX's: <|endoftext|> first, runs of spaces last and outside the vocabulary."""
    tokens, merges, _ = demo.build_vocabulary()
    tokens = [END, PADDING] + tokens[:-1]
    added = [added_token(0, END, True), added_token(1, PADDING, True)]
    added += [added_token(len(tokens) + i, " " * run, False) for i, run in enumerate(RUNS_OF_SPACES)]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": {"type": "NFC"},
            "pre_tokenizer": byte_level, "post_processor": byte_level, "decoder": byte_level,
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                      "end_of_word_suffix": None, "fuse_unk": False,
                      "vocab": {token: i for i, token in enumerate(tokens)},
                      "merges": [f"{a} {b}" for a, b in merges]}}


def tokenizer_texts(rng):
    """Texts that are easy to get wrong: runs of spaces, special tokens, composed and decomposed letters, other scripts."""
    pieces = [" ", "  ", "   ", "     ", "        ", "\t", "\n", "\n\n", END, PADDING, "<|end", "|>", "1", " 12", " 150", "7.5", "Monday",
              " Monday", " twenty", "café", "cafe\u0301", "\u212b", "한국", "\u1112\u1161\u11ab", "日本", "🙂", "don't", "we'll", "x", " y", ".",
              " .", "ﬁ", "\u0344", "e\u0323\u0301", "a\u0301\u0323"]
    texts = ["", *pieces]
    texts += ["".join(rng.choices(pieces, k=rng.randint(2, 7))) for _ in range(400)]
    return texts


# ---- the models ------------------------------------------------------------------------------------------------------

def save(model, folder, tokenizer, shards=1, buffers=False):
    """As on the model hub. Old checkpoints carry buffers along: the causal mask and the rotary frequencies."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    model.config.to_json_file(folder / "config.json", use_diff=False)
    config = json.loads((folder / "config.json").read_text())
    wanted = ["model_type", "architectures", "vocab_size", "max_position_embeddings", "hidden_size", "num_hidden_layers",
              "num_attention_heads", "intermediate_size", "hidden_act", "rotary_pct", "rotary_emb_base", "layer_norm_eps",
              "use_parallel_residual", "attention_bias", "tie_word_embeddings", "bos_token_id", "eos_token_id", "torch_dtype"]
    config = {key: config.get(key) for key in wanted} | {"architectures": ["GPTNeoXForCausalLM"]}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    tensors = {name: value.contiguous() for name, value in model.state_dict().items()}
    if buffers:
        size, pairs = model.config.max_position_embeddings, int(model.config.hidden_size / model.config.num_attention_heads * model.config.rotary_pct) // 2
        for layer in range(model.config.num_hidden_layers):
            attention = f"gpt_neox.layers.{layer}.attention."
            tensors[attention + "bias"] = torch.ones(1, 1, size, size, dtype=torch.bool).tril()
            tensors[attention + "masked_bias"] = torch.tensor(-1e9)
            tensors[attention + "rotary_emb.inv_freq"] = model.config.rotary_emb_base ** -(torch.arange(pairs) / pairs)
    names = sorted(tensors)
    if shards == 1:
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        return
    where = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        part = {name: tensors[name] for name in names[shard::shards]}
        save_file(part, folder / file, metadata={"format": "pt"})
        where |= dict.fromkeys(part, file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}, indent=1))


def random_model(vocabulary, seed):
    """Large weights, biases and norms at random: whatever is read from the wrong place shows."""
    torch.manual_seed(seed)
    config = GPTNeoXConfig(
        vocab_size=vocabulary, max_position_embeddings=64, hidden_size=40, num_hidden_layers=3, num_attention_heads=5,
        intermediate_size=56, hidden_act="gelu_new", rotary_pct=0.5, rotary_emb_base=100, layer_norm_eps=1e-6,
        use_parallel_residual=False, bos_token_id=0, eos_token_id=0)
    model = GPTNeoXForCausalLM(config)
    for parameter in model.parameters():
        parameter.data.uniform_(-0.6, 0.6)
    return model.half()


def train(tokenizer, options):
    torch.manual_seed(options.seed)
    config = GPTNeoXConfig(
        vocab_size=-(-len(tokenizer) // 64) * 64, max_position_embeddings=64, hidden_size=64, num_hidden_layers=4,
        num_attention_heads=4, intermediate_size=256, hidden_act="gelu", rotary_pct=0.25, rotary_emb_base=10000,
        use_parallel_residual=True, bos_token_id=0, eos_token_id=0)
    model, rng = GPTNeoXForCausalLM(config), random.Random(options.seed)
    optimizer = demo.optimizer_for(model, options)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.learning_rate, total_steps=options.steps, pct_start=0.05)
    tasks, weights = zip(*demo.SHORT_TASKS)
    for step in range(options.steps):
        texts = [rng.choices(tasks, weights)[0](rng) for _ in range(options.rows)]
        tokens, labels = demo.batch(texts, tokenizer, rng)
        loss = model(tokens, labels=labels, use_cache=False).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 99:
            right, difference = demo.demo_accuracy(model, tokenizer)
            print(f"step {step + 1}: loss {loss.item():.3f}, {right:.0f} % right, logit difference {difference:.2f}", flush=True)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("tests/data"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--weight-decay", type=float, default=0.1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    content = tokenizer_json()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(json.dumps(content)), eos_token=END, pad_token=END)
    with open(options.out / "golden" / "neox-tokenizer.jsonl", "w", encoding="utf-8") as file:
        for text in tokenizer_texts(random.Random(options.seed)):
            print(json.dumps({"text": text, "ids": tokenizer.encode(text)}, ensure_ascii=False), file=file)
    save(random_model(len(tokenizer), 12), options.out / "models" / "random-neox", content, shards=2)
    save(train(tokenizer, options), options.out / "models" / "tiny-neox", content, buffers=True)


if __name__ == "__main__":
    main()
