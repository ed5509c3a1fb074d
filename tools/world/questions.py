"""The rows of train.jsonl, development.jsonl and test.jsonl."""

import random
from collections.abc import Iterator

from tools.world.facts import Facts
from tools.world.phrasings import ORDER
from tools.world.split import Split
from tools.world.wording import answer, ask, canonical

FEWEST, MOST = 2, 5
"""Slots asked for in a question."""

Entities = dict[str, tuple[str, Facts]]


def draw_slots(rng: random.Random, slots: list[str]) -> list[str]:
    """Two to five of the slots, in random order."""
    return rng.sample(slots, rng.randint(FEWEST, min(MOST, len(slots))))


def rounds(rng: random.Random, names: list[str]) -> Iterator[str]:
    """All names in random order, then again in another, without end."""
    while True:
        order = list(names)
        rng.shuffle(order)
        yield from order


def train_rows(entities: Entities, split: Split, seed: int, rows_per_entity: int) -> list[dict]:
    """Taught slots of taught entities in train phrasings; answers in canonical order, every second one shuffled."""
    rng = random.Random(seed)
    drafts = []
    for name in sorted(entities):
        if split.parts[name] != "taught":
            continue
        kind, facts = entities[name]
        for number in range(rows_per_entity):
            slots = draw_slots(rng, split.taught[name])
            question = ask(rng, name, slots, "train")
            told = canonical(kind, slots)
            if number % 2 == 1:
                rng.shuffle(told)
            drafts.append({"question": question, "answer": answer(rng, name, told, facts)})
    rng.shuffle(drafts)
    return [{"id": f"train-{index:04d}", **draft} for index, draft in enumerate(drafts)]


def question_rows(
    entities: Entities, askable: dict[str, list[str]], seed: int, count: int, prefix: str, extra: dict
) -> list[dict]:
    """`count` questions in test phrasings; entities with fewer than two askable slots are passed over."""
    rng = random.Random(seed)
    names = rounds(rng, sorted(name for name, slots in askable.items() if len(slots) >= FEWEST))
    rows = []
    for index in range(count):
        name = next(names)
        slots = draw_slots(rng, askable[name])
        question = ask(rng, name, slots, "test")
        told = canonical(entities[name][0], slots)
        rows.append({"id": f"{prefix}-{index:03d}", **extra, "entity": name, "slots": told, "question": question})
    return rows


def askable_slots(entities: Entities, split: Split, part: str, taught: bool | None) -> dict[str, list[str]]:
    """Slots of a part's entities: the taught ones (True), the untaught ones (False) or all (None)."""
    return {
        name: [
            slot
            for slot in ORDER[kind]
            if slot in facts and (taught is None or (slot in split.taught[name]) == taught)
        ]
        for name, (kind, facts) in entities.items()
        if split.parts[name] == part
    }
