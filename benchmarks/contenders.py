"""Who takes part in the race, and the command that starts each."""

from __future__ import annotations

from typing import Final, NamedTuple

from benchmarks.installation import WORKER
from benchmarks.places import KSTREAMS, PEERS_PYTHON


class Contender(NamedTuple):
    """An engine in one of its settings."""

    name: str
    engine: str
    """For people: what it is and what it promises."""
    command: tuple[str, ...]
    needs_one_topic: bool = False
    """It gets all events in one topic, in the order of time: it cannot align two."""
    answers_early: bool = False
    """It may answer all conversions before it has read all touchpoints; it tells when it has, by a file or its end."""

    @property
    def is_evenhand(self) -> bool:
        return self.command == WORKER


def _kstreams(guarantee: str) -> tuple[str, ...]:
    classpath = f"{KSTREAMS / 'kstreams-attribution-1.jar'}:{KSTREAMS / 'libs'}/*"
    options = ("-Xms256m", "-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
    return ("java", *options, "-cp", classpath, "bench.LinearAttribution", guarantee, "1")


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (str(PEERS_PYTHON), "-m", f"benchmarks.peers.{module}", *arguments)


_FAUST: Final = _python("faust_agent", "worker", "-l", "warn", "--without-web")
CONTENDERS: Final = {
    contender.name: contender
    for contender in (
        Contender("evenhand", "Evenhand, everything switched on, exactly once", WORKER),
        Contender("kstreams", "Kafka Streams, window store, at least once", _kstreams("at_least_once")),
        Contender("kstreams-eos", "Kafka Streams, window store, exactly once", _kstreams("exactly_once_v2")),
        Contender("quix", "Quix Streams, JSON list in RocksDB, at least once", _python("quix", "at-least-once")),
        Contender("bytewax", "Bytewax, two topics, lists in memory", _python("bytewax_flow"), answers_early=True),
        Contender("bytewax-1topic", "Bytewax, one ordered topic, lists in memory", _python("bytewax_flow"), True, True),
        Contender("faust", "Faust, two topics, JSON lists in a table", _FAUST, answers_early=True),
        Contender("faust-1topic", "Faust, one ordered topic, JSON lists in a table", _FAUST, True, True),
        Contender("hand", "a bare loop in Python: no validation, transactions or rebalance", _python("bare_loop")),
    )
}
