"""The same answers at the size of a real charity: 10,000 contacts with some 200,000 events."""

from pathlib import Path

from config.catalogue import load_catalogue
from projections.queries.database import reading
from projections.queries.filters import Days
from tests import test_queries as answers
from tests.replaying import replayed, write_lines


def test_answers_agree_with_the_events_of_10_000_contacts(tmp_path: Path) -> None:
    catalogue, lines = load_catalogue(answers.CATALOGUE), answers.quarter(10_000)
    replayed([write_lines(tmp_path / "e.jsonl", [line.rstrip() for line in lines])], tmp_path, catalogue)
    asked = answers.Asked(answers.Life(lines, catalogue), str(tmp_path / "evenhand.db"))

    with reading(asked.url) as connection:
        for dimension in ("department", "campaign"):
            answers.test_credit_is_what_the_events_say(asked, connection, dimension, None, Days())
        answers.test_credit_is_broken_down_by_period(asked, connection, "day", 10)
        answers.test_every_dimension_sums_up_to_the_conversions_and_has_an_unattributed_row(asked, connection)
        answers.test_paths_and_their_lengths_are_what_the_events_say(asked, connection, None)
        answers.test_time_to_convert_is_what_the_events_say(asked, connection)
        answers.test_assisted_conversions_are_what_the_events_say(asked, connection)
        answers.test_the_view_timeline_is_as_of_the_end_of_a_replay(asked, connection)
