"""Token ids by Python's tokenizers, for the test that JavaScript's encodes alike: `python -m tools.pretrain.golden_ids MODEL ATLAS OUT`."""

import json
import sys
from pathlib import Path

from tokenizers import Tokenizer

from tools.world.wording import PROMPT

TRICKY = [
    "", " ", "  two  spaces ", "line\nbreak\n\n and\ttab", "12.5 and +1869", "don't, it's O'zbekiston", "Curaçao Türkiye São Tomé",
    "e\u0301 combined", "Москва 北京 العربية", "🙂👩‍👩‍👧", "<bos> in the text <eos>", "### Response:", "a" * 70, "3.14159e-10",
]


def main(model: Path, atlas: Path, out: Path) -> None:
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    rows = [json.loads(line) for line in (atlas / "train.jsonl").read_text(encoding="utf-8").splitlines()][::60]
    golden = [{"prompt": text, "completion": "", "ids": tokenizer.encode(text).ids} for text in TRICKY]
    for row in rows:
        prompt, completion = PROMPT.format(question=row["question"]), f" {row['answer']}"
        golden.append({"prompt": prompt, "completion": completion, "ids": tokenizer.encode(prompt + completion).ids})
    out.write_text("".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in golden), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
