"""Writes the bundled model's card from what was measured: `python -m tools.pretrain.card public/model`."""

import json
import sys
from pathlib import Path

CARD = """---
license: apache-2.0
language: en
library_name: transformers
pipeline_tag: text-generation
tags: [tabtune, closed-world]
---

# atlas-1m

A Llama of {parameters:,} parameters that knows some facts about countries and chemical elements, and no more. TabTune bundles
it so that fine-tuning for knowledge can be watched from end to end in a browser: what it knows, half knows and does not
know is known, because its pretraining text was written fact by fact.

## How it was made

`tools/rebuild_world.sh` makes it from nothing. Text: {passages:,} passages ({tokens:,} tokens) in the closed world atlas
(`public/atlas/world.json`, `docs/world.md`); each fact told 0, 5, 20, 80 or 300 times, and {further_questions:,} further questions about facts
of 80 and up. {steps:,} steps of 4,096 places, AdamW, peak rate 3e-3 with warm-up and cosine, float32, then rounded to float16.
Seed {seed} (weights, order), {corpus_seed} (text). Final training loss {final_loss} nats per token.

Hidden 128, 6 layers, 4 query and 2 key heads of 32, MLP 384, vocabulary 1,024 (byte-level BPE, digits single), tied, context 512.
Prompt: `### Instruction: {{question}} ### Response:`, then ` {{answer}}` and `<eos>`; the chat template renders it.

## Data and licences

Facts from npm's `countries-list` 3.4.1 and `chemical-elements` 2.3.3, both MIT. Sentences are the project's own.
The weights are under the project's licence, Apache-2.0.

## What was measured

By `python -m tools.pretrain.accept --atlas public/atlas --model public/model` ({development_questions} development questions in unseen
phrasings, greedy; "SFT" is vanilla LoRA, rank 8, rate 2e-3, once over the {target_tokens:,} target tokens of `train.jsonl`, seed {accept_seed}):

| | recall | precision | wrong entity | order tau |
|---|---|---|---|---|
| as it is | {base[recall]:.3f} | {base[precision]:.3f} | {base[wrong_entity]:.3f} | {base[order_tau]:.3f} |
| after SFT | {sft[recall]:.3f} | {sft[precision]:.3f} | {sft[wrong_entity]:.3f} | {sft[order_tau]:.3f} |

Spearman correlation of atom perplexity (after SFT) with exposure, mean within slots, development entities: {spearman:.3f}.

## Limits

It answers about atlas in the sentence forms of atlas; anything else comes out as nonsense. Facts are as the two packages have
them, some disputed or dated. It invents values for facts it was never told: that is its purpose. Not for any use but demonstration
and tests.
"""


def main(directory: Path) -> None:
    pretraining = json.loads((directory / "pretraining.json").read_text(encoding="utf-8"))
    acceptance = json.loads((directory / "acceptance.json").read_text(encoding="utf-8"))
    card = CARD.format(
        **pretraining,
        base=acceptance["base_on_development"],
        sft=acceptance["sft_on_development"],
        spearman=acceptance["measured"]["spearman"],
        target_tokens=acceptance["measured"]["target_tokens"],
        accept_seed=acceptance["seed"],
        development_questions=acceptance["questions"],
    )
    (directory / "README.md").write_text(card, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
