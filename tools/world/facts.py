"""The facts of atlas, from the two npm packages: normalised names, and slots that are empty where a fact would mislead."""

import re
import unicodedata

NOBLE_GASES = (0, 2, 10, 18, 36, 54, 86)
LONGEST_LIST = 3
FEWEST_FACTS = 4
LATIN_END = 0x250
"""First code point after Latin Extended-B."""

CORRECTED_LANGUAGES = {"Somalia": "Somali"}
"""Where countries-list names a language after its country."""

TRUNCATED_NATIVE = {"Territoire des Terres australes et antarctiques fr"}
"""Native names that countries-list holds cut short."""

Facts = dict[str, list[str]]


def normalise(text: str) -> str:
    """NFC, without the marks that would break a sentence (full stop, brackets, comma, plus), spaces single."""
    text = unicodedata.normalize("NFC", text)
    text = re.sub("[().,+\u200e\u200f]", "", text).replace("\u2019", "'")
    return re.sub(r"\s+", " ", text).strip()


def is_latin(text: str) -> bool:
    return all(ord(character) < LATIN_END for character in text)


def language_name(name: str) -> str:
    """The first of alternative names: "Tagalog / Filipino" is Tagalog."""
    first = normalise(name.split(" / ")[0])
    return CORRECTED_LANGUAGES.get(first, first)


def country_facts(country: dict, source: dict) -> Facts:
    """Lists longer than three, and several phone codes, leave the slot empty: part of a list would be a half-truth."""
    facts: Facts = {"continent": [source["continents"][country["continent"]]]}
    if country["capital"]:
        facts["capital"] = [normalise(country["capital"])]
    if 1 <= len(country["languages"]) <= LONGEST_LIST:
        facts["languages"] = [language_name(source["languages"][code]) for code in country["languages"]]
    if 1 <= len(country["currency"]) <= LONGEST_LIST:
        facts["currency"] = list(country["currency"])
    native = normalise(country["native"])
    if native not in TRUNCATED_NATIVE and is_latin(native) and native != normalise(country["name"]):
        facts["native_name"] = [native]
    if len(country["phone"]) == 1:
        facts["phone_code"] = [country["phone"][0]]
    return facts


def element_facts(elements: list[dict], index: int) -> Facts:
    """The period follows from the atomic number; masses are rounded to one decimal, and empty where there is none."""
    element = elements[index]
    facts: Facts = {
        "symbol": [element["symbol"]],
        "atomic_number": [str(element["number"])],
        "period": [str(sum(element["number"] > gas for gas in NOBLE_GASES))],
    }
    if element["mass"]:
        facts["atomic_mass"] = [f"{element['mass']:.1f}"]
    if index > 0:
        facts["previous"] = [elements[index - 1]["name"]]
    if index + 1 < len(elements):
        facts["next"] = [elements[index + 1]["name"]]
    return facts


def collect(source: dict) -> dict[str, tuple[str, Facts]]:
    """Entity name -> (kind, facts), for every country and element with at least four facts."""
    entities: dict[str, tuple[str, Facts]] = {}
    for country in source["countries"]:
        entities[normalise(country["name"])] = ("country", country_facts(country, source))
    for index, element in enumerate(source["elements"]):
        entities[element["name"]] = ("element", element_facts(source["elements"], index))
    return {name: entry for name, entry in entities.items() if len(entry[1]) >= FEWEST_FACTS}
