"""Vanilla LoRA fine-tuning with PEFT, and greedy answers: what acceptance measures the world by."""

import math
import random
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from peft import LoraConfig, PeftModel, get_peft_model
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from tools.pretrain.packing import IGNORED
from tools.pretrain.tokenizer import BOS, EOS, PAD
from tools.world.wording import PROMPT

PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
MOST_NEW_TOKENS = 128
QUESTIONS_AT_ONCE = 100

Row = tuple[list[int], list[int]]
"""Token ids of prompt (from <bos>) and completion (to <eos>)."""


@dataclass(frozen=True)
class SftResult:
    steps: int
    target_tokens: int
    loss: float
    """Mean of the last tenth of the steps."""


def load(directory: Path) -> tuple[LlamaForCausalLM, Tokenizer]:
    """The shipped weights (float16), computed with in float32."""
    model = LlamaForCausalLM.from_pretrained(directory, dtype=torch.float32)
    return model, Tokenizer.from_file(str(directory / "tokenizer.json"))


def encode_prompt(tokenizer: Tokenizer, question: str) -> list[int]:
    return tokenizer.encode(PROMPT.format(question=question)).ids


def encode_row(tokenizer: Tokenizer, question: str, answer: str) -> Row:
    return encode_prompt(tokenizer, question), tokenizer.encode(f" {answer}", add_special_tokens=False).ids + [EOS]


def add_lora(model: LlamaForCausalLM, seed: int) -> PeftModel:
    torch.manual_seed(seed)
    config = LoraConfig(r=8, lora_alpha=16, lora_dropout=0.0, target_modules=PROJECTIONS, task_type="CAUSAL_LM")
    return get_peft_model(model, config)


def collate(rows: list[Row]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """ids, attention mask and labels (prompt and padding ignored), each [rows, T], padded on the right."""
    length = max(len(prompt) + len(target) for prompt, target in rows)
    ids = torch.full((len(rows), length), PAD)
    labels = torch.full((len(rows), length), IGNORED)
    for index, (prompt, target) in enumerate(rows):
        end = len(prompt) + len(target)
        ids[index, :end] = torch.tensor(prompt + target)
        labels[index, len(prompt) : end] = torch.tensor(target)
    attention = torch.zeros_like(ids)
    for index, (prompt, target) in enumerate(rows):
        attention[index, : len(prompt) + len(target)] = 1
    return ids, attention, labels


def token_losses(model: torch.nn.Module, rows: list[Row]) -> tuple[torch.Tensor, torch.Tensor]:
    """Negative log-probabilities of targets [rows, T-1], 0 where there is none, and which places are targets."""
    ids, attention, labels = collate(rows)
    logits = model(input_ids=ids, attention_mask=attention).logits[:, :-1]
    wanted = labels[:, 1:]
    losses = F.cross_entropy(logits.transpose(1, 2), wanted, ignore_index=IGNORED, reduction="none")
    return losses, wanted != IGNORED


def sft(model: PeftModel, rows: list[Row], *, epochs: float, rate: float, batch: int, seed: int) -> SftResult:
    """AdamW without decay, cosine without warm-up, clipping at 1, loss as the mean over a step's target tokens."""
    rng = random.Random(seed)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.0)
    steps = max(1, round(epochs * math.ceil(len(rows) / batch)))
    queue: list[int] = []
    losses, tokens = [], 0
    model.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * step / steps))
        if not queue:
            queue = list(range(len(rows)))
            rng.shuffle(queue)
        chosen, queue = queue[:batch], queue[batch:]
        each, targets = token_losses(model, [rows[index] for index in chosen])
        loss = each.sum() / targets.sum()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        losses.append(loss.item())
        tokens += int(targets.sum())
    tail = losses[-max(1, steps // 10) :]
    return SftResult(steps, tokens, sum(tail) / len(tail))


@torch.no_grad()
def mean_losses(model: torch.nn.Module, rows: list[Row]) -> list[float]:
    """Mean negative log-probability of each row's target tokens."""
    model.eval()
    means: list[float] = []
    for start in range(0, len(rows), QUESTIONS_AT_ONCE):
        losses, targets = token_losses(model, rows[start : start + QUESTIONS_AT_ONCE])
        means += (losses.sum(1) / targets.sum(1)).tolist()
    return means


@torch.no_grad()
def greedy_answers(model: torch.nn.Module, tokenizer: Tokenizer, questions: list[str]) -> list[str]:
    """Greedy, at most 128 tokens."""
    model.eval()
    answers: list[str] = []
    for start in range(0, len(questions), QUESTIONS_AT_ONCE):
        prompts = [encode_prompt(tokenizer, question) for question in questions[start : start + QUESTIONS_AT_ONCE]]
        length = max(map(len, prompts))
        ids = torch.tensor([[PAD] * (length - len(prompt)) + prompt for prompt in prompts])
        attention = torch.tensor([[0] * (length - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        output = model.generate(
            input_ids=ids, attention_mask=attention, max_new_tokens=MOST_NEW_TOKENS, do_sample=False, use_cache=True,
            bos_token_id=BOS, eos_token_id=EOS, pad_token_id=PAD,
        )
        answers += [tokenizer.decode(row, skip_special_tokens=True).strip() for row in output[:, length:].tolist()]
    return answers
