#!/usr/bin/env python3
"""Writes a file of expected values, tests/data/golden/MODEL.FAMILY.ABLATION.POSITIONS.Tn.json, in float64.

The numbers come from the oracle, a plain program on TransformerLens that is not part of this repository:
--oracle names the folder that holds its oracle.py. Run this with a Python that has the oracle's packages.

    python scripts/expected_values.py --oracle ORACLE_DIR --model jobs/demo-model --model-name demo \\
        --arithmetic 1 10 2 6 --family-name even-step2 --out tests/data/golden
"""
import argparse
import json
import random
import sys
from pathlib import Path


def arithmetic_family(first, last, step, length):
    """The family of `generate: {sequence: arithmetic, ...}` with `corrupt: repeat_last`."""
    def prompt(numbers, answer, distractor):
        words = {f"S{i + 1}": str(n) for i, n in enumerate(numbers)}
        return {"text": " ".join(words.values()), "answer": str(answer), "distractor": str(distractor), "template": 0,
                "words": words}

    family = {"clean": [], "corrupted": []}
    for start in range(first, last + 1):
        numbers = [start + step * i for i in range(length)]
        answer, distractor = numbers[-1] + step, numbers[-1]
        family["clean"].append(prompt(numbers, answer, distractor))
        family["corrupted"].append(prompt(numbers[:-1] + numbers[-2:-1], answer, distractor))
    return family


def position_names(prompts):
    """All names but those that are only another word for the end."""
    end = prompts.position["end"]
    return [name for name, at in prompts.position.items() if name == "end" or not at.equal(end)]


def some_circuits(experiment, seed):
    """Scores of three fixed circuits: one head, none, and a random one; they test scoring without the search."""
    config, rng = experiment.model.cfg, random.Random(seed)
    heads = [(l, h) for l in range(config.n_layers) for h in range(config.n_heads)]
    chosen = [[(0, 0)], [], [x for x in heads if rng.random() < 0.6]]
    return [{"heads": c, "per_prompt": experiment.per_prompt(c).tolist(), "score": experiment.score(c)} for c in chosen]


def some_position_circuits(experiment, seed):
    """Two random circuits that differ from position to position; none where every position is kept anyway."""
    if experiment.positions == "all":
        return []
    config, rng = experiment.model.cfg, random.Random(seed)
    heads = [(l, h) for l in range(config.n_layers) for h in range(config.n_heads)]
    chosen = [{name: [x for x in heads if rng.random() < 0.5] for name in experiment.names} for _ in range(2)]
    return [{"circuit": c, "per_prompt": experiment.per_prompt(c).tolist()} for c in chosen]


def without(items, item):
    return None if items is None else [x for x in items if x != item]


def search_by_importance(experiment, threshold, with_mlps):
    """Order `importance`, which the oracle has not: layers last to first; a layer's MLP is tried first, if they take
    part; then each head of the layer is scored alone, against the circuit as it is then, and the heads are tried, highest
    such score first, equal ones by number. -> trace [layer, head or 'mlp', score, removed] as tried, kept heads, kept
    MLPs, single removals [layer, head, score]."""
    config = experiment.model.cfg
    kept = [(l, h) for l in range(config.n_layers) for h in range(config.n_heads)]
    kept_mlps = list(range(config.n_layers)) if with_mlps else None
    trace, single_removals = [], []
    for layer in reversed(range(config.n_layers)):
        if with_mlps:
            score = experiment.score(kept, without(kept_mlps, layer))
            removed = (100 - score) < threshold
            kept_mlps = without(kept_mlps, layer) if removed else kept_mlps
            trace.append([layer, "mlp", score, removed])
        alone = [experiment.score(without(kept, (layer, h)), kept_mlps) for h in range(config.n_heads)]
        single_removals += [[layer, h, score] for h, score in enumerate(alone)]
        for head in sorted(range(config.n_heads), key=lambda h: (-alone[h], h)):
            score = experiment.score(without(kept, (layer, head)), kept_mlps)
            removed = (100 - score) < threshold
            kept = without(kept, (layer, head)) if removed else kept
            trace.append([layer, head, score, removed])
    return trace, kept, kept_mlps, single_removals


def search_by_position(experiment, options):
    """Granularity `position`, which the oracle has not: what is tried is a head at one named position; a layer's heads by
    number, each at its positions in their order; MLPs as a whole. The orders are the oracle's. -> trace [layer, head,
    score, removed, position name] or [layer, 'mlp', score, removed]; kept heads by position name; kept MLPs."""
    config = experiment.model.cfg
    kept = {name: [(l, h) for l in range(config.n_layers) for h in range(config.n_heads)] for name in experiment.names}
    kept_mlps = list(range(config.n_layers)) if options.mlps else None
    trace, direction = [], "forward" if options.order == "forward" else "backward"
    while True:
        removed_any = False
        for layer in reversed(range(config.n_layers)) if direction == "backward" else range(config.n_layers):
            steps = [(head, name) for head in range(config.n_heads) for name in experiment.names]
            if options.mlps:
                steps = [("mlp", None)] + steps if direction == "backward" else steps + [("mlp", None)]
            for what, name in steps:
                is_mlp = what == "mlp"
                if (layer not in kept_mlps) if is_mlp else ((layer, what) not in kept[name]):
                    continue
                heads = kept if is_mlp else kept | {name: without(kept[name], (layer, what))}
                mlps = without(kept_mlps, layer) if is_mlp else kept_mlps
                score = experiment.score(heads, mlps)
                removed = (100 - score) < options.threshold
                if removed:
                    kept, kept_mlps, removed_any = heads, mlps, True
                trace.append([layer, what, score, removed] + ([] if is_mlp else [name]))
        if options.order != "alternate" or not removed_any:
            return trace, kept, kept_mlps
        direction = "forward" if direction == "backward" else "backward"


def search(experiment, options):
    """What the search decided and kept, as the file names it."""
    if options.granularity == "position":
        trace, kept, kept_mlps = search_by_position(experiment, options)
        return {"trace": trace, "kept": {name: sorted(heads) for name, heads in kept.items()}, "kept_mlps": kept_mlps,
                "granularity": "position"}
    if options.order == "importance":
        trace, kept, kept_mlps, single_removals = search_by_importance(experiment, options.threshold, options.mlps)
        return {"trace": trace, "kept": sorted(kept), "kept_mlps": kept_mlps, "single_removals": single_removals}
    trace, kept, kept_mlps = experiment.greedy(options.threshold, options.order, options.mlps)
    return {"trace": trace, "kept": sorted(kept), "kept_mlps": kept_mlps}


def load_neox(oracle, folder):
    """A GPT-NeoX as the oracle loads a GPT-2: in float64, with the notebook's weight processing."""
    from transformer_lens import HookedTransformer, HookedTransformerConfig
    from transformer_lens.pretrained.weight_conversions.neox import convert_neox_weights
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

    model = AutoModelForCausalLM.from_pretrained(folder, torch_dtype=oracle.torch.float64).eval()
    c = model.config
    d_head = c.hidden_size // c.num_attention_heads
    config = HookedTransformerConfig(
        d_model=c.hidden_size, d_head=d_head, n_heads=c.num_attention_heads, d_mlp=c.intermediate_size,
        n_layers=c.num_hidden_layers, n_ctx=c.max_position_embeddings, eps=c.layer_norm_eps, d_vocab=c.vocab_size,
        act_fn=c.hidden_act, normalization_type="LN", positional_embedding_type="rotary",
        rotary_dim=int(d_head * c.rotary_pct), rotary_base=c.rotary_emb_base, rotary_adjacent_pairs=False,
        parallel_attn_mlp=c.use_parallel_residual, original_architecture="GPTNeoXForCausalLM",
        dtype=oracle.torch.float64, device="cpu")
    hooked = HookedTransformer(config, tokenizer=None)
    hooked.load_and_process_state_dict(
        convert_neox_weights(model, config), fold_ln=True, center_writing_weights=True, center_unembed=True,
        fold_value_biases=True)
    hooked.tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), eos_token="<|endoftext|>",
                                               bos_token="<|endoftext|>", pad_token="<|endoftext|>")
    tokens = oracle.torch.arange(2, 12)[None]                          # that it is the model of the checkpoint
    difference = (model(tokens).logits.log_softmax(-1) - hooked(tokens).log_softmax(-1)).abs().max().item()
    assert difference < 1e-4, f"TransformerLens and transformers differ by {difference}"  # transformers turns in float32
    return hooked


def load(oracle, folder):
    if json.loads((folder / "config.json").read_text()).get("model_type") == "gpt_neox":
        return load_neox(oracle, folder)
    return oracle.load(str(folder), dtype=oracle.torch.float64)


def expected_values(oracle, options, family):
    """The content of the file: tokens, full model, every decision of the search, what it kept, and some circuits."""
    model = load(oracle, options.model)
    clean, corrupted = (oracle.PromptSet(family[k], model.tokenizer) for k in ("clean", "corrupted"))
    experiment = oracle.Experiment(model, clean, corrupted, options.ablation, options.positions,
                                   position_names(clean), options.mlp_means)
    return {
        "model": options.model_name, "family": options.family_name, "threshold": options.threshold,
        "ablation": options.ablation, "positions": options.positions, "position_names": experiment.names,
        "precision": "float64", "clean_tokens": clean.tokens.tolist(), "corrupted_tokens": corrupted.tokens.tolist(),
        "answer": clean.answer.tolist(), "distractor": clean.distractor.tolist(),
        "position": {name: at.tolist() for name, at in clean.position.items()},
        "full": experiment.full.mean().item(), "full_per_prompt": experiment.full.tolist(),
        **search(experiment, options), "order": options.order,
        "components": ["heads", "mlps"] if options.mlps else ["heads"], "mlp_means": options.mlp_means,
        "circuits": some_circuits(experiment, options.seed),
        "position_circuits": some_position_circuits(experiment, options.seed)}


def smallest_gap(single_removals):
    """Between neighbours in a layer's ranking, in percentage points: below float32's error their order may differ."""
    ranked = sorted((layer, score) for layer, _, score in single_removals)
    return min((high - low for (a, low), (b, high) in zip(ranked, ranked[1:]) if a == b), default=float("inf"))


def file_name(options):
    parts = [options.model_name, options.family_name, options.ablation, options.positions]
    parts += ["mlps"] if options.mlps else []
    parts += ["positions"] if options.granularity == "position" else []
    parts += [options.order] if options.order != "backward" else []
    parts += ["underheadmask"] if options.mlp_means != "clean" else []
    return ".".join(parts) + f".T{options.threshold:g}.json"


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--oracle", type=Path, required=True, help="the folder that holds oracle.py")
    parser.add_argument("--model", type=Path, required=True, help="a checkpoint's folder")
    parser.add_argument("--model-name", help="in the file and its name; default: the folder's name")
    family = parser.add_mutually_exclusive_group(required=True)
    family.add_argument("--family", type=Path, help="JSON: {clean: [prompt], corrupted: [prompt]}")
    family.add_argument("--arithmetic", type=int, nargs=4, metavar=("FIRST", "LAST", "STEP", "LENGTH"),
                        help="arithmetic sequences that start at FIRST to LAST; corrupted: the last element repeated")
    parser.add_argument("--family-name", help="default: the file's name, or arithmetic")
    parser.add_argument("--threshold", type=float, default=3.0)
    parser.add_argument("--ablation", default="mean", choices=["mean", "zero", "resample"])
    parser.add_argument("--positions", default="all", choices=["all", "own", "union"])
    parser.add_argument("--order", default="backward", choices=["backward", "forward", "alternate", "importance"])
    parser.add_argument("--mlps", action="store_true", help="the MLPs take part in the search")
    parser.add_argument("--mlp-means", default="clean", choices=["clean", "under_head_mask"])
    parser.add_argument("--granularity", default="component", choices=["component", "position"])
    parser.add_argument("--seed", type=int, default=0, help="of the random circuits")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder to write to")
    options = parser.parse_args()
    if options.granularity == "position" and (options.order == "importance" or options.positions == "all"):
        parser.error("--granularity position needs --positions own or union, and another order than importance")
    options.model_name = options.model_name or options.model.resolve().name
    options.family_name = options.family_name or (options.family.stem if options.family else "arithmetic")
    return options


def main():
    options = read_options()
    sys.path.insert(0, str(options.oracle))
    import oracle                                                  # the reference; imported late, where --oracle says

    oracle.torch.set_num_threads(options.threads)
    family = json.loads(options.family.read_text()) if options.family else arithmetic_family(*options.arithmetic)
    values = expected_values(oracle, options, family)
    path = options.out / file_name(options)
    path.write_text(json.dumps(values))
    margins = [abs(100 - row[2] - options.threshold) for row in values["trace"]]
    print(f"{path}: full {values['full']:.4f}, {len(values['trace'])} decisions, kept {values['kept']}, "
          f"smallest margin {min(margins):.4f} percentage points")
    if "single_removals" in values:
        print(f"    smallest gap in a layer's ranking {smallest_gap(values['single_removals']):.2g} percentage points")


if __name__ == "__main__":
    main()
