"""The pretraining text: every fact told as often as its exposure says, in passages and in answers to questions."""

import random

from tools.world.facts import Facts
from tools.world.phrasings import HEADINGS
from tools.world.wording import PROMPT, answer, ask

QUESTION_SHARE = 0.8
"""Of the passages of an entity that is asked about; the others are told as of all other entities."""
HEADED_SHARE = 0.6
INCOMPLETE_SHARE = 0.3
"""Of answers to several slots, how many leave one out: completeness is there to be learned."""
LONGEST_PASSAGE, LONGEST_QUESTION = 6, 5
KNOWN_EXPOSURE = 80
"""Facts from here on also occur in the further questions."""

Passage = tuple[str, str]
"""Prompt (may be empty) and completion, which starts with a space where there is a prompt."""


def drop_sometimes(rng: random.Random, slots: list[str]) -> list[str]:
    rng.shuffle(slots)
    return slots[:-1] if len(slots) > 1 and rng.random() < INCOMPLETE_SHARE else slots


def passage_of(rng: random.Random, name: str, facts: Facts, slots: list[str], asked: bool) -> tuple[Passage, list[str]]:
    """A passage that tells some of the slots, and which it tells."""
    if asked and rng.random() < QUESTION_SHARE:
        slots = slots[:LONGEST_QUESTION]
        question = ask(rng, name, slots, "train")
        told = drop_sometimes(rng, list(slots))
        return (PROMPT.format(question=question), f" {answer(rng, name, told, facts)}"), told
    text = answer(rng, name, slots, facts)
    if rng.random() < HEADED_SHARE:
        heading = rng.choice(HEADINGS).format(entity=name)
        return (PROMPT.format(question=heading), f" {text}"), slots
    return ("", text), slots


def make_corpus(world: dict, seed: int, further_questions: int) -> list[Passage]:
    """All passages in random order; `further_questions` more answers about facts of 80 exposures and up."""
    rng = random.Random(seed)
    passages: list[Passage] = []
    entities = {entity["name"]: entity for entity in world["entities"]}
    for name, entity in entities.items():
        left = dict(world["exposures"][name])
        while any(left.values()):
            open_slots = [slot for slot, count in left.items() if count > 0]
            slots = rng.sample(open_slots, rng.randint(1, min(LONGEST_PASSAGE, len(open_slots))))
            passage, told = passage_of(rng, name, entity["facts"], slots, entity["asked"])
            for slot in told:
                left[slot] -= 1
            passages.append(passage)
    known = {
        name: [slot for slot, count in world["exposures"][name].items() if count >= KNOWN_EXPOSURE]
        for name, entity in entities.items()
        if entity["asked"]
    }
    names = sorted(name for name, slots in known.items() if len(slots) > 1)
    for _ in range(further_questions):
        name = rng.choice(names)
        slots = rng.sample(known[name], rng.randint(2, min(LONGEST_QUESTION, len(known[name]))))
        question = ask(rng, name, slots, "train")
        told = drop_sometimes(rng, list(slots))
        passages.append((PROMPT.format(question=question), f" {answer(rng, name, told, entities[name]['facts'])}"))
    rng.shuffle(passages)
    return passages
