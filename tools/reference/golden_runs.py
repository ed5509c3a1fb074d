"""Gradients and curves of one golden model, with the conditions under which they are worth comparing with."""

import torch

import real_stack
from reference_model import (
    adapter_tensors, difference, gradients, load_base, load_with_adapter, norm,
)
from training import dpo_backward, reference_logps, sft_backward, train

# What TabTune must meet.
TOLERANCE = {"logprob": 1e-4, "gradient": 1e-4, "loss": 1e-4, "adapter": 1e-2}

SFT_ROWS = range(4)
DPO_ROWS = range(3)


def _sft_gradient(model_directory, adapter, rows, dtype):
    model = load_with_adapter(model_directory, adapter, dtype)
    loss = sft_backward(model, [rows[i] for i in SFT_ROWS])
    return loss, gradients(model)


def _dpo_gradient(model_directory, adapter, groups, config, normalisation, dtype):
    chosen = [groups[i] for i in DPO_ROWS]
    references = reference_logps(load_base(model_directory, dtype), chosen)
    model = load_with_adapter(model_directory, adapter, dtype)
    figures = dpo_backward(model, [chosen], [references], config["beta"], config["pref_ftx"], normalisation)
    return figures, gradients(model)


def _keep_gradients(label, exact, rounded, tensors):
    """Stores gradients, after a look at what f32 costs: the worst tensor's relative difference."""
    worst = max(
        norm({name: exact[name] - rounded[name].double()}) / norm({name: exact[name]}) for name in exact
    )
    print(f"  {label}: gradient norm {norm(exact):.4g}, f32 differs by {worst:.1e} in the worst tensor")
    require(worst < TOLERANCE["gradient"] / 3, f"{label}: f32 gradients differ by {worst}")
    tensors.update({f"gradient.{label}.{name}": tensor for name, tensor in exact.items()})


def gradient_goldens(model, adapter, sft, dpo, config, tensors):
    """Gradients of the SFT loss, and of DPO + gamma SFT against the base model under both normalisations."""
    loss, exact = _sft_gradient(model, adapter, sft, torch.float64)
    _keep_gradients("sft", exact, _sft_gradient(model, adapter, sft, torch.float32)[1], tensors)
    golden = {
        "sft": {"rows": list(SFT_ROWS), "loss": loss},
        "dpo": {"rows": list(DPO_ROWS), "reference": "base", "beta": config["beta"], "pref_ftx": config["pref_ftx"]},
    }
    for kind in ("lf", "trl"):
        figures, exact = _dpo_gradient(model, adapter, dpo, config, kind, torch.float64)
        rounded = _dpo_gradient(model, adapter, dpo, config, kind, torch.float32)[1]
        _keep_gradients(f"dpo_{kind}", exact, rounded, tensors)
        require(abs(figures["dpo_loss"] - 0.6931) > 0.01, "DPO against the base model must not be ln 2")
        golden["dpo"][kind] = figures
    apart = abs(golden["dpo"]["lf"]["loss"] / golden["dpo"]["trl"]["loss"] - 1)
    require(apart > 10 * TOLERANCE["loss"], f"lf and trl differ by {apart} only")
    return golden


def alone_golden(model, adapter, sft, projection, tensors):
    """The SFT gradient of an adapter on one projection alone."""
    loss, exact = _sft_gradient(model, adapter, sft, torch.float64)
    _keep_gradients(f"alone.{projection}", exact, _sft_gradient(model, adapter, sft, torch.float32)[1], tensors)
    return {"rows": list(SFT_ROWS), "loss": loss}


def _compare(exact, other, exact_adapter, other_adapter, update):
    """(largest relative difference of a loss, distance of the final adapters over the norm of the update)."""
    losses = max(abs(a["loss"] - b["loss"]) / abs(a["loss"]) for a, b in zip(exact, other, strict=True))
    return losses, norm(difference(exact_adapter, other_adapter)) / update


def curve(name, model_directory, adapter, rows, config, method, with_trainer, tensors):
    """A training run in f64: its log_history, its final adapter under "<method>.final."."""
    model = load_with_adapter(model_directory, adapter)
    start = adapter_tensors(model)
    log = train(model, rows, config, method)
    final = adapter_tensors(model)
    update = norm(difference(final, start))
    tensors.update({f"{method}.final.{key}": tensor for key, tensor in final.items()})

    key = "loss" if method == "sft" else "dpo_loss"
    norms = [row["grad_norm"] for row in log]
    clipped = sum(n > config["max_grad_norm"] for n in norms)
    print(f"{name} {method}: {len(log)} steps, {key} {log[0][key]:.4f} -> {log[-1][key]:.4f}, gradient norms "
          f"{min(norms):.3f} to {max(norms):.3f}, {clipped} clipped, update {update:.3f} of {norm(start):.3f}")
    if method == "sft":
        require(log[0]["loss"] - log[-1]["loss"] >= 0.3, "the loss must fall by 0.3 nat")
    else:
        require(abs(log[0]["dpo_loss"] - 0.6931471805599453) < 1e-9, "DPO must start at ln 2")
        require(log[-1]["dpo_loss"] < 0.6, "dpo_loss must end below 0.6")
    require(0 < clipped < len(log), f"{norms}: clipping must act at some steps and not at others")

    model = load_with_adapter(model_directory, adapter, torch.float32)
    rounded = train(model, rows, config, method)
    losses, adapters = _compare(log, rounded, final, adapter_tensors(model), update)
    print(f"  f32 loop: losses within {losses:.1e}, final adapter within {adapters:.1e} of the update")
    require(losses < TOLERANCE["loss"] / 3 and adapters < TOLERANCE["adapter"] / 3, "f32 strays from f64 too far")

    golden = {"log_history": log, "update_norm": update, "f32_loss_difference": losses,
              "f32_adapter_difference": adapters}
    if with_trainer:
        trained, trained_adapter = real_stack.run(model_directory, adapter, rows, config, method)
        losses, adapters = _compare(log, trained, final, trained_adapter, update)
        others = {
            figure: max(abs(a[figure] - b[figure]) / max(1e-2, abs(a[figure])) for a, b in zip(log, trained))
            for figure in trained[0]
        }
        worst = max(others, key=others.get)
        print(f"  TRL's trainer: losses within {losses:.1e}, final adapter within {adapters:.1e} of the update, "
              f"every figure within {others[worst]:.1e} ({worst})")
        require(losses < TOLERANCE["loss"], "TRL's losses are others")
        require(adapters < TOLERANCE["adapter"] / 3, "TRL's adapter is another")
        require(others[worst] < 1e-3, f"TRL's {worst} is another")
        golden |= {"trainer_loss_difference": losses, "trainer_adapter_difference": adapters}
    return golden


def require(condition, message):
    """Stops the generator: a golden file that breaks its own conditions must not exist."""
    if not condition:
        raise AssertionError(message)
