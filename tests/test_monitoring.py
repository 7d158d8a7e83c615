"""What Prometheus scrapes, what it warns of and what Grafana shows are things that a worker says."""

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest

from config.settings import Settings
from streams.metrics import METRICS
from tests.deployment import DEPLOY, REPOSITORY, read_yaml, services

DASHBOARD = json.loads((DEPLOY / "grafana" / "dashboards" / "evenhand.json").read_text())
ALERTS = [rule for group in read_yaml(DEPLOY / "prometheus" / "alerts.yml")["groups"] for rule in group["rules"]]
PROMETHEUS = read_yaml(DEPLOY / "prometheus" / "prometheus.yml")
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]

OF_THE_TARGET = {"job", "instance"}
"""Labels that Prometheus itself adds."""
UP = "up"
"""The one metric that Prometheus makes of every scrape."""


def test_prometheus_scrapes_every_worker_where_it_answers() -> None:
    (job,) = PROMETHEUS["scrape_configs"]
    (workers,) = job["dns_sd_configs"]
    worker = services()["worker"]
    assert workers["names"] == ["worker"]
    assert str(workers["port"]) == worker["environment"]["EVENHAND_WEB_PORT"]
    assert workers["port"] == Settings.model_fields["web_port"].default


def test_prometheus_finds_its_rules() -> None:
    assert [name for name in PROMETHEUS["rule_files"] if not (DEPLOY / "prometheus" / name).exists()] == []


def expressions() -> Iterator[Any]:
    for rule in ALERTS:
        yield pytest.param(rule["expr"], id=rule["alert"])
    for panel in PANELS:
        for target in panel["targets"]:
            # Grafana puts a duration there, such as 1m.
            expression = target["expr"].replace("$__rate_interval", "1m")
            yield pytest.param(expression, id=f"{panel['title']}: {target['legendFormat']}")


@pytest.mark.parametrize("expression", list(expressions()))
def test_every_expression_asks_for_metrics_and_labels_that_exist(expression: str) -> None:
    labels_by_metric = exposed()
    metrics, labels = asked_for(expression)
    assert sorted(metrics - set(labels_by_metric)) == []
    assert sorted(labels - set().union(*(labels_by_metric[name] for name in metrics))) == []


def test_an_expression_with_an_unknown_label_would_be_caught() -> None:
    assert asked_for('sum by (reason) (rate(evenhand_x_total{kind="a"}[5m])) > 0') == (
        {"evenhand_x_total"},
        {"reason", "kind"},
    )


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_says_what_is_wrong_and_how_much_it_matters(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"] != ""


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_stands_in_the_runbook(rule: dict[str, Any]) -> None:
    runbook = (REPOSITORY / "docs" / "runbook.md").read_text()
    assert re.search(rf"^#+ .*\b{rule['alert']}\b", runbook, re.MULTILINE) is not None


def test_no_two_alerts_have_the_same_name() -> None:
    names = [rule["alert"] for rule in ALERTS]
    assert sorted(set(names)) == sorted(names)


def test_every_panel_asks_the_provisioned_datasource() -> None:
    (datasource,) = read_yaml(DEPLOY / "grafana" / "provisioning" / "datasources" / "prometheus.yml")["datasources"]
    asked = {panel["datasource"]["uid"] for panel in PANELS}
    asked |= {target["datasource"]["uid"] for panel in PANELS for target in panel["targets"]}
    assert asked == {datasource["uid"]}


def test_grafana_finds_its_dashboard() -> None:
    (provider,) = read_yaml(DEPLOY / "grafana" / "provisioning" / "dashboards" / "evenhand.yml")["providers"]
    grafana = services()["grafana"]
    folder = provider["options"]["path"]
    assert f"./deploy/grafana/dashboards:{folder}:ro" in grafana["volumes"]
    assert grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] == f"{folder}/evenhand.json"


def test_no_two_panels_share_an_id_or_a_place() -> None:
    ids = [panel["id"] for panel in PANELS]
    assert sorted(set(ids)) == sorted(ids)
    places = [place for panel in PANELS for place in places_of(panel["gridPos"])]
    assert len(set(places)) == len(places)
    assert max(x for x, _ in places) < 24


def places_of(position: dict[str, int]) -> Iterator[tuple[int, int]]:
    for x in range(position["x"], position["x"] + position["w"]):
        for y in range(position["y"], position["y"] + position["h"]):
            yield x, y


def exposed() -> dict[str, set[str]]:
    """The labels of every series that a scrape of a worker gives, by the series' name."""
    series: dict[str, set[str]] = {UP: OF_THE_TARGET}
    for metric in METRICS:
        series |= {name: OF_THE_TARGET | set(labels) for name, labels in metric.series().items()}
    return series


def asked_for(expression: str) -> tuple[set[str], set[str]]:
    """The metrics and the labels that a PromQL expression names."""
    metrics: set[str] = set()
    labels: set[str] = set()

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            metrics.add(node.name or "")
            labels.update(matcher.name for matcher in node.matchers.matchers)
        elif isinstance(node, promql_parser.AggregateExpr) and node.modifier is not None:
            labels.update(node.modifier.labels)

    promql_parser.walk(promql_parser.parse(expression), visit)
    return metrics, labels
