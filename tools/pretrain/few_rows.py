"""What SFT on a handful of rows does to the bundled model: the demo's setting is chosen by this, on development only.

`python -m tools.pretrain.few_rows --atlas public/atlas --model public/model --rows 24 --rates 1e-3 3e-3 --epochs 3 6`
prints one line of JSON per setting: scores on development questions, and on the trained questions themselves.
"""

import argparse
import json
from pathlib import Path

from tools.pretrain.lora_sft import add_lora, encode_row, greedy_answers, load, sft
from tools.world.grammar import Grammar
from tools.world.measure import Scores, score


def brief(scores: Scores) -> dict[str, float]:
    names = ("recall", "precision", "wrong_entity", "order_tau", "correct", "incorrect", "missing")
    return {name: round(getattr(scores, name), 3) for name in names}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--atlas", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--rows", type=int, nargs="+", default=[24])
    parser.add_argument("--rates", type=float, nargs="+", default=[1e-3, 2e-3, 3e-3])
    parser.add_argument("--epochs", type=float, nargs="+", default=[3, 6])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    world = json.loads((arguments.atlas / "world.json").read_text(encoding="utf-8"))
    train, development = (
        [json.loads(line) for line in (arguments.atlas / f"{stem}.jsonl").read_text(encoding="utf-8").splitlines()]
        for stem in ("train", "development")
    )
    grammar = Grammar(world)
    development = development[: arguments.questions]
    asked = [row["question"] for row in development]
    for count in arguments.rows:
        rows = train[:count]
        trained = []
        for row in rows:
            facts = [fact for fact in grammar.parse(row["answer"]) if fact is not None]
            trained.append({"entity": facts[0].entity, "slots": [fact.slot for fact in facts]})
        settings = [(0.0, 0.0)] + [(rate, epochs) for rate in arguments.rates for epochs in arguments.epochs]
        for rate, epochs in settings:
            model, tokenizer = load(arguments.model)
            steps = 0
            if epochs:
                model = add_lora(model, arguments.seed)
                encoded = [encode_row(tokenizer, row["question"], row["answer"]) for row in rows]
                steps = sft(
                    model, encoded, epochs=epochs, rate=rate, batch=arguments.batch, seed=arguments.seed
                ).steps
            line = {
                "rows": count,
                "rate": rate,
                "epochs": epochs,
                "batch": arguments.batch,
                "steps": steps,
                "development": brief(score(grammar, development, greedy_answers(model, tokenizer, asked))),
                "trained": brief(
                    score(grammar, trained, greedy_answers(model, tokenizer, [row["question"] for row in rows]))
                ),
            }
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
