"""What `npm run parity` has TabTune do: commands of its terminal, and their inputs, for every golden model."""

import json
import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file

# AdamW with these settings moves every parameter by -SCALE times its gradient in one step (beta 0, and an epsilon that
# dwarfs the gradient), so that an adapter after the step shows the gradient to f32's precision.
SCALE = 1e4
_EPSILON = 1e8
PLAIN_DESCENT = {
    "learning_rate": SCALE * _EPSILON, "adam_epsilon": _EPSILON, "adam_beta1": 1e-9, "adam_beta2": 1e-9,
    "max_grad_norm": 0, "lr_scheduler_type": "constant", "max_steps": 1, "gradient_accumulation_steps": 1,
}


class Jobs:
    """Command lines of TabTune with a name each; what a command prints goes to <name>.json."""

    def __init__(self, work):
        self.work = Path(work)
        self.list = []

    def logprobs(self, name, model, data, adapter=None, options=()):
        adapter_option = ["--adapter", str(adapter)] if adapter else []
        self._add(name, ["logprobs", "--model", str(model), *adapter_option, "--data", str(data), *options])

    def generate(self, name, model, data, tokens, options=()):
        self._add(name, ["generate", "--model", str(model), "--data", str(data), "--max-new-tokens", str(tokens), *options])

    def train(self, name, method, model, adapter, data, config, reference=None, options=()):
        """Trains from an adapter into the directory <name>. config: a path, or a dictionary to be written."""
        if isinstance(config, dict):
            path = self.work / f"{name}.config.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(config))
            config = path
        self._add(name, [
            "train", "--method", method, "--model", str(model), "--adapter", str(adapter), "--data", str(data),
            "--config", str(config), "--out", str(self.work / name),
            *(["--reference", reference] if reference else []), *options,
        ])

    def _add(self, name, command):
        self.list.append({"name": name, "args": [*command, "--template", "none", "--json"]})


def model_directory(root, golden_directory, golden):
    """The model of a golden directory: its own, or one of the repository."""
    own = Path(golden_directory) / golden["model"]
    return own if own.exists() else Path(root) / golden["model"]


def plan_model(jobs, name, model, directory, golden):
    """The commands of one golden model, then those that must not agree with its numbers."""
    start = directory / "adapter_start"
    jobs.logprobs(f"{name}/base", model, directory / "score.jsonl")
    jobs.logprobs(f"{name}/adapter", model, directory / "score.jsonl", start)
    rows = _some_rows(jobs.work / name, directory / "sft.jsonl", golden["gradients"]["sft"]["rows"])
    sft_step = {**PLAIN_DESCENT, "per_device_train_batch_size": len(golden["gradients"]["sft"]["rows"])}
    jobs.train(f"{name}/gradient/sft", "sft", model, start, rows, sft_step)
    for projection in golden.get("alone", {}):
        adapter = directory / "adapter_alone" / projection
        jobs.train(f"{name}/gradient/alone.{projection}", "sft", model, adapter, rows, sft_step)
    dpo = golden["gradients"]["dpo"]
    questions = _some_rows(jobs.work / name, directory / "dpo.jsonl", dpo["rows"])
    for normalisation in ("lf", "trl"):
        step = {
            **PLAIN_DESCENT, "per_device_train_batch_size": len(dpo["rows"]), "beta": dpo["beta"],
            "pref_ftx": dpo["pref_ftx"], "pref_ftx_norm": normalisation,
        }
        jobs.train(f"{name}/gradient/dpo_{normalisation}", "dpo", model, start, questions, step, dpo["reference"])
    for method in ("sft", "dpo"):
        data, config = directory / f"{method}.jsonl", directory / f"{method}.config.json"
        jobs.train(f"{name}/{method}", method, model, start, data, config)
        jobs.logprobs(f"{name}/{method}_written", model, directory / "score.jsonl", jobs.work / name / method)
    jobs.train(f"{name}/sft_again", "sft", model, start, directory / "sft.jsonl", directory / "sft.config.json")
    _plan_controls(jobs, name, model, directory, rows, sft_step)


def _plan_controls(jobs, name, model, directory, rows, sft_step):
    """One weight row times 1.01; LoRA without its scale; the rows of an epoch in another order."""
    broken = jobs.work / name / "control" / "model"
    _with_a_changed_row(model, broken)
    start = directory / "adapter_start"
    jobs.logprobs(f"{name}/control/row", broken, directory / "score.jsonl", start)
    jobs.train(f"{name}/control/row_gradient", "sft", broken, start, rows, sft_step)
    unscaled = jobs.work / name / "control" / "adapter"
    shutil.copytree(start, unscaled)
    _edit_json(unscaled / "adapter_config.json", lambda config: {**config, "lora_alpha": config["r"]})
    jobs.logprobs(f"{name}/control/scale", model, directory / "score.jsonl", unscaled)
    config = json.loads((directory / "sft.config.json").read_text())
    other = {**config, "seed": config["seed"] + 1}
    jobs.train(f"{name}/control/order", "sft", model, start, directory / "sft.jsonl", other)


def _some_rows(work, path, rows):
    """A file of these rows of a JSONL file."""
    lines = path.read_text().splitlines()
    work.mkdir(parents=True, exist_ok=True)
    some = work / f"some_{path.name}"
    some.write_text("".join(lines[i] + "\n" for i in rows))
    return some


def _edit_json(path, change):
    path.write_text(json.dumps(change(json.loads(path.read_text()))))


def _with_a_changed_row(model, broken):
    """A copy of a model with one row of the last layer's v_proj times 1.01."""
    shutil.copytree(model, broken)
    layers = json.loads((broken / "config.json").read_text())["num_hidden_layers"]
    name = f"model.layers.{layers - 1}.self_attn.v_proj.weight"
    for file in broken.glob("*.safetensors"):
        tensors = load_file(file)
        if name in tensors:
            tensors[name][1] *= 1.01
            save_file(tensors, file, metadata={"format": "pt"})
            return
    raise FileNotFoundError(f"{model} has no tensor {name}")
