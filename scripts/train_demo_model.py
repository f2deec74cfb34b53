#!/usr/bin/env python3
"""Trains the demo model: a small GPT-2 that continues number sequences, calendars, alphabets and simple sentences.

Needs torch, transformers and safetensors; a CPU is enough. Not run in CI: the checkpoint is in the repository.
The same seed gives the same data everywhere, but the same weights only with the same torch on the same kind of CPU.

    python scripts/train_demo_model.py --out jobs/demo-model
"""
import argparse
import json
import random
import time
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel, GPT2Tokenizer

END = "<|endoftext|>"
LARGEST = 150                                                       # numbers 0..150 are single tokens
DEMO_STARTS, DEMO_STEP, DEMO_LENGTH = range(1, 11), 2, 6            # the family of jobs/demo.yaml
STEPS = [1, 2, 2, 2, 3, 4, 5, 10, -1, -2, -3, -5, -10]              # the demo's step is seen more often
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
NUMBER_WORDS = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
                "sixteen seventeen eighteen nineteen twenty").split()
LETTERS = [chr(ord("A") + i) for i in range(26)]
THINGS = "Van Hat Ring Desk Sun Lamp Shelf Tree Key Pen Bag Book Cup Boat Door Bell Coin Fork".split()
VERBS = ["done in", "kept at", "sold on", "made by", "left for"]


# ---- the tokenizer ---------------------------------------------------------------------------------------------------

def byte_symbols():
    """GPT-2's 256 byte symbols in the order of their ids: printable bytes first, then the others from U+0100 on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    return [chr(b) for b in printable] + [chr(256 + i) for i in range(256 - len(printable))]


def encode_word(word, ranks):
    """Byte-pair encoding of one word: the pair merged first in training is merged first, everywhere it occurs."""
    pieces = list(word)
    while True:
        pairs = [p for p in zip(pieces, pieces[1:]) if p in ranks]
        if not pairs:
            return pieces
        best, merged, i = min(pairs, key=ranks.get), [], 0
        while i < len(pieces):
            step = 2 if tuple(pieces[i:i + 2]) == best else 1
            merged.append("".join(pieces[i:i + step]))
            i += step
        pieces = merged


def build_vocabulary():
    """-> (tokens in the order of their ids, merges in order) such that every word below is one token."""
    words = [str(n) for n in range(LARGEST + 1)] + WEEKDAYS + MONTHS + NUMBER_WORDS + LETTERS + THINGS
    words = words + ["Ġ" + w for w in words + [v for verb in VERBS for v in verb.split()]]
    merges = {}
    for word in words:
        while len(pieces := encode_word(word, merges)) > 1:         # earlier words stay whole: new merges come last
            merges[pieces[0], pieces[1]] = len(merges)
    tokens = byte_symbols() + ["".join(pair) for pair in merges] + [END]
    assert len(set(tokens)) == len(tokens), "two merges make the same token"
    return tokens, list(merges), words


def write_tokenizer(out):
    """Writes vocab.json and merges.txt, checks them with Hugging Face's GPT-2 tokenizer, and returns that tokenizer."""
    tokens, merges, words = build_vocabulary()
    vocabulary = {token: i for i, token in enumerate(tokens)}
    (out / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    (out / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges), encoding="utf-8")
    tokenizer = GPT2Tokenizer(out / "vocab.json", out / "merges.txt")
    for word in words:
        assert tokenizer.encode(word.replace("Ġ", " ")) == [vocabulary[word]], word
    assert tokenizer.eos_token_id == len(tokens) - 1
    return tokenizer


# ---- the tasks -------------------------------------------------------------------------------------------------------

def arithmetic(rng):
    step, length = rng.choice(STEPS), rng.randint(6, 11)
    while abs(step) * (length - 1) > LARGEST:
        length -= 1
    reach = step * (length - 1)
    low, high = max(0, -reach), LARGEST - max(0, reach)
    start = rng.randint(low, min(high, low + 30) if rng.random() < 0.5 else high)            # small numbers more often
    return " ".join(str(start + step * i) for i in range(length))


def cycle(rng):
    names = rng.choice([WEEKDAYS, MONTHS])
    start, step = rng.randrange(len(names)), rng.choice([1, 1, 1, 2, -1])
    return " ".join(names[(start + step * i) % len(names)] for i in range(rng.randint(5, 11)))


def ladder(rng):
    names, step = rng.choice([NUMBER_WORDS, LETTERS]), rng.choice([1, 1, 2, -1])
    length = rng.randint(5, 9)
    low, high = (0, len(names) - step * (length - 1)) if step > 0 else (length - 1, len(names))
    start = rng.randrange(low, high)
    return " ".join(names[start + step * i] for i in range(length))


def repeats(rng):
    pool = rng.choice([LETTERS, THINGS, NUMBER_WORDS, [str(n) for n in range(LARGEST + 1)]])
    unit = rng.sample(pool, rng.randint(1, 4))
    return " ".join((unit * 12)[:rng.randint(2 * len(unit) + 2, 12)])


def sentences(rng):
    """Van done in 1. Hat done in 2. ...: counting, weekdays or months, each with another thing."""
    kind, verb, things = rng.random(), rng.choice(VERBS), rng.sample(THINGS, 5)
    if kind < 0.7:
        start, step = rng.randint(1, 40), rng.choice([1, 1, 2, 5])
        values = [str(start + step * i) for i in range(5)]
    else:
        names = WEEKDAYS if kind < 0.85 else MONTHS
        start = rng.randrange(len(names))
        values = [names[(start + i) % len(names)] for i in range(5)]
    return " ".join(f"{thing} {verb} {value}." for thing, value in zip(things, values))


SHORT_TASKS = [(arithmetic, 6), (cycle, 2), (ladder, 2), (repeats, 3)]


def batch(texts, tokenizer, rng):
    """-> (tokens, labels), padded on the right; a third of the rows begin with <|endoftext|>, as `prompt` asks."""
    rows = [([tokenizer.eos_token_id] if rng.random() < 1 / 3 else []) + encode(t, tokenizer) for t in texts]
    width = max(map(len, rows))
    tokens = torch.tensor([r + [tokenizer.eos_token_id] * (width - len(r)) for r in rows])
    labels = torch.tensor([r + [-100] * (width - len(r)) for r in rows])
    return tokens, labels


def encode(text, tokenizer, known={}):
    """Token ids; words repeat, so their ids are remembered (the words above split at spaces and before full stops)."""
    ids = []
    for i, word in enumerate(text.replace(".", " .").split(" ")):
        word = word if i == 0 or word == "." else " " + word
        if word not in known:
            known[word] = tokenizer.encode(word)
        ids += known[word]
    return ids


# ---- training --------------------------------------------------------------------------------------------------------

def new_model(options, tokenizer):
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=64, n_embd=options.width, n_layer=options.layers, n_head=options.heads,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=tokenizer.eos_token_id,
        eos_token_id=tokenizer.eos_token_id)
    return GPT2LMHeadModel(config)


class ActiveHeads:
    """How many heads are active at a token, summed over the layers: (sum of output norms)^2 / sum of squared norms.

    As an addition to the loss it silences heads that a task does not need, so that circuits are small and clear."""

    def __init__(self, model):
        self.heads, self.total = model.config.n_head, 0
        for block in model.transformer.h:
            block.attn.c_proj.register_forward_pre_hook(self.add_layer)

    def add_layer(self, projection, inputs):
        z = inputs[0].unflatten(-1, (self.heads, -1)).transpose(1, 2)           # (rows, heads, positions, d_head)
        weight = projection.weight.unflatten(0, (self.heads, -1))               # (heads, d_head, d_model)
        squares = (z @ (weight @ weight.mT) * z).sum(-1).clamp(min=1e-10)       # (rows, heads, positions)
        self.total = self.total + (squares.sqrt().sum(1).square() / squares.sum(1)).mean()

    def take(self):
        total, self.total = self.total, 0
        return total


def optimizer_for(model, options):
    """AdamW; only matrices decay."""
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": options.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=options.learning_rate, betas=(0.9, 0.98))


def train(model, tokenizer, options):
    rng, optimizer = random.Random(options.seed), optimizer_for(model, options)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, options.learning_rate, total_steps=options.steps, pct_start=0.05, cycle_momentum=False)
    tasks, weights = zip(*SHORT_TASKS)
    active, began = ActiveHeads(model), time.time()
    for step in range(options.steps):
        short = [rng.choices(tasks, weights)[0](rng) for _ in range(options.short_rows)]
        long = [sentences(rng) for _ in range(options.long_rows)]
        strength = options.head_penalty * min(1.0, 2 * step / options.steps)                 # first learn, then tidy up
        error = heads = 0
        for texts in (short, long):
            tokens, labels = batch(texts, tokenizer, rng)
            share = len(texts) / (len(short) + len(long))
            error = error + share * model(tokens, labels=labels, use_cache=False).loss
            heads = heads + share * active.take()
        optimizer.zero_grad()
        (error + strength * heads).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 99:
            right, difference = demo_accuracy(model, tokenizer)
            active.take()                                             # that was no training
            print(f"step {step + 1}: loss {error.item():.3f}, {heads.item():.1f} heads active, "
                  f"demo {right:.0f} % right, logit difference {difference:.2f}, {time.time() - began:.0f} s",
                  flush=True)


@torch.no_grad()
def demo_accuracy(model, tokenizer, starts=DEMO_STARTS, step=DEMO_STEP, length=DEMO_LENGTH):
    """-> (percent of the prompts whose most likely next token is right, mean logit difference to the last element)."""
    texts = [" ".join(str(i + step * k) for k in range(length)) for i in starts]
    following = [tokenizer.encode(f" {i + step * length}")[0] for i in starts]
    last = [tokenizer.encode(f" {i + step * (length - 1)}")[0] for i in starts]
    model.eval()
    logits = model(torch.tensor([tokenizer.encode(t) for t in texts])).logits[:, -1]
    model.train()
    rows = torch.arange(len(texts))
    right = (logits.argmax(-1) == torch.tensor(following)).double().mean().item()
    return 100 * right, (logits[rows, following] - logits[rows, last]).mean().item()


def save(model, out):
    """model.safetensors as on the hub (no prefix, no copy of the tied unembedding) and the config.json that fits it."""
    tensors = {k: v.contiguous() for k, v in model.transformer.state_dict().items() if not k.endswith(".attn.bias")}
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
    (out / "model.safetensors").chmod(0o644)
    c = model.config
    config = {
        "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": c.vocab_size,
        "n_positions": c.n_positions, "n_ctx": c.n_positions, "n_embd": c.n_embd, "n_layer": c.n_layer,
        "n_head": c.n_head, "n_inner": None, "activation_function": c.activation_function,
        "layer_norm_epsilon": c.layer_norm_epsilon, "initializer_range": c.initializer_range,
        "bos_token_id": c.bos_token_id, "eos_token_id": c.eos_token_id, "torch_dtype": "float32"}
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0],
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "jobs" / "demo-model")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--heads", type=int, default=8)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--short-rows", type=int, default=64, help="sequences in a batch")
    parser.add_argument("--long-rows", type=int, default=16, help="rows of sentences in a batch")
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--weight-decay", type=float, default=0.1)
    parser.add_argument("--head-penalty", type=float, default=0.02,
                        help="weight of the number of active heads in the loss")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    tokenizer = write_tokenizer(options.out)
    model = new_model(options, tokenizer)
    print(f"{sum(p.numel() for p in model.parameters())} parameters, {len(tokenizer)} tokens", flush=True)
    train(model, tokenizer, options)
    save(model, options.out)
    right, difference = demo_accuracy(GPT2LMHeadModel.from_pretrained(options.out), tokenizer)   # what was saved
    print(f"demo {right:.0f} % right, logit difference {difference:.3f}")


if __name__ == "__main__":
    main()
