"""What a dry run shows of a credit that would be said again."""

from __future__ import annotations

import json

from cli.change_lines import change_lines
from streams.live.comparison import Change

HEAD = "donation c1 of donor-7, 2023-07-05T11:02:00Z, 50.00 GBP: version {} → {}"


def message(unattributed: str = "0.00", model: str = "linear", **credits: str) -> bytes:
    return json.dumps(
        {
            "conversion": "donation",
            "occurred_at": "2023-07-05T11:02:00Z",
            "model": model,
            "currency": "GBP",
            "value": "50.00",
            "dimensions": {"channel": {"credits": credits, "unattributed": unattributed}},
        }
    ).encode()


def change(now: bytes, was: bytes | None = None, said: int = 2, models: tuple[str, ...] = ("linear",)) -> Change:
    return Change("donor-7", "c1", said, said + 1, list(models), 0, now, was)


def test_each_value_whose_credit_differs_is_shown() -> None:
    was = message(Mail="20.00", Paid="20.00", Radio="10.00")

    lines = list(change_lines(change(message(Mail="20.00", Paid="30.00"), was)))

    assert lines == [
        HEAD.format(2, 3),
        "  differs under linear",
        "  channel  Paid   20.00 → 30.00",
        "  channel  Radio  10.00 → -",
    ]


def test_what_nobody_earned_is_shown_where_it_is_any() -> None:
    lines = list(change_lines(change(message("50.00"), message(Paid="50.00"))))

    assert lines[2:] == ["  channel  (unattributed)  - → 50.00", "  channel  Paid            50.00 → -"]


def test_a_credit_that_was_never_said_has_nothing_before() -> None:
    lines = list(change_lines(change(message(Paid="50.00"), None, said=0)))

    assert lines == [HEAD.format("-", 1), "  differs under linear", "  channel  Paid  - → 50.00"]


def test_a_difference_that_no_dimension_shows_is_said_to_be_one() -> None:
    lines = list(change_lines(change(message(Paid="50.00"), message(Paid="50.00"), models=("last",))))

    assert lines[1:] == ["  differs under last", "  by dimension linear gives the same"]


def test_a_change_of_the_count_alone_is_called_so() -> None:
    lines = list(change_lines(change(message(Paid="50.00"), message(Paid="50.00"), models=())))

    assert lines[1:] == ["  says the same: only how many facts count has changed"]


def test_control_characters_of_an_id_are_written_out() -> None:
    told = change(message(Paid="50.00"), None)
    told.contact_id = "\u202edonor"

    assert "\\u202edonor" in next(change_lines(told))
