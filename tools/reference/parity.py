"""The Python half of `npm run parity` (scripts/parity.mjs runs TabTune in between).

    python tools/reference/parity.py prepare WORK    writes inputs and WORK/jobs.json, the commands for TabTune
    python tools/reference/parity.py compare WORK    compares what they wrote and printed; exits 1 if anything is off
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

import parity_smollm2

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"


def goldens():
    """(name, model directory, golden directory, golden.json) of every golden model."""
    from parity_jobs import model_directory

    for path in sorted(GOLDEN.glob("*/golden.json")):
        golden = json.loads(path.read_text())
        yield path.parent.name, model_directory(ROOT, path.parent, golden), path.parent, golden


def prepare(work):
    from parity_jobs import Jobs, plan_model

    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    jobs = Jobs(work)
    for name, model, directory, golden in goldens():
        plan_model(jobs, name, model, directory, golden)
    parity_smollm2.plan(jobs)
    (work / "jobs.json").write_text(json.dumps(jobs.list, indent=1))
    return 0


def compare(work):
    import torch
    from parity_checks import Report, check_model

    torch.set_num_threads(1)
    report = Report()
    for name, model, directory, golden in goldens():
        check_model(report, work, name, model, directory, golden)
    parity_smollm2.check(report, work)
    return 1 if report.print() else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["prepare", "compare"])
    parser.add_argument("work", type=Path)
    options = parser.parse_args()
    sys.exit({"prepare": prepare, "compare": compare}[options.part](options.work.resolve()))


if __name__ == "__main__":
    main()
