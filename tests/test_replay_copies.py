"""Of conflicting copies replay keeps the one with the least (occurred_at, canonical JSON): the contract, section 1."""

from pathlib import Path

import pytest

from tests.acceptance import donation, event, touchpoint
from tests.replaying import messages, replayed, rows, write_lines

EARLY, LATE = "2023-07-05T11:00:00Z", "2023-07-05T12:00:00Z"


def _kept_and_refused(folder: Path, events: list[bytes]) -> tuple[int, list[bytes]]:
    outcome = replayed([write_lines(folder / "e.jsonl", events)], folder)
    letters = messages(folder, "dead-letters.jsonl")
    assert {letter["reason"] for letter in letters} <= {"conflicting_duplicate"}
    return outcome.accepted, sorted(letter["payload"].encode() for letter in letters)


BOTH_WAYS = pytest.mark.parametrize("turn", [1, -1], ids=["in order", "reversed"])


@BOTH_WAYS
def test_the_earlier_copy_stays(tmp_path: Path, turn: int) -> None:
    early, late = donation("c1", "9", EARLY), donation("c1", "1", LATE)

    assert _kept_and_refused(tmp_path, [early, late][::turn]) == (1, [late])


@BOTH_WAYS
def test_at_one_instant_the_copy_with_the_least_canonical_json_stays(tmp_path: Path, turn: int) -> None:
    least, other = donation("c1", "10", EARLY), donation("c1", "9.50", EARLY)

    assert _kept_and_refused(tmp_path, [least, other][::turn]) == (1, [other])


@BOTH_WAYS
def test_canonical_json_has_values_not_spellings(tmp_path: Path, turn: int) -> None:
    least = touchpoint("t1", "poster", "2023-07-05T13:00:00+02:00", lifetime="P1D")
    again = touchpoint("t1", "poster", EARLY, lifetime="PT24H")
    other = touchpoint("t1", "poster", EARLY, lifetime="P2D")

    accepted, refused = _kept_and_refused(tmp_path, [least, other, again][::turn])

    assert (accepted, refused) == (1, [other])
    assert rows(tmp_path, "SELECT lifetime FROM touchpoints") == [("P1D",)]
    assert rows(tmp_path, "SELECT value FROM meta WHERE name = 'duplicates'") == [("1",)]


@BOTH_WAYS
def test_a_copy_that_the_catalogue_refuses_claims_nothing(tmp_path: Path, turn: int) -> None:
    unknown = touchpoint("t1", "a_name_that_the_catalogue_lacks", EARLY)
    known = touchpoint("t1", "google_ad_click", EARLY)

    outcome = replayed([write_lines(tmp_path / "e.jsonl", [unknown, known][::turn])], tmp_path)

    assert (outcome.accepted, outcome.dead_letters) == (1, {"unknown_touchpoint": 1})


@BOTH_WAYS
def test_of_copies_of_different_types_the_least_stays_though_its_type_is_taken_later(tmp_path: Path, turn: int) -> None:
    recorded = donation("c1", "50", EARLY)
    cancelled = event("conversion.cancelled", "c1", EARLY, conversion_id="c0")

    assert _kept_and_refused(tmp_path, [recorded, cancelled][::turn]) == (1, [recorded])
    assert messages(tmp_path) == []


@BOTH_WAYS
def test_of_copies_of_different_types_the_least_stays_where_its_type_is_taken_first(tmp_path: Path, turn: int) -> None:
    touched = touchpoint("t1", "google_ad_click", EARLY, dimensions={"a": "b"})
    retracted = event("touchpoint.retracted", "t1", EARLY, touchpoint_id="t1")

    assert _kept_and_refused(tmp_path, [touched, retracted][::turn]) == (1, [retracted])
    assert rows(tmp_path, "SELECT status FROM timeline") == [("Active",)]


@BOTH_WAYS
def test_where_the_least_copy_is_refused_by_the_catalogue_the_other_type_stays(tmp_path: Path, turn: int) -> None:
    unknown = touchpoint("t1", "a_name_that_the_catalogue_lacks", EARLY, dimensions={"a": "b"})
    retracted = event("touchpoint.retracted", "t1", EARLY, touchpoint_id="t0")

    outcome = replayed([write_lines(tmp_path / "e.jsonl", [unknown, retracted][::turn])], tmp_path)

    assert (outcome.accepted, outcome.dead_letters) == (1, {"unknown_touchpoint": 1})


def test_one_id_in_both_topics_or_of_two_contacts_is_two_facts(tmp_path: Path) -> None:
    events = [
        donation("x", "1", EARLY),
        touchpoint("x", "google_ad_click", EARLY),
        donation("x", "2", EARLY, "donor-8"),
    ]

    assert _kept_and_refused(tmp_path, events) == (3, [])
