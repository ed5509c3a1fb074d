"""Holds the bundled model to its promises: `python -m unittest tools.pretrain.test_model` from the repository's root."""

import json
import random
import unittest
from pathlib import Path
from statistics import fmean

import torch
from transformers import AutoTokenizer

from tools.pretrain.lora_sft import encode_row, load, mean_losses
from tools.pretrain.packing import IGNORED, pack
from tools.pretrain.tokenizer import BOS, EOS
from tools.world.phrasings import STATEMENTS
from tools.world.wording import PROMPT, ask, value_text

PUBLIC = Path(__file__).parents[2] / "public"
WORLD = json.loads((PUBLIC / "atlas" / "world.json").read_text(encoding="utf-8"))


class BundledModel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model, cls.tokenizer = load(PUBLIC / "model")

    def test_transformers_reads_the_configuration_as_meant(self):
        config = self.model.config
        self.assertIs(self.model.lm_head.weight, self.model.model.embed_tokens.weight)
        self.assertEqual((config.num_key_value_heads, config.head_dim, config.hidden_size), (2, 32, 128))
        self.assertEqual(config.rope_parameters["rope_theta"], 10000.0)
        frequencies = self.model.model.rotary_emb.inv_freq
        torch.testing.assert_close(frequencies, 1 / 10000.0 ** (torch.arange(0, 32, 2) / 32))

    def test_packed_passages_give_the_losses_they_give_alone(self):
        texts = [("", "The capital of France is Paris."), (PROMPT.format(question="Write about Iron."), " Iron has number 26 in the table.")]
        rows = [self.tokenizer.encode(prompt + text).ids + [EOS] for prompt, text in texts]
        packed = pack(rows, 128)
        self.assertEqual(len(packed.ids), 1)
        ids, positions, mask, labels = packed.batch(torch.tensor([0]))
        with torch.no_grad():
            together = self.model(input_ids=ids, position_ids=positions, attention_mask=mask).logits[0]
            start = 0
            for row in sorted(rows, key=len, reverse=True):
                alone = self.model(input_ids=torch.tensor([row])).logits[0]
                torch.testing.assert_close(together[start : start + len(row)], alone, atol=1e-4, rtol=1e-4)
                self.assertEqual(labels[0, start : start + len(row) - 1].tolist(), row[1:])
                self.assertEqual(labels[0, start + len(row) - 1].item(), IGNORED)
                start += len(row)

    def test_facts_told_often_are_likelier_than_facts_never_told(self):
        rng = random.Random(0)
        losses: dict[int, list[float]] = {0: [], 300: []}
        for exposure, into in losses.items():
            rows = []
            for entity in WORLD["entities"]:
                for slot, values in entity["facts"].items():
                    if WORLD["exposures"][entity["name"]][slot] == exposure and len(rows) < 100:
                        text = STATEMENTS[slot][0].format(entity=entity["name"], value=value_text(values))
                        prompt, target = encode_row(self.tokenizer, ask(rng, entity["name"], [slot], "train"), text)
                        rows.append((prompt, target))
            into += mean_losses(self.model, rows)
        self.assertLess(fmean(losses[300]) + 0.2, fmean(losses[0]))

    def test_chat_template_and_segments_give_the_same_ids(self):
        tokenizer = AutoTokenizer.from_pretrained(PUBLIC / "model")
        question, answer = "What are the capital of France?", "The capital of France is Paris."
        messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        prompt, target = encode_row(self.tokenizer, question, answer)
        self.assertEqual(prompt[0], BOS)
        whole = tokenizer.apply_chat_template(messages, tokenize=True, return_dict=True)["input_ids"]
        self.assertEqual(whole, prompt + target)
        opening = tokenizer.apply_chat_template(messages[:1], add_generation_prompt=True, return_dict=True)["input_ids"]
        self.assertEqual(opening, prompt)


if __name__ == "__main__":
    unittest.main()
