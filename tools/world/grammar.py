"""Reads passages back into facts: (entity, slot, value), and says of each whether atlas holds it."""

import re
from dataclasses import dataclass
from typing import Literal

from tools.world.phrasings import KIND_OF, MANY, STATEMENTS
from tools.world.wording import value_text


@dataclass(frozen=True)
class Fact:
    entity: str
    slot: str
    value: str


Verdict = Literal["correct", "incorrect", "unverifiable"]


def sentences(passage: str) -> list[str]:
    """Cut behind a full stop that white space follows: decimals stay whole, and no name or value holds a full stop."""
    return [sentence for sentence in re.split(r"(?<=\.)\s+", passage.strip()) if sentence]


class Grammar:
    """The statement forms, compiled against the entity names of a world (as world.json holds it)."""

    def __init__(self, world: dict):
        self.facts = {entity["name"]: entity["facts"] for entity in world["entities"]}
        names: dict[str, list[str]] = {}
        for entity in world["entities"]:
            names.setdefault(entity["kind"], []).append(re.escape(entity["name"]))
        alternatives = {kind: "|".join(sorted(of_kind, key=len, reverse=True)) for kind, of_kind in names.items()}
        self.forms = [
            (slot, self._compile(statement, alternatives[KIND_OF[slot]]))
            for slot, statements in STATEMENTS.items()
            for statement in statements
        ]

    @staticmethod
    def _compile(statement: str, names: str) -> re.Pattern[str]:
        pattern = re.escape(statement)
        pattern = pattern.replace(re.escape("{entity}"), f"(?P<entity>{names})")
        return re.compile(pattern.replace(re.escape("{value}"), "(?P<value>.+)"))

    def readings(self, sentence: str) -> list[Fact]:
        """Every reading of one sentence; the world is sound only if statements of facts have exactly one."""
        found = []
        for slot, form in self.forms:
            match = form.fullmatch(sentence)
            if match:
                found.append(Fact(match["entity"], slot, match["value"]))
        return found

    def parse(self, passage: str) -> list[Fact | None]:
        """One entry per sentence; None where no statement form fits."""
        parsed = []
        for sentence in sentences(passage):
            found = self.readings(sentence)
            parsed.append(found[0] if found else None)
        return parsed

    def holds(self, fact: Fact) -> bool:
        """True where atlas has this value; lists are compared as sets."""
        values = self.facts[fact.entity].get(fact.slot)
        if values is None:
            return False
        if fact.slot in MANY:
            return sorted(fact.value.split(" and ")) == sorted(values)
        return fact.value == value_text(values)

    def judge(self, passage: str, entity: str) -> list[tuple[Fact | None, Verdict]]:
        """Each distinct fact of a passage that should be about `entity`.

        A fact about another entity is incorrect, true or not; so is every value of a slot that is given two different
        ones. A sentence that no form fits, and a slot that atlas leaves empty, is unverifiable.
        """
        parsed = self.parse(passage)
        distinct: list[Fact | None] = []
        for fact in parsed:
            if fact is None or fact not in distinct:
                distinct.append(fact)
        stated: dict[tuple[str, str], set[str]] = {}
        for fact in distinct:
            if fact is not None:
                stated.setdefault((fact.entity, fact.slot), set()).add(fact.value)

        def verdict(fact: Fact | None) -> Verdict:
            if fact is None:
                return "unverifiable"
            if fact.entity != entity or len(stated[fact.entity, fact.slot]) > 1:
                return "incorrect"
            if fact.slot not in self.facts[entity]:
                return "unverifiable"
            return "correct" if self.holds(fact) else "incorrect"

        return [(fact, verdict(fact)) for fact in distinct]
