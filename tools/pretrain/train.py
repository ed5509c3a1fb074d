"""Pretrains the bundled model on atlas: `python -m tools.pretrain.train --atlas public/atlas --out public/model`."""

import argparse
import json
import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from tools.pretrain.corpus import make_corpus
from tools.pretrain.model import create_model, save_model
from tools.pretrain.packing import IGNORED, pack
from tools.pretrain.tokenizer import EOS, save_tokenizer, train_tokenizer

LENGTH, ROWS_PER_STEP = 128, 32
LEARNING_RATE, FLOOR, WARMUP = 3e-3, 0.05, 80
CORPUS_SEED = 1
TOKENIZER_PASSAGES = 40_000


def learning_rate(step: int, steps: int) -> float:
    """Linear warm-up, then a cosine down to a twentieth."""
    cosine = FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * step / steps))
    return LEARNING_RATE * min(1.0, (step + 1) / WARMUP) * cosine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--atlas", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0, help="of the initial weights and of the order of rows")
    parser.add_argument("--further-questions", type=int, default=30_000)
    parser.add_argument("--epochs", type=float, default=1.0, help="passes over the corpus")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)

    world = json.loads((arguments.atlas / "world.json").read_text(encoding="utf-8"))
    corpus = make_corpus(world, CORPUS_SEED, arguments.further_questions)
    tokenizer = train_tokenizer([prompt + text for prompt, text in corpus[:TOKENIZER_PASSAGES]], world)
    save_tokenizer(tokenizer, arguments.out)
    encoded = [e.ids + [EOS] for e in tokenizer.encode_batch([prompt + text for prompt, text in corpus])]
    rows = pack(encoded, LENGTH)
    count = len(rows.ids)
    steps = round(arguments.epochs * count / ROWS_PER_STEP)
    tokens = sum(map(len, encoded))
    print(f"{len(corpus)} passages, {tokens} tokens, {count} rows, {steps} steps", flush=True)

    model = create_model(arguments.seed)
    order = torch.cat([torch.randperm(count) for _ in range(math.ceil(steps * ROWS_PER_STEP / count))])
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    losses: list[float] = []
    start = time.time()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps)
        ids, positions, mask, labels = rows.batch(order[step * ROWS_PER_STEP : (step + 1) * ROWS_PER_STEP])
        hidden = model.model(input_ids=ids, position_ids=positions, attention_mask=mask).last_hidden_state
        scored = labels != IGNORED
        loss = F.cross_entropy(model.lm_head(hidden[scored]), labels[scored])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if step % 50 == 49 or step + 1 == steps:
            recent = losses[-50:]
            print(f"step {step + 1} loss {sum(recent) / len(recent):.4f} after {time.time() - start:.0f} s", flush=True)
    save_model(model, arguments.out)
    summary = {
        "passages": len(corpus),
        "questions": sum(1 for prompt, _ in corpus if prompt),
        "tokens": tokens,
        "further_questions": arguments.further_questions,
        "epochs": arguments.epochs,
        "steps": steps,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "seed": arguments.seed,
        "corpus_seed": CORPUS_SEED,
        "final_loss": round(sum(losses[-50:]) / len(losses[-50:]), 4),
        "seconds": round(time.time() - start),
    }
    (arguments.out / "pretraining.json").write_text(f"{json.dumps(summary, indent=2)}\n", encoding="utf-8")
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
