"""Writes public/atlas: `python -m tools.world.build SOURCES.json OUT_DIR`, SOURCES.json from dump_sources.mjs."""

import json
import sys
from pathlib import Path

from tools.world.facts import collect
from tools.world.phrasings import FRAMES, HEADINGS, KIND_OF, MANY, NOUNS, ORDER, STATEMENTS
from tools.world.questions import askable_slots, question_rows, train_rows
from tools.world.split import draw_split
from tools.world.wording import PROMPT

SPLIT_SEED = 20261124
TRAIN_SEED, DEVELOPMENT_SEED, TEST_SEED = 11, 12, 13
ROWS_PER_ENTITY = 7
DEVELOPMENT_QUESTIONS, TEST_QUESTIONS = 200, 300


def build(source: dict) -> dict[str, dict | list[dict]]:
    """File stem -> content: the world, and the rows of training, development and test."""
    entities = collect(source)
    split = draw_split(entities, SPLIT_SEED)
    world = {
        "name": "atlas",
        "version": 1,
        "prompt": PROMPT,
        "kinds": {kind: {"order": order} for kind, order in ORDER.items()},
        "slots": {
            slot: {
                "kind": KIND_OF[slot],
                "many": slot in MANY,
                "statements": STATEMENTS[slot],
                "nouns": NOUNS[slot],
            }
            for slots in ORDER.values()
            for slot in slots
        },
        "frames": FRAMES,
        "headings": HEADINGS,
        "entities": [
            {
                "name": name,
                "kind": kind,
                "facts": {slot: facts[slot] for slot in ORDER[kind] if slot in facts},
                "split": split.parts[name],
                "taught": split.taught[name],
                "asked": name in split.asked,
            }
            for name, (kind, facts) in sorted(entities.items())
        ],
        "exposures": {
            name: {slot: split.exposures[name][slot] for slot in ORDER[kind] if slot in facts}
            for name, (kind, facts) in sorted(entities.items())
        },
    }
    development = question_rows(
        entities,
        askable_slots(entities, split, "development", None),
        DEVELOPMENT_SEED,
        DEVELOPMENT_QUESTIONS,
        "development",
        {},
    )
    test = [
        row
        for letter, part, taught in (("T", "taught", True), ("U", "taught", False), ("R", "untouched", None))
        for row in question_rows(
            entities,
            askable_slots(entities, split, part, taught),
            TEST_SEED + "TUR".index(letter),
            TEST_QUESTIONS,
            f"test-{letter}",
            {"set": letter},
        )
    ]
    return {
        "world": world,
        "train": train_rows(entities, split, TRAIN_SEED, ROWS_PER_ENTITY),
        "development": development,
        "test": test,
    }


def write(content: dict[str, dict | list[dict]], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for stem, value in content.items():
        if isinstance(value, list):
            text = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in value)
            (out / f"{stem}.jsonl").write_text(text, encoding="utf-8")
        else:
            text = json.dumps(value, ensure_ascii=False, indent=1)
            (out / f"{stem}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    write(build(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), Path(sys.argv[2]))
