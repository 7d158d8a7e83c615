"""The house rules that no one module can show: which way imports run, and who alone may touch the world."""

import tomllib
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path

import pytest

from tests.source_tree import PACKAGES, PROJECT, attributes, calls, imports, modules, parsed, reached, users_of

DECIDERS = {"streams.window", "streams.split", "streams.models", "streams.credit", "streams.attribution"}
WORLD = {
    *("aiokafka", "asyncio", "builtins", "concurrent", "ctypes", "faust", "fsspec", "io", "kafka", "logging"),
    *("multiprocessing", "os", "pathlib", "platformdirs", "prometheus_client", "random", "rocksdict", "secrets"),
    *("select", "shutil", "signal", "socket", "sqlalchemy", "sqlite3", "structlog", "subprocess", "sys", "tempfile"),
    *("threading", "time", "urllib", "uuid", "zoneinfo"),
}
"""I/O, clock, chance, environment, log."""
READS_CLOCK_OR_FILES = {"open", "print", "input", "date.today", "datetime.now", "datetime.today", "datetime.utcnow"}
READS_SHIPPED_LISTS = {
    *(("events.currencies", "pathlib"), ("events.currencies", "pathlib.Path")),
    *(("events.zones", "zoneinfo"), ("events.zones", "zoneinfo.ZoneInfo")),
}
"""Constants of the code: the currencies and the time zones that packages ship are read once, as an import would."""
AT_THE_EDGE = {
    "rocksdict": {"streams.rocks"},
    "prometheus_client": {"streams.metrics"},
    "faust": {"streams.live.app"},
    "fsspec": {"streams.snapshots.storage"},
}
"""Who alone imports a library, so that another could take its place."""
BUILT_BY = {
    "load_settings": "cli.",
    "load_catalogue": "cli.",
    "configure_logging": "cli.",
    "Settings": "config.settings",
    "Rdict": "streams.rocks",
    "RocksStore": "streams.",
    "faust.App": "streams.live.",
    "AIOKafkaConsumer": "streams.live.",
    "AIOKafkaProducer": "streams.live.",
    "KafkaAdminClient": "streams.admin.",
    "KafkaConsumer": "streams.admin.",
    "KafkaProducer": "streams.admin.",
    "create_engine": "projections.",
    "sqlite3.connect": "projections.",
}
"""Who alone reads the environment, and who alone opens what has to be closed again."""


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_the_projects_own(package: str) -> None:
    assert Path(str(import_module(package).__file__)) == PROJECT / package / "__init__.py"


def test_those_packages_are_installed_and_no_other() -> None:
    found = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]

    top = [path.parent.name for path in PROJECT.glob("*/__init__.py")]
    installed = {name for name in top if any(fnmatch(name, pattern) for pattern in found["include"])}

    assert installed == set(PACKAGES)


def test_every_folder_of_code_is_a_package() -> None:
    folders = {path.parent for package in PACKAGES for path in (PROJECT / package).rglob("*.py")}

    assert {folder for folder in folders if not (folder / "__init__.py").exists()} == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_run_one_way(package: str) -> None:
    later = set(PACKAGES[PACKAGES.index(package) + 1 :])

    against = {
        (name, found)
        for name, tree in modules().items()
        for found in imports(tree)
        if name.split(".")[0] == package and found.split(".")[0] in later | {"tests", "benchmarks"}
    }

    assert against == set()


def test_events_and_deciders_touch_no_world() -> None:
    pure = {name for name in modules() if name.split(".")[0] == "events"} | reached(DECIDERS, "streams")

    touched = {(name, found) for name in pure for found in imports(modules()[name]) if found.split(".")[0] in WORLD}

    assert touched - READS_SHIPPED_LISTS == set()
    assert {(name, call) for name in pure for call in calls(modules()[name]) & READS_CLOCK_OR_FILES} == set()


def test_deciders_do_not_reach_the_runtime() -> None:
    runtime = ("streams.live", "streams.admin", "streams.replay", "streams.snapshots")

    assert {name for name in reached(DECIDERS, "streams") if name.startswith(runtime)} == set()


def test_live_and_replay_do_not_lean_on_each_other() -> None:
    live = reached({name for name in modules() if name.startswith("streams.live.")}, "streams")
    replay = reached({name for name in modules() if name.startswith("streams.replay.")}, "streams")

    assert {name for name in live if name.startswith("streams.replay")} == set()
    assert {name for name in replay if name.startswith("streams.live")} == set()


@pytest.mark.parametrize(("library", "owners"), AT_THE_EDGE.items())
def test_one_module_alone_imports(library: str, owners: set[str]) -> None:
    assert users_of(library) == owners


@pytest.mark.parametrize(("thing", "place"), BUILT_BY.items())
def test_only_its_place_builds(thing: str, place: str) -> None:
    builders = {name for name, tree in modules().items() if thing in calls(tree)}

    assert {name for name in builders if not name.startswith(place)} == set()


def test_the_environment_is_read_by_settings_and_options_alone() -> None:
    environment = {"os.environ", "os.getenv", "os.environb"}

    readers = {name for name, tree in modules().items() if (attributes(tree) | imports(tree)) & environment}

    assert readers == set()


def test_the_reader_of_sources_sees_what_hides_in_functions() -> None:
    tree = parsed(
        "def f():\n    from os import environ\n    import kafka.admin as k\n    return datetime.now(os.environ)"
    )

    assert imports(tree) == {"os", "os.environ", "kafka.admin"}
    assert calls(tree) == {"datetime.now"}
    assert attributes(tree) == {"datetime.now", "os.environ"}


def test_the_reader_of_sources_passes_over_what_only_a_script_does() -> None:
    assert calls(parsed("f()\nif __name__ == '__main__':\n    print(f())")) == {"f"}
