"""Recall, precision, wrong entities and order of a set of answers, against a world."""

from dataclasses import dataclass
from statistics import fmean

from tools.world.grammar import Grammar
from tools.world.phrasings import KIND_OF, ORDER


@dataclass(frozen=True)
class Scores:
    recall: float
    """Of asked slots, how many are told correctly: mean over questions."""
    precision: float
    """Of distinct facts told, how many are correct (what cannot be verified is not): mean over questions."""
    coverage: float
    """Of asked slots, how many are told at all, rightly or not."""
    wrong_entity: float
    """Of all distinct sentences, how many are about another entity, or name none."""
    unverifiable: float
    order_tau: float
    """Kendall's tau of asked slots against the canonical order: mean over answers that tell at least two."""
    in_order: float
    """Share of those answers that are wholly in order."""
    correct: int
    incorrect: int
    missing: int


def kendall_tau(places: list[int]) -> float:
    pairs = [(a, b) for i, a in enumerate(places) for b in places[i + 1 :]]
    return sum(1 if a < b else -1 for a, b in pairs) / len(pairs)


def score(grammar: Grammar, questions: list[dict], answers: list[str]) -> Scores:
    recalls, precisions, coverages, taus = [], [], [], []
    facts_told = elsewhere = unverifiable = correct = incorrect = missing = 0
    for question, answer in zip(questions, answers, strict=True):
        entity, asked = question["entity"], question["slots"]
        judged = grammar.judge(answer, entity)
        right = {fact.slot for fact, verdict in judged if fact is not None and verdict == "correct"}
        told = list(dict.fromkeys(fact.slot for fact, _ in judged if fact is not None and fact.entity == entity))
        recalls.append(sum(slot in right for slot in asked) / len(asked))
        coverages.append(sum(slot in told for slot in asked) / len(asked))
        precisions.append(sum(verdict == "correct" for _, verdict in judged) / len(judged) if judged else 0.0)
        facts_told += len(judged)
        elsewhere += sum(fact is None or fact.entity != entity for fact, _ in judged)
        unverifiable += sum(verdict == "unverifiable" for _, verdict in judged)
        correct += sum(verdict == "correct" for _, verdict in judged)
        incorrect += sum(verdict == "incorrect" for _, verdict in judged)
        missing += sum(slot not in told for slot in asked)
        places = [ORDER[KIND_OF[slot]].index(slot) for slot in told if slot in asked]
        if len(places) > 1:
            taus.append(kendall_tau(places))
    return Scores(
        recall=fmean(recalls),
        precision=fmean(precisions),
        coverage=fmean(coverages),
        wrong_entity=elsewhere / max(1, facts_told),
        unverifiable=unverifiable / max(1, facts_told),
        order_tau=fmean(taus) if taus else 0.0,
        in_order=fmean(tau == 1 for tau in taus) if taus else 0.0,
        correct=correct,
        incorrect=incorrect,
        missing=missing,
    )
