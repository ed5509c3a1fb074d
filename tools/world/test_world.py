"""Holds the committed atlas to its promises: `python -m unittest tools.world.test_world` from the repository's root."""

import json
import re
import unittest
from collections import Counter
from pathlib import Path

from tools.world.grammar import Fact, Grammar
from tools.world.phrasings import FRAMES, HEADINGS, NOUNS, ORDER, STATEMENTS
from tools.world.split import EXPOSURES
from tools.world.wording import value_text

ATLAS = Path(__file__).parents[2] / "public" / "atlas"
WORLD = json.loads((ATLAS / "world.json").read_text(encoding="utf-8"))
GRAMMAR = Grammar(WORLD)
ENTITIES = {entity["name"]: entity for entity in WORLD["entities"]}


def rows(stem: str) -> list[dict]:
    return [json.loads(line) for line in (ATLAS / f"{stem}.jsonl").read_text(encoding="utf-8").splitlines()]


def words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z]+", text.replace("{entity}", "").replace("{value}", "").replace("{nouns}", "")))


def contains(text: str, phrase: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text) is not None


class Statements(unittest.TestCase):
    def test_every_statement_of_every_fact_parses_back_to_itself_alone(self):
        count = 0
        for name, entity in ENTITIES.items():
            for slot, values in entity["facts"].items():
                for statement in STATEMENTS[slot]:
                    value = value_text(values)
                    sentence = statement.format(entity=name, value=value)
                    self.assertEqual(GRAMMAR.readings(sentence), [Fact(name, slot, value)], sentence)
                    count += 1
        self.assertGreater(count, 15_000)

    def test_a_free_value_does_not_make_a_statement_ambiguous(self):
        for slot, statements in STATEMENTS.items():
            name = next(n for n, e in ENTITIES.items() if slot in e["facts"])
            for value in ("Blub", "period 3", "the table", "Iron", "France and Peru", "12.5"):
                for statement in statements:
                    sentence = statement.format(entity=name, value=value)
                    self.assertEqual(GRAMMAR.readings(sentence), [Fact(name, slot, value)], sentence)

    def test_two_forms_with_one_meaning_are_noticed(self):
        broken = Grammar(WORLD)
        broken.forms.append(("continent", Grammar._compile("The capital of {entity} is {value}.", "France")))
        self.assertEqual(len(broken.readings("The capital of France is Paris.")), 2)

    def test_passages_of_all_facts_parse_sentence_by_sentence(self):
        for name, entity in ENTITIES.items():
            for form in range(8):
                passage = " ".join(
                    STATEMENTS[slot][form].format(entity=name, value=value_text(values))
                    for slot, values in entity["facts"].items()
                )
                self.assertEqual([fact.slot for fact in GRAMMAR.parse(passage)], list(entity["facts"]), passage)


class Verdicts(unittest.TestCase):
    def verdicts(self, passage: str, entity: str) -> list[str]:
        return [verdict for _, verdict in GRAMMAR.judge(passage, entity)]

    def test_true_facts_are_correct_and_counted_once(self):
        passage = "The capital of France is Paris. France lies on the continent of Europe. Paris is the capital city of France."
        self.assertEqual(self.verdicts(passage, "France"), ["correct", "correct"])

    def test_a_wrong_value_is_incorrect(self):
        self.assertEqual(self.verdicts("The capital of France is Rome.", "France"), ["incorrect"])

    def test_a_true_fact_of_another_entity_is_incorrect(self):
        self.assertEqual(self.verdicts("The capital of Italy is Rome.", "France"), ["incorrect"])

    def test_a_contradiction_is_incorrect_on_both_sides(self):
        passage = "The capital of France is Paris. The capital of France is Rome."
        self.assertEqual(self.verdicts(passage, "France"), ["incorrect", "incorrect"])

    def test_lists_are_compared_whole_and_in_any_order(self):
        self.assertEqual(self.verdicts("One hears Italian and German and French in Switzerland.", "Switzerland"), ["correct"])
        self.assertEqual(self.verdicts("One hears Italian and German in Switzerland.", "Switzerland"), ["incorrect"])

    def test_what_no_form_fits_and_what_atlas_leaves_empty_is_unverifiable(self):
        self.assertEqual(self.verdicts("France is lovely.", "France"), ["unverifiable"])
        self.assertEqual(self.verdicts("The native name of France is France.", "France"), ["unverifiable"])


class Phrasings(unittest.TestCase):
    def test_eight_noun_phrases_for_training_and_four_for_tests_per_slot(self):
        for slot, nouns in NOUNS.items():
            self.assertEqual((len(set(nouns["train"])), len(set(nouns["test"]))), (8, 4), slot)
            self.assertEqual(len(set(STATEMENTS[slot])), 8, slot)

    def test_test_phrasings_occur_nowhere_else(self):
        train = [n for nouns in NOUNS.values() for n in nouns["train"]]
        elsewhere = train + FRAMES["train"] + HEADINGS + [s for forms in STATEMENTS.values() for s in forms]
        for slot, nouns in NOUNS.items():
            for phrase in nouns["test"]:
                self.assertEqual([text for text in elsewhere if contains(text, phrase)], [], phrase)
                sharing = [other for other, of_other in NOUNS.items() if other != slot and phrase in of_other["test"]]
                self.assertEqual(sharing, [], phrase)
        for frame in FRAMES["test"]:
            self.assertNotIn(frame, FRAMES["train"] + HEADINGS)

    def test_every_word_of_a_test_phrasing_is_seen_in_pretraining(self):
        seen = set()
        for text in FRAMES["train"] + HEADINGS:
            seen |= words(text)
        for slot in STATEMENTS:
            for text in STATEMENTS[slot] + NOUNS[slot]["train"]:
                seen |= words(text)
        for text in FRAMES["test"] + [n for nouns in NOUNS.values() for n in nouns["test"]]:
            self.assertLessEqual(words(text), seen, text)

    def test_train_questions_hold_no_test_phrasing(self):
        phrases = [n for nouns in NOUNS.values() for n in nouns["test"]]
        for row in rows("train"):
            self.assertEqual([p for p in phrases if contains(row["question"], p)], [], row)


class Split(unittest.TestCase):
    def test_sizes(self):
        parts = Counter(entity["split"] for entity in ENTITIES.values())
        self.assertEqual((parts["development"], parts["untouched"]), (40, 80))
        self.assertEqual(sum(parts.values()), len(ENTITIES))

    def test_a_fifth_of_the_facts_of_every_slot_has_each_exposure(self):
        counts: dict[str, Counter] = {slot: Counter() for slot in STATEMENTS}
        for name, of_entity in WORLD["exposures"].items():
            self.assertEqual(set(of_entity), set(ENTITIES[name]["facts"]))
            for slot, exposure in of_entity.items():
                counts[slot][exposure] += 1
        for slot, counter in counts.items():
            self.assertEqual(sorted(counter), sorted(EXPOSURES))
            self.assertLessEqual(max(counter.values()) - min(counter.values()), 1, slot)

    def test_parts_have_like_exposures(self):
        means: dict[str, list[float]] = {}
        for name, entity in ENTITIES.items():
            counts = WORLD["exposures"][name].values()
            means.setdefault(entity["split"], []).append(sum(counts) / len(counts))
        averages = [sum(values) / len(values) for values in means.values()]
        self.assertLess(max(averages) - min(averages), 8)

    def test_half_of_the_slots_of_taught_entities_are_taught(self):
        shares = []
        for name, entity in ENTITIES.items():
            self.assertEqual(bool(entity["taught"]), entity["split"] == "taught", name)
            self.assertLessEqual(set(entity["taught"]), set(entity["facts"]))
            if entity["taught"]:
                self.assertGreaterEqual(len(entity["taught"]), 2)
                shares.append(len(entity["taught"]) / len(entity["facts"]))
        self.assertAlmostEqual(sum(shares) / len(shares), 0.5, delta=0.02)

    def test_train_rows_tell_taught_slots_only_and_half_of_them_in_canonical_order(self):
        sorted_rows = 0
        for row in rows("train"):
            facts = GRAMMAR.parse(row["answer"])
            entity = ENTITIES[facts[0].entity]
            self.assertEqual(set(row), {"id", "question", "answer"})
            self.assertIn(entity["name"], row["question"])
            for fact in facts:
                self.assertTrue(GRAMMAR.holds(fact), fact)
                self.assertEqual(fact.entity, entity["name"])
                self.assertIn(fact.slot, entity["taught"])
            order = [ORDER[entity["kind"]].index(fact.slot) for fact in facts]
            sorted_rows += order == sorted(order)
        share = sorted_rows / len(rows("train"))
        self.assertTrue(0.6 < share < 0.8, share)

    def test_questions_ask_what_their_set_says(self):
        sets = Counter(row["set"] for row in rows("test"))
        self.assertEqual(sets, {"T": 300, "U": 300, "R": 300})
        for row in rows("test") + rows("development"):
            entity = ENTITIES[row["entity"]]
            slots = set(row["slots"])
            self.assertTrue(2 <= len(slots) <= 5 and slots <= set(entity["facts"]))
            self.assertIn(row["entity"], row["question"])
            if row.get("set") == "T":
                self.assertLessEqual(slots, set(entity["taught"]))
            elif row.get("set") == "U":
                self.assertEqual(entity["split"], "taught")
                self.assertFalse(slots & set(entity["taught"]))
            else:
                self.assertEqual(entity["split"], "untouched" if "set" in row else "development")


if __name__ == "__main__":
    unittest.main()
