"""Transformers' Llama with PEFT's LoRA, in f64 or f32: log-probabilities, gradients, adapter tensors.

Weights are those of the files (f16 or f32), exactly. In f64, everything is computed in f64 except the cosines and
sines of rotary embeddings, which keep the f32 values that Transformers computes: they are part of the model's
definition, and TabTune computes them in f32 too.
"""

import json
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from transformers import AutoModelForCausalLM
from transformers.utils.logging import disable_progress_bar
from transformers.models.llama.modeling_llama import LlamaRMSNorm


def _rms_norm(self, hidden_states):
    """LlamaRMSNorm.forward in the dtype of its input; Transformers casts to f32, under .double() too."""
    variance = hidden_states.pow(2).mean(-1, keepdim=True)
    return self.weight * (hidden_states * torch.rsqrt(variance + self.variance_epsilon))


disable_progress_bar()
LlamaRMSNorm.forward = _rms_norm


def load_base(directory, dtype=torch.float64):
    """The model of a directory, its weights widened to dtype. Attention is torch's (eager would softmax in f32)."""
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, attn_implementation="sdpa")
    model.requires_grad_(False)
    return model.to(dtype).eval()


def load_with_adapter(directory, adapter, dtype=torch.float64, trainable=True):
    """The model of a directory with the PEFT adapter of another, both in dtype."""
    base = load_base(directory, dtype)
    return PeftModel.from_pretrained(base, Path(adapter), is_trainable=trainable).to(dtype).eval()


def token_logprobs(model, ids, prompt_length):
    """Log-probability of each token after the prompt; [len(ids) - prompt_length]."""
    tokens = torch.tensor([ids])
    logits = model(input_ids=tokens, use_cache=False).logits[0, prompt_length - 1 : -1]
    return logits.log_softmax(-1).gather(-1, tokens[0, prompt_length:, None])[:, 0]


def trainable(model):
    """LoRA parameters under their names in a PEFT file, in the model's order."""
    return {
        name.replace(".default.", "."): parameter
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }


def gradients(model):
    """Gradients of the LoRA parameters under their names in a PEFT file."""
    return {name: parameter.grad.detach().clone() for name, parameter in trainable(model).items()}


def adapter_tensors(model):
    """LoRA parameters as PEFT saves them."""
    return {name: tensor.detach().clone() for name, tensor in get_peft_model_state_dict(model).items()}


def norm(tensors):
    """Euclidean norm over all tensors of a dictionary."""
    return torch.sqrt(sum(t.double().pow(2).sum() for t in tensors.values())).item()


def difference(a, b):
    """a - b, name by name; both must hold the same names."""
    if a.keys() != b.keys():
        raise KeyError(f"tensors differ in name: {sorted(a.keys() ^ b.keys())}")
    return {name: a[name].double() - b[name].double() for name in a}


PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def write_random_adapter(model_directory, directory, options, seed):
    """Writes a PEFT adapter whose B is not zero (else every gradient of A is): A as PEFT draws it, B normal."""
    torch.manual_seed(seed)
    config = LoraConfig(
        r=options["r"], lora_alpha=options["lora_alpha"], target_modules=list(options["target_modules"]),
        lora_dropout=0.0, bias="none", task_type="CAUSAL_LM", init_lora_weights=True,
    )
    model = get_peft_model(load_base(model_directory, torch.float32), config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(trainable(model).items()):
            if ".lora_A." in name:
                bound = parameter.shape[1] ** -0.5
                parameter.copy_((2 * torch.rand(parameter.shape, generator=generator) - 1) * bound)
            else:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * options["b_std"])
    model.save_pretrained(directory)
    (Path(directory) / "README.md").unlink(missing_ok=True)
    _write_portable_config(Path(directory) / "adapter_config.json")


def _write_portable_config(path):
    """adapter_config.json without the path of this machine, its list of projections sorted (PEFT keeps a set)."""
    config = json.loads(path.read_text())
    config["base_model_name_or_path"] = "golden"
    config["target_modules"] = sorted(config["target_modules"])
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
