"""What is said of scores, byte for byte: the golden files' messages."""

import json
from pathlib import Path

import pytest

from events.instant import parse_instant
from events.score_outputs import Score as ScoreMessage
from projections.scores.message import encode_change, encode_score, next_version, score_key
from projections.scores.score import GroupScore, RuleScore, Score

GOLDEN = Path(__file__).with_name("golden")
ELEVEN = parse_instant("2023-07-05T11:00:00Z")
RULES = (RuleScore("opens", 4, 18), RuleScore("silent", 0, 0))
SCORE = Score("donor-7", "engagement", 3, 10, -2, "warm", ELEVEN, RULES, (GroupScore("mail", -12),), -8)
BELOW = Score("donor-7", "engagement", 1, -5, -5, None, ELEVEN + 250_000, (), (), -5)


def golden(file: str, title: str) -> bytes:
    message = json.loads((GOLDEN / file).read_text("utf-8"))[title]
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize(("title", "score"), [("a score", SCORE), ("without groups, below all bands", BELOW)])
def test_a_score_is_said_as_in_the_golden_file(title: str, score: Score) -> None:
    assert encode_score(score, score.as_of_us) == golden("score.1.json", title)


def test_a_move_between_bands_is_said_as_in_the_golden_file() -> None:
    assert encode_change(SCORE, ELEVEN, "warm", None) == golden("score-change.1.json", "the first")


def test_points_beyond_64_bits_are_said_in_full() -> None:
    huge = Score("k", "p", 1, 10**30, 10**30, None, 0, (), (), 10**30)

    assert ScoreMessage.model_validate_json(encode_score(huge, 1)).score == 10**30


def test_a_key_is_a_compact_array_and_not_ascii_escaped() -> None:
    assert score_key('d"é', "p,1") == '["d\\"é","p,1"]'.encode()


def test_versions_only_grow() -> None:
    assert [next_version(50, last) for last in (None, 40, 49, 50, 70)] == [50, 50, 50, 51, 71]


def test_a_score_that_differs_in_its_instant_alone_says_the_same() -> None:
    later = Score("donor-7", "engagement", 3, 10, -2, "warm", ELEVEN + 1, RULES, (GroupScore("mail", -12),), -8)

    assert later.says_the_same(SCORE)
    assert not later.says_the_same(BELOW)
