"""From events to a SQL answer and to Parquet, as an analyst does it: `python docs/examples/analysis.py FOLDER`.

Needs evenhand, and duckdb for the last step.
"""

import sqlite3
import subprocess
import sys
from pathlib import Path

import duckdb

if len(sys.argv) != 2:
    sys.exit("usage: python docs/examples/analysis.py FOLDER")
folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
catalogue = Path(__file__).parents[2] / "examples" / "charity" / "catalogue.toml"


def evenhand(*arguments: object) -> str:
    command = [sys.executable, "-m", "cli.main", *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=folder).stdout


# 1. Events: a quarter in the life of a charity with 200 supporters. Yours come from files or from the topics.
evenhand("sample", "--contacts", 200, "--out", "events.jsonl")

# 2. Replay: attributes them, and writes the read model.
evenhand("replay", "events.jsonl", "--catalogue", catalogue, "--out", ".")

# 3. A question that many ask has a command; --format csv, json or parquet is for programs.
print(evenhand("query", "attribution", "--dimension", "department", "--currency", "GBP"))

# 4. Any other question is SQL: which first touch leads to the largest gifts?
FIRST_TOUCH = """
    SELECT t.name, count(*) AS gifts, max(c.value_minor) AS largest_minor
    FROM conversions AS c
    JOIN credit_by_touchpoint AS s USING (contact_id, conversion_id)
    JOIN touchpoints AS t ON t.contact_id = c.contact_id AND t.event_id = s.touchpoint_id
    WHERE s.place = 0 AND c.currency = 'GBP'
    GROUP BY t.name ORDER BY largest_minor DESC, gifts DESC, t.name LIMIT 3
"""
with sqlite3.connect(folder / "evenhand.db") as database:
    for name, gifts, largest in database.execute(FIRST_TOUCH):
        print(f"{name:24} {gifts:4} gifts, the largest {largest / 100:10.2f} GBP")
database.close()

# 5. Parquet: the whole read model, for a warehouse, polars or DuckDB.
print(evenhand("export", "parquet", "--replace"))

# 6. Credit by platform, from the Parquet files alone, for May: other days are not even read.
MAY = f"""
    SELECT coalesce(value, '(unattributed)') AS platform, cast(sum(credit) AS decimal(18, 2)) AS credit
    FROM read_parquet('{folder}/parquet/credit_by_dimension/**/*.parquet', hive_partitioning = true)
    WHERE dimension = 'platform' AND currency = 'GBP' AND day BETWEEN '2025-05-01' AND '2025-05-31'
    GROUP BY value ORDER BY credit DESC
"""
print(duckdb.sql(MAY))
