"""The race: the same job for every contender, in events per CPU second, and whether the answers were right."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

from benchmarks import datasets, entries, environment, machine, oracle
from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.contest import Result, run
from benchmarks.datasets import Dataset
from benchmarks.places import PEERS_PYTHON
from benchmarks.report import keep, note, table, verdict
from tests.kafka import Broker

BASE: Final = "kstreams-eos"
US: Final = "evenhand"
WANTED_RATIO: Final = 1.5
WANTED_RSS_MB: Final = 500


def race(broker: Broker, dataset: Dataset, names: Sequence[str], repeat: int, command: str) -> None:
    """Run each contender `repeat` times, in turns, so that none has the quiet minute to itself."""
    chosen = [CONTENDERS[name] for name in names]
    results = contests(broker, dataset, chosen, repeat)
    facts = machine.facts() | (machine.peers() if _needs_python(chosen) else {})
    text = "\n\n".join(filter(None, [_table(results), _verdicts(results)]))
    keep(f"race-{dataset.name}", command, facts, [result._asdict() for result in results], text)


def contests(broker: Broker, dataset: Dataset, chosen: Sequence[Contender], repeat: int = 1) -> list[Result]:
    """Every run of these contenders on the dataset."""
    if _needs_python(chosen):
        environment.prepare_python()
    if any(contender.command[0] == "java" for contender in chosen):
        environment.prepare_java()
    datasets.write(dataset)
    truth = oracle.truth(dataset)
    for in_one_topic in {contender.needs_one_topic for contender in chosen if not contender.is_evenhand}:
        entries.preload(broker.bootstrap, dataset, in_one_topic=in_one_topic)
    results = []
    for contender in list(chosen) * repeat:
        results.append(run(broker, contender, dataset, truth))
        note(
            "runs", [results[-1]._asdict()]
        )  # at once: a series takes long, and whatever ends it early takes none of it
    entries.drop(broker.bootstrap, dataset)
    return results


def _needs_python(chosen: Sequence[Contender]) -> bool:
    return any(contender.command[0] == str(PEERS_PYTHON) for contender in chosen)


def _rate(results: Sequence[Result], name: str) -> float:
    rates = [result.events_per_cpu_s for result in results if result.contender == name]
    return median(rates) if rates else 0.0


def _table(results: Sequence[Result]) -> str:
    base = _rate(results, BASE)
    header = (
        *("contender", "outcome", "wall s", "CPU s", "events per CPU s", f"to {BASE}", "broker CPU s"),
        *("peak RSS MB", "other load", "messages", "wrong", "missing"),
    )
    rows = [
        (
            result.contender,
            result.outcome,
            f"{result.wall_s:.1f}",
            f"{result.cpu_s:.1f}",
            f"{result.events_per_cpu_s:,.0f}",
            f"{result.events_per_cpu_s / base:.2f}" if base else "",
            f"{result.broker_cpu_s:.1f}",
            f"{result.peak_rss_mb:.0f}",
            f"{result.other_cores:.2f}",
            f"{result.messages:,}",
            f"{result.wrong:,}",
            f"{result.missing:,}",
        )
        for result in results
    ]
    return table(header, rows)


def _verdicts(results: Sequence[Result]) -> str:
    ours = [result for result in results if result.contender == US]
    if not ours:
        return ""
    wrong, missing = sum(result.wrong for result in ours), sum(result.missing for result in ours)
    lines = [verdict(wrong == missing == 0, "nothing wrong, nothing missing", f"{wrong} wrong, {missing} missing")]
    if ours[0].dataset == datasets.MAIN.name:
        peak = max(result.peak_rss_mb for result in ours)
        lines.append(verdict(peak < WANTED_RSS_MB, f"peak RSS below {WANTED_RSS_MB} MB", f"{peak:.0f} MB"))
        if base := _rate(results, BASE):
            ratio = _rate(results, US) / base
            target = f"at least {WANTED_RATIO} times {BASE} per CPU second (medians)"
            lines.append(verdict(ratio >= WANTED_RATIO, target, f"{ratio:.2f}"))
    return "\n".join(lines)
