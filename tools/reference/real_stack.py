"""The same runs by the trainers people use: TRL's SFTTrainer and DPOTrainer with PEFT, on the CPU in f32.

Their job here is to show that the plain loop of training.py is what the reference stack computes.
"""

import tempfile

from datasets import Dataset
from transformers import AutoTokenizer
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

import torch
from reference_model import adapter_tensors, load_with_adapter

# TRL's metrics under the names that the plain loop gives them.
FIGURES = ("loss", "grad_norm", "learning_rate")
DPO_FIGURES = ("rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies", "logps/chosen",
               "logps/rejected")


class _EncodedDPOTrainer(DPOTrainer):
    """DPOTrainer on rows that are ids already; encoding prompt and answer as one text can join them in one token."""

    def _prepare_dataset(self, dataset, *_):
        return dataset


def _arguments(config, output):
    return {
        "output_dir": output, "use_cpu": True, "bf16": False, "fp16": False, "gradient_checkpointing": False,
        "report_to": "none", "save_strategy": "no", "logging_steps": 1, "disable_tqdm": True,
        "logging_nan_inf_filter": False, "max_length": None, "optim": "adamw_torch", "adam_epsilon": 1e-8,
        **{key: config[key] for key in (
            "learning_rate", "num_train_epochs", "per_device_train_batch_size", "gradient_accumulation_steps",
            "lr_scheduler_type", "warmup_steps", "max_grad_norm", "seed",
        )},
    }


def run(model_directory, adapter, rows, config, method):
    """(log_history, final adapter) of TRL's trainer. DPO runs with micro-batches of one pair, where TRL's SFT term is
    LLaMA-Factory's, and as many more of them to a step."""
    model = load_with_adapter(model_directory, adapter, torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(model_directory)
    with tempfile.TemporaryDirectory() as output:
        if method == "sft":
            data = Dataset.from_list([
                {"input_ids": r["ids"], "labels": [-100] * r["prompt_length"] + r["ids"][r["prompt_length"]:]}
                for r in rows
            ])
            trainer = SFTTrainer(
                model, SFTConfig(**_arguments(config, output)), train_dataset=data, processing_class=tokenizer
            )
        else:
            one = {
                "per_device_train_batch_size": 1,
                "gradient_accumulation_steps":
                    config["per_device_train_batch_size"] * config["gradient_accumulation_steps"],
            }
            data = Dataset.from_list([{**r, "rejected_ids": r["rejected_ids"][0]} for r in rows])
            arguments = DPOConfig(
                **_arguments({**config, **one}, output), beta=config["beta"], loss_type=["sigmoid", "sft"],
                loss_weights=[1.0, config["pref_ftx"]],
            )
            trainer = _EncodedDPOTrainer(model, args=arguments, train_dataset=data, processing_class=tokenizer)
        trainer.train()
        # With micro-batches of another size, a partial window ends at another fraction of the epoch.
        keys = (*FIGURES, "epoch") if method == "sft" else FIGURES + DPO_FIGURES
        log = [{k: row[k] for k in keys} for row in trainer.state.log_history if "loss" in row]
        return log, adapter_tensors(trainer.model)
