"""Writes tests/golden from fixed seeds, or with --check compares what it would write with what is there.

    python tools/reference/make_golden.py [--check] [NAME ...]

Every golden curve is computed in f64 and refused unless it moves, unless an f32 run of the same loop stays within a
third of the tolerances (so that a right engine can meet them), and, where a model says so, unless TRL's trainers agree.
"""

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

import golden_runs
from compare import compare_directories
from golden_specs import SPECS
from reference_model import PROJECTIONS, load_base, load_with_adapter, token_logprobs, write_random_adapter
from texts import encode_group, encode_row
from tiny_models import MODELS, write_model

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def make(name, out):
    """Writes the golden directory of one model."""
    spec = SPECS[name]
    out.mkdir(parents=True)
    if name in MODELS:
        write_model(name, out / "model")
        model = out / "model"
    else:
        model = ROOT / spec["model"]
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    texts = spec["texts"](tokenizer)
    write_random_adapter(model, out / "adapter_start", spec["adapter"], spec["seed"])
    scored = [encode_row(tokenizer, row) for row in texts["score"]]
    sft = [encode_row(tokenizer, row) for row in texts["sft"]]
    dpo = [encode_group(tokenizer, row) for row in texts["dpo"]]
    for kind in ("score", "sft", "dpo"):
        write_rows(out / f"{kind}.jsonl", texts[kind])
    shape = {key: spec["adapter"][key] for key in ("r", "lora_alpha", "target_modules")}
    configs = {"sft": {**spec["sft"], **shape}, "dpo": {**spec["dpo"], **shape}}
    for kind, config in configs.items():
        write_json(out / f"{kind}.config.json", config)

    tensors = {}
    golden = {"model": spec.get("model", "model"), "scored": scored}
    if "model" in spec:
        golden["model_sha256"] = hashlib.sha256((model / "model.safetensors").read_bytes()).hexdigest()
    base = load_base(model)
    adapted = load_with_adapter(model, out / "adapter_start")
    with torch.no_grad():
        for i, row in enumerate(scored):
            tensors[f"logprobs.base.{i}"] = token_logprobs(base, row["ids"], row["prompt_length"])
            tensors[f"logprobs.adapter.{i}"] = token_logprobs(adapted, row["ids"], row["prompt_length"])
    golden["gradients"] = golden_runs.gradient_goldens(model, out / "adapter_start", sft, dpo, configs["dpo"], tensors)
    if spec.get("alone"):
        golden["alone"] = {}
        for at, projection in enumerate(PROJECTIONS):
            options = {**spec["adapter"], "target_modules": [projection]}
            directory = out / "adapter_alone" / projection
            write_random_adapter(model, directory, options, spec["seed"] + 1 + at)
            golden["alone"][projection] = golden_runs.alone_golden(model, directory, sft, projection, tensors)
    for method, rows in (("sft", sft), ("dpo", dpo)):
        golden[method] = golden_runs.curve(
            name, model, out / "adapter_start", rows, configs[method], method, method in spec["trainers"], tensors
        )
    write_json(out / "golden.json", golden)
    save_file({k: v.float().contiguous() for k, v in tensors.items()}, out / "golden.safetensors")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with the files that are there")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(SPECS)}; all whose model exists by default")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.names:
        if name not in SPECS:
            parser.error(f"there is no golden {name}; there are {', '.join(SPECS)}")
    ready = [n for n, s in SPECS.items() if "model" not in s or (ROOT / s["model"] / "model.safetensors").exists()]
    problems = []
    for name in options.names or ready:
        with tempfile.TemporaryDirectory() as directory:
            made = Path(directory) / name
            make(name, made)
            if options.check:
                problems += compare_directories(made, GOLDEN / name)
            else:
                shutil.rmtree(GOLDEN / name, ignore_errors=True)
                shutil.copytree(made, GOLDEN / name)
    for problem in problems:
        print(problem)
    if options.check:
        print(f"{len(problems)} differences" if problems else "the golden files are what this stack computes")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
