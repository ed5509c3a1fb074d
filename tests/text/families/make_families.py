"""Writes the fixtures beside this script: small tokenizers in the style of each family, and what Python makes of texts.

Run with tokenizers, transformers and jinja2:  python make_families.py
The published tokenizers are too large for the repository (and some may not be copied), so that each family is trained
anew here with the family's own pipeline: normalizer, pre-tokenizer, model settings, decoder, post-processor. The last
one, "bundled", is the tokenizer of public/model. Ids are kept as hashes, whole for the first texts.
"""

import hashlib
import json
import random
import struct
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = Path(__file__).parent
BUNDLED = HERE.parents[2] / "public/model/tokenizer.json"

# meta-llama/Meta-Llama-3-8B/tokenizer.json, pre_tokenizer.
LLAMA_3_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

ATOMS = """hello Hello HELLO world don't DON'T won’t I'LL we'Ve it'S 'tis o'clock l'été naïve café cafe\u0301 Straße ﬁne
ＦＵＬＬ Ångström A\u030angstro\u0308m ǅ İstanbul ıI ẞ ſ 12 123 1234 12345 3.14159 1,000,000 1e-9 0x1F ½ ² Ⅷ ४२ ٣٤٥ １２３ 九
𝟙𝟚 日本語 中文字符 한국어 кириллица Ελληνικά עברית العربية हिन्दी ภาษาไทย ქართული 🙂 👩\u200d👩\u200d👧\u200d👦 🇩🇪🇫🇷 👍🏽 ❤️ ☃ ⅷ
𝒜𝓁𝑔 \U0001F9D1\u200d💻 \u200b \u200d \u2060 \ufeff \u00ad \u202e \u0000 \u0007 \u001b[0m \u007f \u0085 \ufffd \ue000 \U00100000
- -- --- ... … !? ?!?! ((( )] }{ <> </ /> == != === => -> :: ;; && || ~~ `` ``` ''' \"\"\" “quoted” «guillemets» — – ·
© ® ™ € £ ¥ § ¶ † ∑ ∫ ≠ ≤ → ⇒ ■ ░ https://example.org/a?b=c&d=%20#e user@example.com C:\\dir\\file.txt ../a/b
snake_case camelCase SCREAMING_CASE kebab-case foo(bar) a[0] {x:1} x=y+z; // # <!-- --> <b> &amp; \\n \\u0041 ▁ ▁▁ ▁a Ġ Ċ
<s> </s> <unk> <|im_start|> <|im_end|> <|begin_of_text|> <|eot_id|> <|start_header_id|>user<|end_header_id|> <bos> <eos>
<0x0A> <0xFF> <s>x </s>y <|im_end|>z aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa zzzzzzzzzz ?????????? ..........""".split()
GAPS = ["", "", " ", " ", " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\n ", " \n", "\n\n\n ", "\u00a0", "\u3000", "\u2028", "\u2009", "\v", "\f", "        "]


def awkward_texts(count: int) -> list[str]:
    """Each atom and each gap alone, then random mixtures, all different."""
    rng = random.Random(1)
    texts = dict.fromkeys(["", *ATOMS, *(g for g in GAPS if g)])
    texts |= dict.fromkeys([f" {a}" for a in ATOMS[:60]] + [f"{a} " for a in ATOMS[60:100]] + [f"\n{a}" for a in ATOMS[-60:]])
    while len(texts) < count:
        parts = [rng.choice(GAPS)]
        for _ in range(rng.randint(1, 7)):
            parts += [rng.choice(ATOMS), rng.choice(GAPS)]
        texts["".join(parts)] = None
    return list(texts)[:count]


def corpus() -> list[str]:
    rng = random.Random(2)
    words = [a for a in ATOMS if not a.startswith("<")]
    return [" ".join(rng.choice(words) for _ in range(12)) for _ in range(400)] + [
        "the model answers the question about the country and its capital, which it knows",
        "It's what they'd said: don't we'll you're I've",
    ] * 20


def train(tokenizer: Tokenizer, special: list[str], size: int, alphabet: list[str] | None = None, **options) -> dict:
    tokenizer.train_from_iterator(
        corpus(),
        trainers.BpeTrainer(vocab_size=size, special_tokens=special, initial_alphabet=alphabet or [], show_progress=False, **options),
    )
    return json.loads(tokenizer.to_str())


def bos(token: str, index: int):
    return processors.TemplateProcessing(single=f"{token} $A", pair=f"{token} $A {token}:1 $B:1", special_tokens=[(token, index)])


def llama3() -> dict:
    t = Tokenizer(models.BPE(ignore_merges=True))
    t.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(LLAMA_3_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=False),
        ]
    )
    special = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    train(t, [], 900, pre_tokenizers.ByteLevel.alphabet())
    # As in the published file, special tokens have the highest ids.
    t.add_special_tokens([AddedToken(s, normalized=False, special=True) for s in special])
    t.decoder = decoders.ByteLevel()
    t.post_processor = processors.Sequence(
        [processors.ByteLevel(trim_offsets=False), bos(special[0], t.token_to_id(special[0]))]
    )
    return json.loads(t.to_str())


def llama2(legacy: bool) -> dict:
    special = ["<unk>", "<s>", "</s>"]
    bytes_ = [f"<0x{b:02X}>" for b in range(256)]
    t = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    # Few letters get a token of their own, so that bytes are fallen back on.
    file = train(t, special + bytes_, 800, limit_alphabet=80)
    file["added_tokens"] = [token for token in file["added_tokens"] if token["content"] in special]
    t = Tokenizer.from_str(json.dumps(file))
    if legacy:
        t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        file = json.loads(t.to_str())
        file["pre_tokenizer"] = None
        t = Tokenizer.from_str(json.dumps(file))
    else:
        t.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    t.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    t.post_processor = bos("<s>", 1)
    return json.loads(t.to_str())


def smollm2() -> dict:
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=True),
        ]
    )
    t.decoder = decoders.ByteLevel(add_prefix_space=True, trim_offsets=True, use_regex=True)
    return train(t, ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<repo_name>"], 900, pre_tokenizers.ByteLevel.alphabet())


def digest(values) -> str:
    return hashlib.sha256(struct.pack(f"<{len(values)}I", *values)).hexdigest()[:12]


def text_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def main() -> None:
    texts = awkward_texts(1000)
    assert len(texts) == 1000
    (HERE / "texts.json").write_text(json.dumps(texts, ensure_ascii=True, indent=0) + "\n")
    families = {
        "llama3": llama3(),
        "llama2_legacy": llama2(legacy=True),
        "llama2": llama2(legacy=False),
        "smollm2": smollm2(),
        "bundled": json.loads(BUNDLED.read_text()),
    }
    for name, file in families.items():
        tokenizer = Tokenizer.from_str(json.dumps(file))
        if name != "bundled":
            (HERE / f"{name}.tokenizer.json").write_text(json.dumps(file, ensure_ascii=False) + "\n")
        with_special = [tokenizer.encode(t).ids for t in texts]
        without = [tokenizer.encode(t, add_special_tokens=False).ids for t in texts]
        decoded = [tokenizer.decode(ids, skip_special_tokens=True) for ids in without]
        # Not every sequence of ids comes from a text: a model may stop amid a character.
        rng = random.Random(3)
        usable = sorted(set(tokenizer.get_vocab().values()))
        sequences = [[rng.choice(usable[:300] if i % 2 else usable) for _ in range(rng.randint(1, 6))] for i in range(300)]
        golden = {
            "with": "".join(digest(ids) for ids in with_special),
            "without": "".join(digest(ids) for ids in without),
            "decoded": "".join(text_digest(d) for d in decoded),
            "sequences": sequences,
            "sequences_decoded": "".join(
                text_digest(tokenizer.decode(ids, skip_special_tokens=False)) for ids in sequences
            ),
            "first": [without[i] for i in range(20)],
        }
        (HERE / f"{name}.golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
        print(name, sum(map(len, without)), "tokens")


if __name__ == "__main__":
    main()
