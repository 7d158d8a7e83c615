"""What an id may be (contract, section 1)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.identifiers import check_id


@pytest.mark.parametrize(
    "text", ["a", "x" * 128, "🎁" * 128, " ", "a\u00a0b", "e\u0301", "\u200b", "\U0010fffd", '"\\/']
)
def test_an_id_of_1_to_128_code_points_is_kept_as_it_is(text: str) -> None:
    assert check_id(text) == text


@pytest.mark.parametrize("text", ["", "x" * 129, "🎁" * 129])
def test_an_id_of_no_or_more_than_128_code_points_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"this one has {len(text)}"):
        check_id(text)


@pytest.mark.parametrize(
    "barred",
    ["\x00", "\t", "\n", "\x1f", "\x7f", "\x80", "\x9f", "\ud800", "\ufdd0", "\ufdef", "\ufffe", "\uffff",
     "\U0001fffe", "\U0010ffff"],
)  # fmt: skip
def test_an_id_may_not_hold_a_control_surrogate_or_noncharacter(barred: str) -> None:
    with pytest.raises(ValueError, match=f"U\\+{ord(barred):04X}"):
        check_id(f"a{barred}")


@given(st.characters(codec=None, exclude_categories=[]))
def test_unicode_says_what_is_barred(character: str) -> None:
    code = ord(character)
    noncharacter = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    barred = unicodedata.category(character) in {"Cc", "Cs"} or noncharacter

    try:
        check_id(character)
    except ValueError:
        assert barred
    else:
        assert not barred
