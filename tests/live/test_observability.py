"""What a worker tells of itself: its metrics count what stands in the topics, and it says when it is not well."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from events.refusal import Reason
from streams.metrics import METRICS, Kind, Metrics
from streams.metrics_page import metrics_page
from tests.errors_logged import ErrorsLogged
from tests.kafka.ports import free_ports
from tests.live.conftest import Install
from tests.live.installation import INPUTS, Installation
from tests.live.log import Sent
from tests.live.pages import ask, port_of, readiness, wait_for_readiness, wait_until_ready
from tests.live.proof import Topics, prove
from tests.live.story import CATALOGUE
from tests.live.worker import Worker
from tests.sent_events import conversion, record, refund, retraction, touchpoint

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"
AT_MOST_TWO = "max_window = 2\n" + CATALOGUE
COUNTED_ONCE = (
    "evenhand_credits_reissued_total",
    "evenhand_capped_credits_total",
    "evenhand_duplicates_total",
    "evenhand_late_facts_total",
    "evenhand_excess_refunds_total",
)
OF_FAUST = ("/", "/router/", "/table/", "/stats/", "/graph/", "/performance/")


IMPATIENT = """
import asyncio, sys
from datetime import timedelta
import streams.live.app as app
import streams.live.chunks as chunks
import streams.live.health as health
from streams.live.tenure import Tenure
from cli.main import main

async def never_published(tenure, refused):
    if refused or tenure.processor.touched:
        await asyncio.Event().wait()

async def never_fetched(*arguments):
    await asyncio.sleep(0.1)
    return {}

health.STALLED_S = health.BROKER_SILENCE_S = 2
app.LISTEN_EVERY = timedelta(seconds=0.5)
%s
sys.exit(main())
"""
"""The worker, which takes two seconds without progress for a stall, with a fault of one's choice."""


# The list


def test_the_page_about_metrics_is_up_to_date() -> None:
    assert PAGE.read_text() == metrics_page(), "run: python -m streams.metrics_page > docs/reference/metrics.md"


def test_the_registry_has_the_metrics_of_the_list_and_no_other() -> None:
    exposed = Metrics().exposition().decode()

    told = re.findall(r"^# HELP (\S+) (.*)\n# TYPE \1 (\w+)$", exposed, re.MULTILINE)

    assert sorted(told) == sorted((metric.name, metric.help, metric.kind.value) for metric in METRICS)


def test_names_end_in_their_unit_and_counters_in_total() -> None:
    odd = [metric.name for metric in METRICS if metric.name.endswith("_total") != (metric.kind is Kind.COUNTER)]
    no_seconds = [metric.name for metric in METRICS if metric.kind is Kind.HISTOGRAM and "_seconds" not in metric.name]

    assert (odd, no_seconds) == ([], [])


def test_series_are_the_list_s() -> None:
    metrics = Metrics()
    metrics.begin(["touchpoints"], ["linear"])
    metrics.records.labels("attribution", "touchpoints", "0").inc()
    for metric in (metrics.chunk_seconds, metrics.publish_seconds, metrics.latency_seconds):
        metric.labels("attribution").observe(1)
    for counter in (metrics.duplicates, metrics.takeovers):
        counter.labels("attribution").inc()
    metrics.said.labels("followups").inc()
    for gauge in (metrics.waiting, metrics.state_bytes, metrics.snapshot_age):
        gauge.labels("attribution", "0").set(1)
    metrics.lag.labels("attribution", "touchpoints", "0").set(1)

    series = {(name, tuple(sorted(labels))) for name, labels in samples(metrics.exposition().decode())}

    listed = [metric.series() for metric in METRICS]
    assert series == {(name, tuple(sorted(labels))) for one in listed for name, labels in one.items()}


def test_counts_by_reason_and_model_stand_at_zero_before_the_first() -> None:
    metrics = Metrics()

    metrics.begin(["touchpoints", "conversions"], ["linear"])

    page = metrics.exposition().decode()
    letters = {(topic, reason.value): 0.0 for topic in ("touchpoints", "conversions") for reason in Reason}
    assert by(page, "evenhand_dead_letters_total", "topic", "reason") == letters
    assert by(page, "evenhand_credits_total", "model") == {("linear",): 0.0}


def test_a_partition_that_is_gone_is_measured_no_longer() -> None:
    metrics = Metrics()
    for partition in ("0", "1"):
        for gauge in (metrics.waiting, metrics.state_bytes, metrics.snapshot_age):
            gauge.labels("attribution", partition).set(1)
        metrics.lag.labels("attribution", "touchpoints", partition).set(1)

    metrics.forget("attribution", ["touchpoints"], 0)

    partitions = {labels["partition"] for _, labels in samples(metrics.exposition().decode()) if "partition" in labels}
    assert partitions == {"1"}


# A worker's own account


def test_the_metrics_say_what_stands_in_the_topics(install: Install) -> None:
    # Given
    installation = install(AT_MOST_TWO, partitions=2)
    worker = installation.worker("a")
    window = [touchpoint(event_id=f"t{number}", occurred_at=f"2023-07-05T10:0{number}:00Z") for number in range(3)]
    copy = window[0]
    late = touchpoint(event_id="late", occurred_at="2023-07-05T09:00:00Z")
    refunds = [refund(event_id="r1", value="30"), refund(event_id="r2", value="30")]

    # When
    installation.send(sent([*window, conversion(event_id="c1")]))
    installation.wait_until_settled()
    waiting = retraction(touchpoint_id="never")
    installation.send(sent([copy, late, *refunds, waiting, conversion(event_id="c2", currency="XXX")]))
    installation.wait_until_settled()

    # Then
    topics = prove(installation)
    page = ask(worker, "/metrics").body
    prefix = installation.prefix
    assert by(page, "evenhand_records_total", "topic", "partition") == count(
        (entry.topic, str(entry.partition)) for entry in topics.inputs
    )
    assert by(page, "evenhand_dead_letters_total", "topic", "reason") == refusals(topics, installation)
    said = [json.loads(entry.value or b"") for entry in (*topics.credits, *topics.shadow)]
    assert by(page, "evenhand_credits_total", "model") == count((message["model"],) for message in said)
    assert total(page, "evenhand_credits_reissued_total") == len(topics.credits) - 1
    assert total(page, "evenhand_capped_credits_total") == sum("capped" in message for message in said) > 0
    assert total(page, "evenhand_duplicates_total") == 1
    assert total(page, "evenhand_late_facts_total") == len([late, *refunds])
    assert total(page, "evenhand_excess_refunds_total") == 1
    assert sum(by(page, "evenhand_waiting_facts", "partition").values()) == len([waiting])
    owned = {(prefix + name, number): 0.0 for name in INPUTS for number in ("0", "1")}
    assert by(page, "evenhand_lag_records", "topic", "partition") == owned
    assert min(by(page, "evenhand_state_bytes", "partition").values()) > 0
    assert 0 <= max(by(page, "evenhand_snapshot_age_seconds", "partition").values()) < 60
    assert total(page, "evenhand_takeovers_total") == 2
    assert total(page, "evenhand_ready") == 1
    chunks = total(page, "evenhand_chunk_seconds_count")
    assert total(page, "evenhand_publish_seconds_count") == total(page, "evenhand_latency_seconds_count") == chunks > 1

    # When
    assert worker.stop() == 0
    heir = installation.worker("b", EVENHAND_SNAPSHOT_URL="")
    installation.wait_until_settled()

    # Then
    page = ask(heir, "/metrics").body
    assert sum(by(page, "evenhand_dead_letters_total", "reason").values()) == 2 * len(INPUTS) * installation.partitions
    assert {total(page, name) for name in COUNTED_ONCE} | set(by(page, "evenhand_credits_total", "model").values()) == {
        0
    }
    assert by(page, "evenhand_snapshot_age_seconds", "partition") == {}


def test_its_own_pages_are_all_that_it_shows(install: Install) -> None:
    [port] = free_ports(1)
    worker = install().worker("a", EVENHAND_WEB_PORT=str(port))

    assert port_of(worker) == port
    assert ask(worker, "/metrics").headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert json.loads(ask(worker, "/health").body) == {"status": "alive"}
    assert {path: ask(worker, path).status for path in OF_FAUST} == dict.fromkeys(OF_FAUST, 404)


def test_it_logs_a_line_a_partition_and_nobody_s_name(install: Install) -> None:
    installation = install(partitions=2)
    worker = installation.worker("a", program=("-c", IMPATIENT % "app.TELL_EVERY = timedelta(seconds=1)"))
    installation.send(sent([touchpoint(contact_id="Ada Lovelace"), conversion(contact_id="Ada Lovelace", value="?")]))

    worker.wait_for("partition", partition=1, phase="running")

    lines = [entry for entry in worker.entries() if entry["event"] == "partition"]
    assert [line["partition"] for line in lines] == [0, 1] * (len(lines) // 2)
    assert {"lag", "decided", "waiting", "state_bytes", "timestamp", "level"} <= lines[-1].keys()
    assert worker.stop() == 0
    assert "Lovelace" not in worker.log.read_text()
    assert [entry for entry in worker.entries() if "logger" not in entry] == []
    assert {entry["logger"].split(".")[0] for entry in worker.entries()} <= {"streams", "aiokafka"}


# Ready or not


def test_who_does_not_hear_the_brokers_is_not_ready(install: Install, errors_logged: ErrorsLogged) -> None:
    errors_logged.allow("kafka")  # the test's own clients
    # Given
    installation = install()
    worker, idle = (installation.worker(name, program=("-c", IMPATIENT % "")) for name in ("a", "b"))
    for each in (worker, idle):
        wait_until_ready(each)

    # When
    installation.broker.freeze()
    said = [wait_for_readiness(each, lambda said: not said.ready) for each in (worker, idle)]
    installation.broker.thaw()

    # Then
    assert [(one.status, one.why) for one in said] == [(503, "no Kafka broker answers")] * 2
    installation.send(sent([touchpoint(), conversion()]))
    installation.wait_until_settled()
    for each in (worker, idle):
        wait_until_ready(each)
    prove(installation)
    assert [(each.stop(), each.errors()) for each in (worker, idle)] == [(0, []), (0, [])]


def test_a_partition_goes_to_one_worker_s_account_alone(install: Install) -> None:
    installation = install(partitions=2)
    workers = [installation.worker("a")]
    wait_until_ready(workers[0])
    assert owned(workers[0]) == {"0", "1"}

    workers.append(installation.worker("b"))
    wait_until_ready(workers[1])
    installation.wait_until_settled()

    assert sorted(map(sorted, map(owned, workers))) == [["0"], ["1"]]


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("Tenure.publish = never_published", "partition 0 has been at the same records for "),
        ("chunks.fetch_through = never_fetched", "partition 0 makes no progress though it is 2 records behind"),
    ],
)
def test_who_makes_no_progress_though_there_is_work_is_not_ready(install: Install, fault: str, why: str) -> None:
    installation = install()
    worker = installation.worker("a", program=("-c", IMPATIENT % fault))
    wait_until_ready(worker)

    installation.send(sent([conversion(), conversion(event_id="e2")]))

    said = wait_for_readiness(worker, lambda said: not said.ready)
    assert said.status == 503
    assert (said.why or "").startswith(why)
    assert ask(worker, "/health").status == 200
    assert total(ask(worker, "/metrics").body, "evenhand_ready") == 0


def test_marks_of_transactions_are_no_lag(install: Install) -> None:
    installation = install()
    worker = installation.worker("a", program=("-c", IMPATIENT % ""))
    wait_until_ready(worker)
    producer = KafkaProducer(bootstrap_servers=installation.broker.internal, transactional_id=installation.prefix)
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(installation.prefix + "touchpoints", record(touchpoint()), b"donor-7")
    producer.commit_transaction()
    producer.close()

    worker.wait_until(lambda _: no_lag_though_marked(worker))

    assert readiness(worker).ready


def no_lag_though_marked(worker: Worker) -> bool:
    page = ask(worker, "/metrics").body
    records = sum(by(page, "evenhand_records_total", "topic").values())
    return records == 1 and sum(by(page, "evenhand_lag_records", "topic").values()) == 0


def sent(events: Iterable[dict[str, Any]]) -> list[Sent]:
    """Events as their producers send them, each to its topic."""
    topics = {"touchpoint": "touchpoints", "conversion": "conversions"}
    return [Sent(topics[event["type"].split(".")[0]], event["contact_id"].encode(), record(event)) for event in events]


def refusals(topics: Topics, installation: Installation) -> dict[tuple[str, ...], float]:
    """How many dead letters there are of every topic and reason."""
    none = {(installation.prefix + name, reason.value): 0.0 for name in INPUTS for reason in Reason}
    return none | count((place[0], reason) for place, reason in topics.refused.items())


def owned(worker: Worker) -> set[str]:
    """The partitions that its metrics tell of."""
    page = ask(worker, "/metrics").body
    names = ("evenhand_lag_records", "evenhand_waiting_facts", "evenhand_state_bytes", "evenhand_snapshot_age_seconds")
    [partitions] = {frozenset(partition for (partition,) in by(page, name, "partition")) for name in names}
    return set(partitions)


def samples(page: str) -> Iterable[tuple[str, dict[str, str]]]:
    """The name and labels of each sample of a page in Prometheus' text format."""
    return [(name, labels) for name, labels, _ in _samples(page)]


def by(page: str, name: str, *labels: str) -> dict[tuple[str, ...], float]:
    """The values of a metric by these labels, summed over the others."""
    values: Counter[tuple[str, ...]] = Counter()
    for found, of, value in _samples(page):
        if found == name:
            values[tuple(of[label] for label in labels)] += value  # type: ignore[assignment]  # a float counts, too
    return dict(values)


def total(page: str, name: str) -> float:
    """The one value of a metric without labels."""
    [value] = by(page, name).values()
    return value


def count(keys: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], float]:
    return dict(Counter(keys))


def _samples(page: str) -> list[tuple[str, dict[str, str], float]]:
    found = re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", page, re.MULTILINE)
    return [(name, dict(re.findall(r'(\w+)="([^"]*)"', labels)), float(value)) for name, labels, value in found]
