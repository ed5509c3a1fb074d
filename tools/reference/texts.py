"""Rows of text with wanted lengths in tokens, and their ids under `--template none`."""

import random

from tiny_models import EOS, words


class Writer:
    """Draws texts from a small lexicon with skewed frequencies: something that a few training steps can learn."""

    def __init__(self, tokenizer, seed):
        self.tokenizer = tokenizer
        self.draw = random.Random(seed)
        self.lexicon = words(60, seed)

    def text(self, tokens):
        """A text of words of about the wanted number of tokens (exactly 1: a single letter)."""
        if tokens == 1:
            return self.draw.choice("abcdefgh")
        text = ""
        while len(self.tokenizer.encode(text, add_special_tokens=False).ids) < tokens:
            word = self.lexicon[min(int(self.draw.expovariate(0.15)), len(self.lexicon) - 1)]
            text += (" " if text else "") + word
        ids = self.tokenizer.encode(text, add_special_tokens=False).ids[:tokens]
        # A cut within a letter of several bytes is no text: drop the remains of it.
        return self.tokenizer.decode(ids).replace("\ufffd", "").rstrip()

    def row(self, prompt_tokens, completion_tokens):
        """{prompt, completion}, the completion one token shorter than wanted for its EOS."""
        completion = " " + self.text(max(1, completion_tokens - 2))
        return {"prompt": self.text(prompt_tokens), "completion": completion}

    def length(self, low, high):
        return self.draw.randint(low, high)


def encode_row(tokenizer, row):
    """Ids as TabTune makes them: prompt with special tokens, then the completion without, then EOS."""
    prompt = tokenizer.encode(row["prompt"]).ids
    completion = tokenizer.encode(row["completion"], add_special_tokens=False).ids
    return {"ids": [*prompt, *completion, EOS], "prompt_length": len(prompt)}


def encode_group(tokenizer, row):
    """The same for a row {prompt, chosen, rejected}, whose rejected is one text or a list of them."""
    answer = lambda text: [*tokenizer.encode(text, add_special_tokens=False).ids, EOS]  # noqa: E731
    rejected = [row["rejected"]] if isinstance(row["rejected"], str) else row["rejected"]
    return {
        "prompt_ids": tokenizer.encode(row["prompt"]).ids,
        "chosen_ids": answer(row["chosen"]),
        "rejected_ids": [answer(text) for text in rejected],
    }
