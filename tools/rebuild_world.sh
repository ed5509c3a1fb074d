#!/bin/sh
# Rebuilds the closed world and the bundled model from nothing: public/atlas, public/model, tests/world/golden_ids.jsonl.
# Needs Node (after `npm ci`) and Python 3.11 or later; takes 10 minutes on two free cores, most of it pretraining.
# The world's files come out the same to the byte. The weights depend on the CPU's rounding, so accept.py judges them anew.
set -eu
cd "$(dirname "$0")/.."

python=${PYTHON:-}
if [ -z "$python" ]; then
  [ -x .cache/venv/bin/python ] || python3 -m venv .cache/venv
  python=.cache/venv/bin/python
  "$python" -m pip install --quiet --requirement tools/requirements.txt
fi

mkdir -p .cache
node tools/world/dump_sources.mjs >.cache/sources.json
"$python" -m tools.world.build .cache/sources.json public/atlas
"$python" -m unittest tools.world.test_world
"$python" -m tools.pretrain.train --atlas public/atlas --out public/model
"$python" -m unittest tools.pretrain.test_model
"$python" -m tools.pretrain.golden_ids public/model public/atlas tests/world/golden_ids.jsonl
"$python" -m tools.pretrain.accept --atlas public/atlas --model public/model >public/model/acceptance.json
"$python" -m tools.pretrain.card public/model
