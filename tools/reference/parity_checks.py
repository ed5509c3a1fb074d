"""Compares what TabTune computed with the golden numbers, and with PEFT on the adapters that TabTune wrote."""

import hashlib
import json
import math
import warnings

import torch
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
from safetensors.torch import load_file

from golden_runs import TOLERANCE
from parity_jobs import SCALE
from reference_model import difference, load_base, load_with_adapter, norm, token_logprobs

# A model moved with its repository: PEFT says that its path is another.
warnings.filterwarnings("ignore", message=r"(?s).*base_model_name_or_path")
# PEFT asks Transformers for a property under its former name.
warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")

# Beside the tolerances that matter, for what the log also holds: rewards are differences of sums of log-probabilities.
REWARD_TOLERANCE = 1e-3
LN2_TOLERANCE = 1e-5
EXACT = 1e-6


class Report:
    """Lines of (what, measured, tolerance), printed as a table."""

    def __init__(self):
        self.lines = []

    def check(self, what, measured, tolerance):
        """measured must be a number of at most tolerance; NaN is not."""
        self.lines.append((what, measured, f"<= {tolerance:g}", measured <= tolerance))

    def must_differ(self, what, measured, tolerance):
        """A negative control: a broken input must be further off than the tolerance."""
        self.lines.append((f"control: {what}", measured, f"> {tolerance:g}", measured > tolerance))

    def print(self):
        """Prints all lines; returns how many failed."""
        width = max(len(what) for what, *_ in self.lines)
        print(f"{'check'.ljust(width)}  measured   must be")
        for what, measured, bound, passed in self.lines:
            print(f"{what.ljust(width)}  {measured:9.2e}  {bound:9}{'' if passed else '  FAILED'}")
        failed = sum(not passed for *_, passed in self.lines)
        print(f"{len(self.lines) - failed} of {len(self.lines)} checks passed")
        return failed


def _printed(work, name):
    return json.loads((work / f"{name}.json").read_text())


def _logprob_difference(work, name, expected):
    """Largest difference of a log-probability."""
    rows = _printed(work, name)["rows"]
    return max(
        (torch.tensor(row["logprobs"], dtype=torch.float64) - golden.double()).abs().max().item()
        for row, golden in zip(rows, expected, strict=True)
    )


def _golden_logprobs(tensors, label, count):
    return [tensors[f"logprobs.{label}.{i}"] for i in range(count)]


def _part(tensors, prefix):
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}


def _gradient_difference(work, name, start_directory, expected):
    """Relative difference of the worst gradient tensor; the gradient is read from one step of plain descent."""
    start = load_file(start_directory / "adapter_model.safetensors")
    after = load_file(work / name / "adapter_model.safetensors")
    gradient = {key: value / SCALE for key, value in difference(start, after).items()}
    apart = difference(gradient, expected)
    return max(norm({key: apart[key]}) / norm({key: expected[key]}) for key in expected)


def _relative(log, golden, key):
    """Largest relative difference of a figure over all steps."""
    return max(abs(a[key] - b[key]) / max(1e-12, abs(b[key])) for a, b in zip(log, golden, strict=True))


def _absolute(log, golden, key):
    return max(abs(a[key] - b[key]) for a, b in zip(log, golden, strict=True))


def check_model(report, work, name, model, directory, golden):
    """All checks of one golden model, and its negative controls."""
    tensors = load_file(directory / "golden.safetensors")
    if "model_sha256" in golden:
        digest = hashlib.sha256((model / "model.safetensors").read_bytes()).hexdigest()
        report.check(f"{name}: golden numbers are of another model.safetensors", digest != golden["model_sha256"], 0)
    _check_logprobs(report, work, name, golden, tensors)
    _check_gradients(report, work, name, directory, golden, tensors)
    for method in ("sft", "dpo"):
        _check_curve(report, work, name, method, directory, golden[method], tensors)
        _check_in_peft(report, work, name, method, model, golden)
    again = [(work / name / run / "adapter_model.safetensors").read_bytes() for run in ("sft", "sft_again")]
    report.check(f"{name}: two SFT runs differ in bytes", again[0] != again[1], 0)
    _check_controls(report, work, name, directory, golden, tensors)


def _unequal(a, b):
    return sum(x != y for x, y in zip(a, b, strict=True))


def _check_logprobs(report, work, name, golden, tensors):
    expected_ids = [(row["ids"], row["prompt_length"]) for row in golden["scored"]]
    for label in ("base", "adapter"):
        ids = [(row["ids"], row["prompt_length"]) for row in _printed(work, f"{name}/{label}")["rows"]]
        report.check(f"{name}: rows with other ids ({label})", _unequal(ids, expected_ids), 0)
        measured = _logprob_difference(work, f"{name}/{label}", _golden_logprobs(tensors, label, len(ids)))
        report.check(f"{name}: log-probabilities ({label})", measured, TOLERANCE["logprob"])


def _check_gradients(report, work, name, directory, golden, tensors):
    losses = {
        "sft": golden["gradients"]["sft"]["loss"],
        "dpo_lf": golden["gradients"]["dpo"]["lf"]["loss"],
        "dpo_trl": golden["gradients"]["dpo"]["trl"]["loss"],
        **{f"alone.{projection}": alone["loss"] for projection, alone in golden.get("alone", {}).items()},
    }
    for label, loss in losses.items():
        run = f"{name}/gradient/{label}"
        start = "adapter_alone/" + label.removeprefix("alone.") if label.startswith("alone.") else "adapter_start"
        measured = abs(_printed(work, run)["log_history"][0]["loss"] / loss - 1)
        report.check(f"{name}: loss where the gradient is taken ({label})", measured, TOLERANCE["loss"])
        measured = _gradient_difference(work, run, directory / start, _part(tensors, f"gradient.{label}."))
        report.check(f"{name}: worst LoRA gradient ({label})", measured, TOLERANCE["gradient"])


def _check_curve(report, work, name, method, directory, golden, tensors):
    log = json.loads((work / name / method / "trainer_state.json").read_text())["log_history"]
    expected = golden["log_history"]
    label = f"{name}: {method}"
    for key in ("loss",) if method == "sft" else ("loss", "dpo_loss", "sft_loss"):
        report.check(f"{label} {key}, {len(log)} steps", _relative(log, expected, key), TOLERANCE["loss"])
    report.check(f"{label} grad_norm", _relative(log, expected, "grad_norm"), TOLERANCE["gradient"])
    for key in ("learning_rate", "epoch"):
        report.check(f"{label} {key}", _absolute(log, expected, key), EXACT)
    if method == "dpo":
        report.check(f"{label} dpo_loss at first minus ln 2", abs(log[0]["dpo_loss"] - math.log(2)), LN2_TOLERANCE)
        for key in ("rewards/chosen", "rewards/rejected", "rewards/margins"):
            report.check(f"{label} {key}", _absolute(log, expected, key), REWARD_TOLERANCE)
        # Where a margin is 0 but for rounding, as before the first update, rounding decides whether it counts.
        clear = [i for i, row in enumerate(expected) if row["smallest_margin"] > REWARD_TOLERANCE]
        measured = max(abs(log[i]["rewards/accuracies"] - expected[i]["rewards/accuracies"]) for i in clear)
        report.check(f"{label} rewards/accuracies, {len(clear)} steps", measured, EXACT)
        for key in ("logps/chosen", "logps/rejected"):
            report.check(f"{label} {key}", _relative(log, expected, key), TOLERANCE["loss"])
    final = load_file(work / name / method / "adapter_model.safetensors")
    apart = norm(difference(final, _part(tensors, f"{method}.final."))) / golden["update_norm"]
    report.check(f"{label} final adapter", apart, TOLERANCE["adapter"])


def _check_in_peft(report, work, name, method, model, golden):
    """Loads TabTune's adapter into PEFT: every key in its place, and the log-probabilities that TabTune computes."""
    directory = work / name / method
    fresh = get_peft_model(load_base(model, torch.float32), LoraConfig.from_pretrained(directory))
    result = set_peft_model_state_dict(fresh, load_file(directory / "adapter_model.safetensors"))
    lost = len([key for key in result.missing_keys if "lora_" in key]) + len(result.unexpected_keys)
    report.check(f"{name}: {method} adapter in PEFT, missing and unexpected keys", lost, 0)
    adapted = load_with_adapter(model, directory, trainable=False)
    with torch.no_grad():
        expected = [token_logprobs(adapted, row["ids"], row["prompt_length"]) for row in golden["scored"]]
    measured = _logprob_difference(work, f"{name}/{method}_written", expected)
    report.check(f"{name}: {method} adapter in PEFT, log-probabilities", measured, TOLERANCE["logprob"])


def _check_controls(report, work, name, directory, golden, tensors):
    expected = _golden_logprobs(tensors, "adapter", len(golden["scored"]))
    for control, what in (("row", "a weight row times 1.01"), ("scale", "LoRA without its scale")):
        measured = _logprob_difference(work, f"{name}/control/{control}", expected)
        report.must_differ(f"{name}, {what}, log-probabilities", measured, TOLERANCE["logprob"])
    measured = _gradient_difference(
        work, f"{name}/control/row_gradient", directory / "adapter_start", _part(tensors, "gradient.sft.")
    )
    report.must_differ(f"{name}, a weight row times 1.01, gradients", measured, TOLERANCE["gradient"])
    log = _printed(work, f"{name}/control/order")["log_history"]
    measured = _relative(log, golden["sft"]["log_history"], "loss")
    report.must_differ(f"{name}, rows in another order, losses", measured, TOLERANCE["loss"])
