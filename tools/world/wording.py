"""Facts and slots into text: statements, answers, questions, and the prompt a question is put in."""

import random

from tools.world.facts import Facts
from tools.world.phrasings import FRAMES, NOUNS, ORDER, STATEMENTS

PROMPT = "### Instruction: {question} ### Response:"
"""The completion follows as " {answer}" and the end-of-sequence token."""


def value_text(values: list[str]) -> str:
    return " and ".join(values)


def enumerate_phrases(phrases: list[str]) -> str:
    """["a", "b", "c"] -> "a, b and c"."""
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"


def state(rng: random.Random, entity: str, slot: str, facts: Facts) -> str:
    """One statement of the fact, in a statement form drawn at random."""
    return rng.choice(STATEMENTS[slot]).format(entity=entity, value=value_text(facts[slot]))


def answer(rng: random.Random, entity: str, slots: list[str], facts: Facts) -> str:
    """The slots' statements in the order given, joined by spaces."""
    return " ".join(state(rng, entity, slot, facts) for slot in slots)


def ask(rng: random.Random, entity: str, slots: list[str], phrasing: str) -> str:
    """A question for the slots; `phrasing` is "train" or "test": both the frame and every noun phrase come from it."""
    nouns = enumerate_phrases([rng.choice(NOUNS[slot][phrasing]) for slot in slots])
    return rng.choice(FRAMES[phrasing]).format(entity=entity, nouns=nouns)


def canonical(kind: str, slots: list[str]) -> list[str]:
    return sorted(slots, key=ORDER[kind].index)
