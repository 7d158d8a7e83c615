"""A replay fills the read model with the rows that a projector makes of the same facts and of what is said of them."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import create_engine, select

from events.codec import decode_any
from events.refusal import Refusal
from events.topics import FOLLOWUPS, REJECTIONS, SCORES
from projections.followups.users import Users
from projections.tables import METADATA
from projections.writing.database import open_database
from streams.replay.asked import Asked
from tests.replaying import replayed, write_lines
from tests.test_projection import Base, Record
from tests.test_replay_people import EVERY_TYPE, asked_of

PLACES = {"partition", "offset"}
TABLES = (
    *("contacts", "contact_updates", "interactions", "interaction_history", "rejections", "scores"),
    *("touchpoints", "retractions"),
)


def _rows(path: Path, table: str) -> Sequence[tuple[object, ...]]:
    columns = [column for column in METADATA.tables[table].columns if column.name not in PLACES]
    with create_engine(f"sqlite:///{path}").connect() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(*columns[:2]))]


def _projected(path: Path, out: Path) -> None:
    facts = [(judged[0], value) for value in EVERY_TYPE if not isinstance(judged := decode_any(value), Refusal)]
    said = [
        (topic.name, line)
        for topic in (SCORES, FOLLOWUPS, REJECTIONS)
        for line in (out / f"{topic.name}.jsonl").read_bytes().splitlines()
    ]
    url = f"sqlite:///{path}"
    model = open_database(url)
    model.prepare()
    Base(url, model).apply(
        [Record(topic, n, None, value.decode(), {}) for n, (topic, value) in enumerate(facts + said)]
    )
    model.close()


def test_a_replay_and_a_projector_write_the_same_rows_about_people(tmp_path: Path) -> None:
    asked: Asked = asked_of(tmp_path)
    assert asked.users != Users()
    replayed([write_lines(tmp_path / "e.jsonl", EVERY_TYPE)], tmp_path / "out", asked=asked)

    _projected(tmp_path / "projected.db", tmp_path / "out")

    for table in TABLES:
        expected = _rows(tmp_path / "projected.db", table)
        assert expected
        assert _rows(tmp_path / "out" / "evenhand.db", table) == expected
