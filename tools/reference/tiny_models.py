"""Three random Llamas that differ in everything the engine treats differently, with tokenizers that read plain text."""

import json
import random
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM

SPECIAL = ["<pad>", "<s>", "</s>"]
PAD, BOS, EOS = range(3)

# std: of projections; larger than a trained model's, so that attention and logits are not flat.
MODELS = {
    "gqa_tied_llama3": {
        "seed": 101, "std": 0.22, "embedding_std": 0.35, "bos": False, "dtype": torch.float32, "legacy_rope": True,
        "config": {
            "hidden_size": 48, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 16,
            "num_hidden_layers": 2, "intermediate_size": 80, "vocab_size": 259, "tie_word_embeddings": True,
            "rms_norm_eps": 1e-5,
            "rope_parameters": {
                "rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
                "high_freq_factor": 4.0, "original_max_position_embeddings": 16,
            },
        },
    },
    "mha_untied": {
        "seed": 202, "std": 0.18, "embedding_std": 0.5, "bos": False, "dtype": torch.float32, "shard": "250KB",
        "config": {
            "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 4, "num_hidden_layers": 3,
            "intermediate_size": 100, "vocab_size": 401, "tie_word_embeddings": False, "rms_norm_eps": 1e-6,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
        },
    },
    "headdim48": {
        "seed": 303, "std": 0.22, "embedding_std": 0.35, "bos": True, "dtype": torch.float16,
        "config": {
            "hidden_size": 42, "num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": 48,
            "num_hidden_layers": 2, "intermediate_size": 72, "vocab_size": 4099, "tie_word_embeddings": True,
            "rms_norm_eps": 1e-5,
            "rope_parameters": {"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.0},
        },
    },
}

_ONSETS = "b br c d dr f g gl h j k l m n p pr qu r s st t tr v w z".split()
_RIMES = "a an ar e el en er i in is o on or u un ul ay ea ö ü é".split()


def words(count, seed):
    """Invented words of one to three syllables, the first ones common in every text drawn from them."""
    draw = random.Random(seed)
    syllable = lambda: draw.choice(_ONSETS) + draw.choice(_RIMES)  # noqa: E731
    return ["".join(syllable() for _ in range(draw.choice((1, 2, 2, 3)))) for _ in range(count)]


def make_tokenizer(vocabulary_size, bos, seed):
    """Byte-level BPE of exactly vocabulary_size tokens, special tokens first, learnt from invented words."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size, special_tokens=SPECIAL, show_progress=False, max_token_length=24,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    lexicon = words(6000, seed)
    draw = random.Random(seed + 1)
    corpus = [" ".join(draw.choices(lexicon, k=12)) for _ in range(3000)]
    tokenizer.train_from_iterator(corpus, trainer)
    if tokenizer.get_vocab_size() != vocabulary_size:
        raise ValueError(f"the tokenizer has {tokenizer.get_vocab_size()} tokens, not {vocabulary_size}")
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", BOS)])
    return tokenizer


def _randomise(model, spec):
    generator = torch.Generator().manual_seed(spec["seed"])
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if "norm" in name:
                parameter.copy_(1 + 0.2 * noise)
            else:
                parameter.copy_(noise * spec["embedding_std" if "embed_tokens" in name else "std"])


def write_model(name, directory):
    """Writes a Hugging Face directory: config.json, safetensors (sharded for one), tokenizer files."""
    spec = MODELS[name]
    directory = Path(directory)
    config = LlamaConfig(
        **spec["config"], max_position_embeddings=128, bos_token_id=BOS, eos_token_id=EOS, pad_token_id=PAD
    )
    model = LlamaForCausalLM(config)
    _randomise(model, spec)
    model.to(spec["dtype"]).save_pretrained(directory, max_shard_size=spec.get("shard", "5GB"))
    (directory / "generation_config.json").unlink(missing_ok=True)
    if spec.get("legacy_rope"):
        _legacy_rope(directory / "config.json")
    make_tokenizer(spec["config"]["vocab_size"], spec["bos"], spec["seed"]).save(
        str(directory / "tokenizer.json"), pretty=False
    )
    settings = {
        "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "clean_up_tokenization_spaces": False,
        "model_max_length": 128, "tokenizer_class": "PreTrainedTokenizerFast",
    }
    (directory / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")


def _legacy_rope(path):
    """config.json as Transformers 4 wrote it: rope_theta and rope_scaling in place of rope_parameters."""
    config = json.loads(path.read_text())
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    config["rope_scaling"] = rope
    config["torch_dtype"] = config.pop("dtype")
    del config["transformers_version"]
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
