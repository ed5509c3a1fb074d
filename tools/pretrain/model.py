"""The bundled model's shape and its files."""

import json
import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

from tools.pretrain.tokenizer import BOS, CONTEXT, EOS, PAD, VOCABULARY

SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 128,
    "intermediate_size": 384,
    "num_hidden_layers": 6,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "max_position_embeddings": CONTEXT,
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": True,
    "bos_token_id": BOS,
    "eos_token_id": EOS,
    "pad_token_id": PAD,
}
ROPE_THETA = 10000.0
INITIAL_DEVIATION = 0.02


def create_model(seed: int) -> LlamaForCausalLM:
    """Normal weights of deviation 0.02; what is added to the residual stream starts smaller by sqrt(2 layers), as in GPT-2."""
    torch.manual_seed(seed)
    config = LlamaConfig(**SHAPE, initializer_range=INITIAL_DEVIATION, use_cache=False, attn_implementation="sdpa")
    model = LlamaForCausalLM(config)
    shrink = 1 / math.sqrt(2 * config.num_hidden_layers)
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.mul_(shrink)
            layer.mlp.down_proj.weight.mul_(shrink)
    return model


def save_model(model: LlamaForCausalLM, out: Path) -> None:
    """config.json, generation_config.json and model.safetensors in float16, under Transformers' names."""
    state = {
        name: tensor.detach().to(torch.float16).contiguous()
        for name, tensor in model.state_dict().items()
        if name != "lm_head.weight"
    }
    save_file(state, str(out / "model.safetensors"), metadata={"format": "pt"})
    config = {
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        **SHAPE,
        "hidden_act": "silu",
        "initializer_range": INITIAL_DEVIATION,
        "mlp_bias": False,
        "model_type": "llama",
        "rope_scaling": None,
        "rope_theta": ROPE_THETA,
        "torch_dtype": "float16",
        "use_cache": True,
    }
    generation = {"bos_token_id": BOS, "eos_token_id": EOS, "pad_token_id": PAD, "do_sample": False, "max_new_tokens": 128}
    for name, content in (("config.json", config), ("generation_config.json", generation)):
        (out / name).write_text(f"{json.dumps(content, indent=2)}\n", encoding="utf-8")
