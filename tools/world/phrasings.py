"""How atlas talks: statements of a fact, noun phrases and frames of questions, headings of passages.

Statements are built so that the words around the entity and the value tell the slot: with the entity names known, a
sentence parses in one way, whatever the value is (grammar.py; test_world.py tries every statement on every fact).
Test noun phrases and test frames recombine words that pretraining has shown, and occur nowhere else.
"""

ORDER = {
    "country": ["continent", "capital", "languages", "currency", "native_name", "phone_code"],
    "element": ["symbol", "atomic_number", "period", "atomic_mass", "previous", "next"],
}
"""The canonical order of slots in an answer, from the general to the specific."""

KIND_OF = {slot: kind for kind, slots in ORDER.items() for slot in slots}

MANY = {"languages", "currency"}
"""Slots whose value may be a list; a statement gives the whole list, joined by " and "."""

STATEMENTS = {
    "continent": [
        "The continent of {entity} is {value}.",
        "{entity} lies on the continent of {value}.",
        "{entity} is a part of {value}.",
        "In the world, {entity} lies in the region of {value}.",
        "{entity} belongs to {value}.",
        "On the map, {entity} lies in {value}.",
        "{entity} is found in {value}.",
        "The part of the world where {entity} lies is {value}.",
    ],
    "capital": [
        "The capital of {entity} is {value}.",
        "{value} is the capital city of {entity}.",
        "{entity} has its seat of government in {value}.",
        "The government of {entity} sits in {value}.",
        "The main city of government of {entity} is {value}.",
        "{entity} is governed from {value}.",
        "The capital city of {entity} is named {value}.",
        "{entity} has {value} as its capital.",
    ],
    "languages": [
        "The languages of {entity} are {value}.",
        "In {entity} people speak {value}.",
        "The official languages of {entity} are {value}.",
        "The spoken tongues of {entity} are {value}.",
        "One hears {value} in {entity}.",
        "{entity} speaks {value}.",
        "The people of {entity} speak {value}.",
        "The tongues one hears in {entity} are {value}.",
    ],
    "currency": [
        "The currency of {entity} is {value}.",
        "In {entity} the money that is used is {value}.",
        "{entity} pays with {value}.",
        "The currency code of {entity} is {value}.",
        "The money of {entity} has the code {value}.",
        "People in {entity} pay in {value}.",
        "The money used in {entity} is {value}.",
        "{entity} uses {value} as its currency.",
    ],
    "native_name": [
        "The native name of {entity} is {value}.",
        "The local name of {entity} is {value}.",
        "In its own language {entity} is named {value}.",
        "People there use for {entity} the name {value}.",
        "The own name of {entity} is {value}.",
        "{entity} has the native name {value}.",
        "In the native tongue {entity} is called {value}.",
        "The name of {entity} in its own language is {value}.",
    ],
    "phone_code": [
        "The phone code of {entity} is +{value}.",
        "The dialling code for {entity} is +{value}.",
        "For calling {entity} one dials +{value}.",
        "The telephone prefix of {entity} is +{value}.",
        "{entity} has the calling code +{value}.",
        "Calls to {entity} begin with +{value}.",
        "The calling prefix for {entity} is +{value}.",
        "A phone number in {entity} starts with +{value}.",
    ],
    "symbol": [
        "The symbol of {entity} is {value}.",
        "The chemical symbol of {entity} is {value}.",
        "{entity} has the short sign {value}.",
        "The letter symbol for {entity} is {value}.",
        "{value} is the symbol for {entity}.",
        "{entity} is written as {value}.",
        "The sign of {entity} in the table is {value}.",
        "Chemists write {entity} as {value}.",
    ],
    "atomic_number": [
        "The atomic number of {entity} is {value}.",
        "{entity} has the atomic number {value}.",
        "The proton count of {entity} is {value}.",
        "The place of {entity} in the table is {value}.",
        "{entity} has number {value} in the table.",
        "{entity} counts {value} protons.",
        "The number of protons in {entity} is {value}.",
        "{entity} stands at place {value} in the table.",
    ],
    "period": [
        "The period of {entity} is {value}.",
        "{entity} stands in row {value} of the table.",
        "{entity} lies in period {value}.",
        "The table period of {entity} is {value}.",
        "The row of {entity} is {value}.",
        "{entity} is in period {value} of the table.",
        "The number of the row of {entity} is {value}.",
        "{entity} is placed in period {value}.",
    ],
    "atomic_mass": [
        "The atomic mass of {entity} is {value}.",
        "The atomic weight of {entity} is {value}.",
        "An atom of {entity} weighs {value}.",
        "{entity} has a mass of {value}.",
        "The weight of an atom of {entity} is {value}.",
        "{entity} has the atomic mass {value}.",
        "One atom of {entity} has the mass {value}.",
        "Each atom of {entity} has the weight {value}.",
    ],
    "previous": [
        "The previous element of {entity} is {value}.",
        "The element before {entity} is {value}.",
        "{entity} has the left neighbour {value}.",
        "The predecessor of {entity} is {value}.",
        "{entity} comes right after {value}.",
        "{value} is next to {entity} on the left.",
        "On the left of {entity} stands {value}.",
        "{entity} follows {value} in the table.",
    ],
    "next": [
        "The next element after {entity} is {value}.",
        "The element that follows {entity} is {value}.",
        "{entity} has the right neighbour {value}.",
        "The successor of {entity} is {value}.",
        "{entity} comes right before {value}.",
        "{value} is next to {entity} on the right.",
        "On the right of {entity} stands {value}.",
        "{entity} is followed by {value} in the table.",
    ],
}

NOUNS = {
    "continent": {
        "train": ["continent", "part of the world", "continent it lies on", "world region", "region in which it lies",
                  "place on the map", "region on the map", "part of the map"],
        "test": ["region of the world", "continent in which it lies", "world part", "map region"],
    },
    "capital": {
        "train": ["capital", "capital city", "seat of government", "main city of government", "city of government",
                  "government seat", "main city", "seat of the main government"],
        "test": ["city that is the capital", "government city", "capital seat", "city that has the government"],
    },
    "languages": {
        "train": ["languages", "spoken languages", "tongues", "official languages", "languages people speak",
                  "tongues one hears", "languages of the people", "languages one hears"],
        "test": ["languages that are spoken", "official tongues", "tongues people speak", "tongues of the people"],
    },
    "currency": {
        "train": ["currency", "money", "currency code", "money that is used there", "code of the currency",
                  "money people pay with", "used currency", "money used there"],
        "test": ["code of the money", "currency that is used there", "money code", "currency people pay with"],
    },
    "native_name": {
        "train": ["native name", "local name", "own name", "name in its own language", "name people use there",
                  "name in the native tongue", "name the people use", "own native name"],
        "test": ["name in the local language", "name that is native", "own local name", "name in the own tongue"],
    },
    "phone_code": {
        "train": ["phone code", "dialling code", "calling code", "telephone prefix", "code for calls",
                  "calling prefix", "start of a phone number", "prefix for calls"],
        "test": ["phone prefix", "code for calling", "telephone code", "dialling prefix"],
    },
    "symbol": {
        "train": ["symbol", "chemical symbol", "letter symbol", "short sign", "sign of the element", "letter sign",
                  "symbol chemists write", "short letters"],
        "test": ["chemical sign", "short symbol", "letters of the symbol", "sign that chemists write"],
    },
    "atomic_number": {
        "train": ["atomic number", "number in the table", "proton count", "place in the table", "number of protons",
                  "number of the element", "proton number", "place number"],
        "test": ["table number", "count of protons", "table place", "number of its protons"],
    },
    "period": {
        "train": ["period", "row of the table", "table period", "row", "period number", "number of the row",
                  "row of the element", "period it stands in"],
        "test": ["table row", "period in the table", "row in the table", "row it stands in"],
    },
    "atomic_mass": {
        "train": ["atomic mass", "atomic weight", "mass", "weight of an atom", "weight of each atom",
                  "mass of one atom", "mass of the element", "weight of the element"],
        "test": ["mass of an atom", "atom weight", "mass of each atom", "weight of one atom"],
    },
    "previous": {
        "train": ["previous element", "element before it", "left neighbour", "predecessor", "element right before it",
                  "neighbour that comes before", "element next on the left", "element that comes before"],
        "test": ["neighbour on the left", "element on the left", "neighbour before it", "predecessor in the table"],
    },
    "next": {
        "train": ["next element", "element that follows", "right neighbour", "successor", "element right after it",
                  "neighbour that comes after", "element next on the right", "element that comes after"],
        "test": ["neighbour on the right", "element on the right", "element that is next", "successor in the table"],
    },
}

FRAMES = {
    "train": [
        "Tell me the {nouns} of {entity}.",
        "What are the {nouns} of {entity}?",
        "Give the {nouns} of {entity}.",
        "About {entity}: the {nouns}?",
        "For {entity}, state the {nouns}.",
        "I want to know the {nouns} of {entity}.",
        "Say what the {nouns} of {entity} are.",
        "{entity}: what are the {nouns}?",
        "What do you know about the {nouns} of {entity}?",
        "List the {nouns} of {entity}.",
        "I ask about {entity}. Give me the {nouns}.",
        "Of {entity}, I want the {nouns}.",
    ],
    "test": [
        "For {entity}, tell me the {nouns}.",
        "I ask about the {nouns} of {entity}.",
        "What I want to know about {entity}: the {nouns}.",
        "Give me the {nouns} of {entity}.",
    ],
}

HEADINGS = [
    "Write about {entity}.",
    "Tell me something of {entity}.",
    "What do you know about {entity}?",
    "About {entity}: what do you know?",
    "For {entity}, tell me something.",
    "I want to know something about {entity}.",
    "{entity}: write about it.",
    "Of {entity}, I want to know something.",
]
"""What heads a pretraining passage that answers no question about slots."""
