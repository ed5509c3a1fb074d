"""SFT and DPO written out plainly over PEFT's model: the definition that the golden curves follow.

Every sequence goes through the model alone, so that neither padding nor packing can matter. Rows are permuted by
torch.randperm seeded with seed + epoch, as accelerate's seedable sampler does, and cut into micro-batches; the last
micro-batch and the last window of an epoch may be smaller.
"""

import math

import torch
import torch.nn.functional as F
from transformers import get_scheduler

from reference_model import token_logprobs, trainable


def plan(count, config):
    """[(epoch after the step, [[row, ...] per micro-batch])] for every optimizer step."""
    batch = config["per_device_train_batch_size"]
    window = config["gradient_accumulation_steps"]
    steps = []
    for epoch in range(config["num_train_epochs"]):
        order = torch.randperm(count, generator=torch.Generator().manual_seed(config["seed"] + epoch)).tolist()
        micro = [order[i : i + batch] for i in range(0, count, batch)]
        for first in range(0, len(micro), window):
            done = min(first + window, len(micro))
            steps.append((epoch + done / len(micro), micro[first:done]))
    return steps


def sft_backward(model, rows):
    """Adds the gradient of the mean negative log-probability over all target tokens of rows; returns the loss."""
    tokens = sum(len(r["ids"]) - r["prompt_length"] for r in rows)
    total = 0.0
    for row in rows:
        loss = -token_logprobs(model, row["ids"], row["prompt_length"]).sum() / tokens
        loss.backward()
        total += loss.item()
    return total


def _halves(group):
    """(ids, prompt length) of the better answer, then of each worse one."""
    return [(ids, len(group["prompt_ids"])) for ids in (
        group["prompt_ids"] + answer for answer in [group["chosen_ids"], *group["rejected_ids"]]
    )]


@torch.no_grad()
def reference_logps(model, groups):
    """Summed log-probabilities of every answer under the model as it is now: one list per group, better first."""
    return [[token_logprobs(model, ids, n).sum().item() for ids, n in _halves(g)] for g in groups]


def dpo_backward(model, micro_batches, references, beta, gamma, norm):
    """
    Adds the gradient of DPO + gamma SFT(better) over all pairs of the micro-batches; returns the step's metrics.

    micro_batches: lists of groups; references: the same lists of reference_logps.
    norm "lf": SFT as the mean over pairs of per-token means; "trl": per micro-batch the mean over the tokens of its
    better answers (one copy per pair), then the mean over micro-batches.
    """
    pairs = sum(len(g["rejected_ids"]) for micro in micro_batches for g in micro)
    figures = {k: 0.0 for k in (
        "dpo_loss", "sft_loss", "rewards/chosen", "rewards/rejected", "rewards/accuracies", "logps/chosen",
        "logps/rejected",
    )}
    smallest = math.inf
    for micro, micro_references in zip(micro_batches, references, strict=True):
        better_tokens = sum(len(g["rejected_ids"]) * len(g["chosen_ids"]) for g in micro)
        for group, reference in zip(micro, micro_references, strict=True):
            chosen, *rejected = (token_logprobs(model, ids, n).sum() for ids, n in _halves(group))
            worse = len(rejected)
            if norm == "lf":
                sft = -chosen * worse / (len(group["chosen_ids"]) * pairs)
            else:
                sft = -chosen * worse / (better_tokens * len(micro_batches))
            dpo = 0.0
            for answer, answer_reference in zip(rejected, reference[1:], strict=True):
                reward = beta * (chosen - reference[0])
                worse_reward = beta * (answer - answer_reference)
                dpo = dpo - F.logsigmoid(reward - worse_reward) / pairs
                figures["rewards/chosen"] += reward.item() / pairs
                figures["rewards/rejected"] += worse_reward.item() / pairs
                figures["rewards/accuracies"] += float(reward > worse_reward) / pairs
                smallest = min(smallest, abs((reward - worse_reward).item()))
                figures["logps/chosen"] += chosen.item() / pairs
                figures["logps/rejected"] += answer.item() / pairs
            (dpo + gamma * sft).backward()
            figures["dpo_loss"] += dpo.item()
            figures["sft_loss"] += sft.item()
    figures["rewards/margins"] = figures["rewards/chosen"] - figures["rewards/rejected"]
    return {
        "loss": figures["dpo_loss"] + gamma * figures["sft_loss"], **figures,
        # Not a metric: where a pair's margin is as small as rounding, rewards/accuracies is a matter of chance.
        "smallest_margin": smallest,
    }


def train(model, rows, config, method):
    """Trains the model's adapter in place; returns log_history as TabTune's trainer_state.json has it."""
    steps = plan(len(rows), config)
    parameters = list(trainable(model).values())
    optimizer = torch.optim.AdamW(
        parameters, lr=config["learning_rate"], betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, foreach=False
    )
    schedule = get_scheduler(config["lr_scheduler_type"], optimizer, config["warmup_steps"], len(steps))
    references = reference_logps(model, rows) if method == "dpo" else None
    log = []
    for number, (epoch, micro_batches) in enumerate(steps, 1):
        if method == "sft":
            figures = {"loss": sft_backward(model, [rows[i] for micro in micro_batches for i in micro])}
        else:
            figures = dpo_backward(
                model,
                [[rows[i] for i in micro] for micro in micro_batches],
                [[references[i] for i in micro] for micro in micro_batches],
                config["beta"], config["pref_ftx"], "lf",
            )
        grad_norm = torch.nn.utils.clip_grad_norm_(parameters, config["max_grad_norm"]).item()
        if not math.isfinite(grad_norm):
            raise ArithmeticError(f"step {number}: the gradient norm is {grad_norm}")
        rate = schedule.get_last_lr()[0]
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        log.append({"step": number, "epoch": epoch, "learning_rate": rate, "grad_norm": grad_norm, **figures})
    return log
