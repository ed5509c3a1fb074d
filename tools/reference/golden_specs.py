"""What each golden model is trained on and how."""

import json
from pathlib import Path

from texts import Writer

ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

# (prompt, completion) tokens of the scored rows: short and long, one prompt of a single token.
SCORED = [(1, 4), (2, 3), (3, 57), (5, 9), (8, 8), (13, 21), (20, 3), (40, 20), (7, 33), (4, 12)]

# 37 rows in micro-batches of 2: the last one has one row, and the last of ten windows one micro-batch.
SFT_ROWS = 37
SFT = {
    "learning_rate": 1e-2, "num_train_epochs": 2, "per_device_train_batch_size": 2, "gradient_accumulation_steps": 2,
    "lr_scheduler_type": "cosine", "warmup_steps": 2, "max_grad_norm": 1.0, "seed": 42,
}
# 19 questions: the last of five windows has three.
DPO_ROWS = 19
DPO = {**SFT, "learning_rate": 3e-3, "warmup_steps": 0, "lr_scheduler_type": "linear", "beta": 0.1, "pref_ftx": 0.2}


def random_texts(seed, worse):
    """A function from a tokenizer to score, sft and dpo rows; the i-th question has worse(i) worse answers."""

    def make(tokenizer):
        writer = Writer(tokenizer, seed)
        answers = lambda: writer.row(1, writer.length(3, 24))["completion"]  # noqa: E731

        def group(i):
            row = {"prompt": writer.text(writer.length(3, 20)), "chosen": answers()}
            return {**row, "rejected": answers() if worse(i) == 1 else [answers() for _ in range(worse(i))]}

        return {
            "score": [writer.row(*lengths) for lengths in SCORED],
            "sft": [writer.row(writer.length(2, 24), writer.length(3, 32)) for _ in range(SFT_ROWS)],
            "dpo": [group(i) for i in range(DPO_ROWS)],
        }

    return make


def atlas_texts(_tokenizer):
    """The bundled model's own questions, as its chat template renders them. Worse answers: one with its first statement
    missing, or (to every other question) also that of another question."""
    lines = (Path(__file__).resolve().parents[2] / "public" / "atlas" / "train.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines[: SFT_ROWS + DPO_ROWS + 11]]
    prompt = lambda row: f"### Instruction: {row['question']} ### Response:"  # noqa: E731
    pairs = [{"prompt": prompt(row), "completion": f" {row['answer']}"} for row in rows]

    def group(i):
        answer, other = rows[i]["answer"], rows[i + 1]["answer"]
        shortened = " " + answer.split(". ", 1)[-1]
        return {
            "prompt": prompt(rows[i]), "chosen": f" {answer}",
            "rejected": [f" {other}", shortened] if i % 2 else f" {other}",
        }

    return {
        "score": pairs[-10:], "sft": pairs[:SFT_ROWS],
        "dpo": [group(SFT_ROWS + i) for i in range(DPO_ROWS)],
    }


SPECS = {
    "gqa_tied_llama3": {
        "seed": 11, "texts": random_texts(12, lambda i: 1 + i % 3), "alone": True, "trainers": ["sft"],
        "adapter": {"r": 3, "lora_alpha": 8, "target_modules": ALL, "b_std": 0.1},
        "sft": {**SFT, "max_grad_norm": 4.0}, "dpo": {**DPO, "max_grad_norm": 4.0},
    },
    "mha_untied": {
        "seed": 21, "texts": random_texts(22, lambda i: 1), "trainers": ["sft", "dpo"],
        "adapter": {"r": 8, "lora_alpha": 16, "target_modules": ["q_proj", "v_proj"], "b_std": 0.1},
        "sft": {**SFT, "lr_scheduler_type": "linear", "seed": 7, "max_grad_norm": 2.4},
        "dpo": {**DPO, "beta": 0.3, "max_grad_norm": 5.0},
    },
    "headdim48": {
        "seed": 31, "texts": random_texts(35, lambda i: 1), "trainers": ["sft", "dpo"],
        "adapter": {"r": 8, "lora_alpha": 4, "target_modules": ALL, "b_std": 0.1},
        "sft": {**SFT, "seed": 3407, "max_grad_norm": 1.7},
        "dpo": {**DPO, "lr_scheduler_type": "cosine", "warmup_steps": 2, "max_grad_norm": 1.4},
    },
    "bundled": {
        "model": "public/model", "seed": 41, "texts": atlas_texts, "trainers": ["sft"],
        "adapter": {"r": 4, "lora_alpha": 8, "target_modules": ALL, "b_std": 0.15},
        "sft": {**SFT, "learning_rate": 2e-3, "max_grad_norm": 5.0}, "dpo": {**DPO, "learning_rate": 1e-3, "max_grad_norm": 15.0},
    },
}
