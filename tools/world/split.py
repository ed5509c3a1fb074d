"""How often pretraining shows each fact, whom it asks about, and which entities and slots fine-tuning may see."""

import random
from dataclasses import dataclass

from tools.world.facts import Facts
from tools.world.phrasings import ORDER

EXPOSURES = (0, 5, 20, 80, 300)
DEVELOPMENT, UNTOUCHED = 40, 80


@dataclass(frozen=True)
class Split:
    exposures: dict[str, dict[str, int]]
    """entity -> slot -> number of statements of that fact in pretraining."""
    asked: set[str]
    """Entities that pretraining asks questions about; the others occur in plain passages only."""
    parts: dict[str, str]
    """entity -> development, untouched or taught."""
    taught: dict[str, list[str]]
    """entity -> slots that fine-tuning may see, in canonical order; empty unless the entity is taught."""


def draw_exposures(entities: dict[str, tuple[str, Facts]], rng: random.Random) -> dict[str, dict[str, int]]:
    """A fifth of the facts of every slot gets each exposure."""
    exposures: dict[str, dict[str, int]] = {name: {} for name in entities}
    for slot in (slot for slots in ORDER.values() for slot in slots):
        holders = [name for name, (_, facts) in entities.items() if slot in facts]
        rng.shuffle(holders)
        for index, name in enumerate(holders):
            exposures[name][slot] = EXPOSURES[index % len(EXPOSURES)]
    return exposures


def draw_parts(order: list[str], rng: random.Random) -> dict[str, str]:
    """Of each of 40 even stretches of `order`, one entity for development, two untouched, the rest taught."""
    parts = {}
    for index in range(DEVELOPMENT):
        stretch = order[index * len(order) // DEVELOPMENT : (index + 1) * len(order) // DEVELOPMENT]
        rng.shuffle(stretch)
        untouched = UNTOUCHED // DEVELOPMENT
        for place, name in enumerate(stretch):
            parts[name] = "development" if place == 0 else "untouched" if place <= untouched else "taught"
    return parts


def draw_taught(kind: str, facts: Facts, rng: random.Random) -> list[str]:
    """Half of the slots; of an odd number the larger half in every second case, but never fewer than two."""
    slots = [slot for slot in ORDER[kind] if slot in facts]
    half = (len(slots) + rng.randrange(2)) // 2
    chosen = set(rng.sample(slots, max(2, half)))
    return [slot for slot in slots if slot in chosen]


def draw_split(entities: dict[str, tuple[str, Facts]], seed: int) -> Split:
    """Stratified by kind, by being asked about, and by mean exposure."""
    rng = random.Random(seed)
    exposures = draw_exposures(entities, rng)
    names = sorted(entities)
    rng.shuffle(names)
    asked = {name for index, name in enumerate(sorted(names, key=lambda n: entities[n][0])) if index % 2 == 0}

    def stratum(name: str) -> tuple[str, bool, float]:
        counts = exposures[name].values()
        return entities[name][0], name in asked, sum(counts) / len(counts)

    parts = draw_parts(sorted(names, key=stratum), rng)
    taught = {
        name: draw_taught(*entities[name], rng) if parts[name] == "taught" else [] for name in sorted(entities)
    }
    return Split(exposures, asked, parts, taught)
