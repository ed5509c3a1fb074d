"""Whether two golden directories hold the same files, texts exactly, figures and tensors within rounding."""

import json
from pathlib import Path

from safetensors.torch import load_file

RELATIVE = 1e-5


def _files(directory):
    return {str(p.relative_to(directory)) for p in Path(directory).rglob("*") if p.is_file()}


def _figures(a, b, place, problems):
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        for key in a:
            # How far f32 strayed on this machine is reported, not compared.
            if not key.endswith("_difference"):
                _figures(a[key], b[key], f"{place}.{key}", problems)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            _figures(x, y, f"{place}[{i}]", problems)
    elif isinstance(a, float) and isinstance(b, float):
        if abs(a - b) > RELATIVE * max(1e-3, abs(b)):
            problems.append(f"{place}: {a} is {b} in the committed file")
    elif a != b:
        problems.append(f"{place}: {a!r} is {b!r} in the committed file")


def compare_directories(made, committed):
    """Differences as lines of text; none if they agree."""
    made, committed = Path(made), Path(committed)
    if not committed.exists():
        return [f"{committed.name}: nothing committed"]
    problems = [f"{committed.name}/{name}: only on one side" for name in sorted(_files(made) ^ _files(committed))]
    for name in sorted(_files(made) & _files(committed)):
        place = f"{committed.name}/{name}"
        if name.endswith(".safetensors"):
            a, b = load_file(made / name), load_file(committed / name)
            if a.keys() != b.keys():
                problems.append(f"{place}: other tensors")
                continue
            for key in a:
                x, y = a[key].double(), b[key].double()
                if x.shape != y.shape or (x - y).norm() > RELATIVE * y.norm():
                    problems.append(f"{place}: {key} differs")
        elif name.endswith(".json"):
            _figures(json.loads((made / name).read_text()), json.loads((committed / name).read_text()), place, problems)
        elif (made / name).read_bytes() != (committed / name).read_bytes():
            problems.append(f"{place}: differs")
    return problems
