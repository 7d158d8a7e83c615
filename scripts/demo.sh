#!/bin/sh
# The main job on files, without Kafka: a generated quarter of a charity's life in, credits out, one of them explained.
set -eu
evenhand=.venv/bin/evenhand
out=build/demo
mkdir -p "$out"

"$evenhand" sample --contacts 5000 --days 90 --seed 7 > "$out/events.jsonl"
"$evenhand" replay "$out/events.jsonl" --out "$out"
"$evenhand" explain c1 --db "$out/evenhand.db"
