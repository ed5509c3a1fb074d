"""Texts that tokenizers disagree on: white space of all kinds, digits, code, emoji, CJK, combining marks, special tokens."""

import random

WORDS = ["the", "Quick", "naïve", "café", "ZÜRICH", "don't", "I'LL", "we've", "x86_64", "3.14159", "2024-11-24", "e.g.",
         "__init__", "foo(bar)", "NaN", "İstanbul", "ﬁne", "Ωμέγα", "привет", "мир", "שלום", "مرحبا", "नमस्ते", "ไทย", "漢字",
         "かな", "カタカナ", "한국어", "𝔘𝔫𝔦", "Ǆ", "ß", "ŉ", "١٢٣", "Ⅻ", "½", "²", "①", "१२"]
SPACES = [" ", "  ", "   ", "\t", "\n", "\r\n", "\n\n", "\n\n\n", " \n", "\n ", "\r", "\v", "\f", "\x85", "\xa0", "\u2003", "\u2028",
          "\u200b", "\u3000", "\ufeff", "\x1c", "\x00"]
MARKS = ["e\u0301", "a\u0308\u0323", "\u0301", "Z\u0351\u036b\u0343", "क्षि", "ก็", "👍🏽", "👩‍👩‍👧‍👦", "🇩🇪", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "☺️", "🙂", "\ufffd", "\U0010ffff", "\ue000"]
PUNCTUATION = list(".,;:!?'\"()[]{}<>|/\\@#$%^&*-_=+~`") + ["...", "—", "“", "”", "‘", "’", "…", "//", "/*", "*/", "->", "=>", "!=", "<=", "''", "'s", "'S",
               "'ll", "'LL", "'re", "’s", "▁", "##", "```"]
DIGITS = ["0", "7", "42", "007", "1000", "12345", "1,234,567.89", "1e-5", "0x1F", "٣", "৪", "１２"]
CODE = ["def f(x):\n    return x + 1\n", "for (let i = 0; i < n; ++i) {\n\tsum += a[i];\n}\n", "SELECT * FROM t WHERE id = 10;", "<div class=\"a\">&nbsp;</div>",
        "{\"key\": [1, 2.5, null]}", "if x:\n        y = 1\n    else:\n        y = 2", "- item\n  - nested\n\n1. one\n2. two\n10. ten", "https://example.org/a?b=c&d=%20#e", "a\\nb\\tc", "$x_{i}^{2}$"]


def awkward_texts(special, count, seed):
    """`count` different texts; `special` are contents of special tokens, which occur whole, cut and doubled."""
    chance = random.Random(seed)
    atoms = WORDS * 2 + SPACES * 2 + MARKS + PUNCTUATION + DIGITS * 2 + CODE
    atoms += special + [token[:-1] for token in special] + [token[1:] for token in special] + [token.upper() for token in special]
    texts = ["", *SPACES, *MARKS, *PUNCTUATION, *DIGITS, *CODE, *WORDS, *special, *(f"{token} {token}{token}\n{token}" for token in special)]
    while len(texts) < count:
        parts = [chance.choice(atoms) for _ in range(chance.randint(2, 6))]
        if chance.random() < 0.3:
            parts.insert(chance.randint(0, len(parts)), "".join(chr(chance.choice(
                [chance.randint(0x20, 0x7E), chance.randint(0xA0, 0x24F), chance.randint(0x300, 0x36F), chance.randint(0x370, 0x1FFF),
                 chance.randint(0x2000, 0x2BFF), chance.randint(0x4E00, 0x4FFF), chance.randint(0x1F300, 0x1FAFF)])) for _ in range(chance.randint(1, 6))))
        texts.append(chance.choice(["", " "]).join(parts))
    return list(dict.fromkeys(texts))
