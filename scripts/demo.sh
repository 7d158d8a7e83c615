#!/bin/sh
# The main job on files, without Kafka: events in, credits out, one conversion explained.
set -eu
cd "$(dirname "$0")/.."
evenhand=.venv/bin/evenhand
out=build/demo
rm -rf "$out"
mkdir -p "$out"

say() {
    printf '\n== %s\n\n' "$1"
}

say 'The worked example: 50 pounds, and why each touchpoint earned or not'
"$evenhand" replay examples/worked-example.jsonl --out "$out/worked-example"
"$evenhand" explain c1 --db "$out/worked-example/evenhand.db"

say "DP6's public journeys, by seven models"
"$evenhand" replay examples/dp6-journeys.jsonl --catalogue examples/dp6-catalogue.toml --out "$out/dp6"

say "A quarter of a charity's life: 5,000 supporters, some 100,000 events"
"$evenhand" sample --out "$out/charity.jsonl"
"$evenhand" replay "$out/charity.jsonl" --catalogue examples/charity/catalogue.toml \
    --profiles examples/charity/definitions.toml --out "$out/charity"

say 'Who is warming up, and whom must we get back to?'
"$evenhand" query scores --db "$out/charity/evenhand.db" --limit 5
"$evenhand" query followups --db "$out/charity/evenhand.db" --status missed --limit 5
"$evenhand" query response-required --db "$out/charity/evenhand.db" --limit 5
