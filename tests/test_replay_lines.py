"""JSON Lines as numbered lines: blank ones skipped but numbered, endless ones cut."""

from io import BytesIO
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.replay import lines
from streams.replay.lines import KEPT_BYTES, numbered_lines


@given(
    st.lists(st.sampled_from([b"", b"  ", b"\t", b"{}", b"[1]", b"x" * 9]), max_size=12),
    st.booleans(),
    st.integers(1, 9),
)
def test_every_line_that_is_not_blank_comes_with_its_number(
    written: list[bytes], ends_with_newline: bool, chunk_bytes: int
) -> None:
    stream = BytesIO(b"\n".join(written) + b"\n" * ends_with_newline)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_CHUNK_BYTES", chunk_bytes)
        found = list(numbered_lines(stream))

    assert found == [(number, line) for number, line in enumerate(written, 1) if line.strip()]


def test_a_carriage_return_before_the_newline_belongs_to_the_newline() -> None:
    assert list(numbered_lines(BytesIO(b"{}\r\n[]\r\n"))) == [(1, b"{}"), (2, b"[]")]


class _Endless(BytesIO):
    """A line of 200 MiB that no memory holds at once, and one after it."""

    left = 200

    def read(self, size: int | None = -1, /) -> bytes:
        self.left -= 1
        if self.left < 0:
            return b""
        return b"x" * cast(int, size) if self.left else b"\n{}\n"


def test_an_endless_line_is_cut_and_the_next_one_whole() -> None:
    [(first, cut), (second, whole)] = numbered_lines(_Endless())

    assert (first, len(cut)) == (1, KEPT_BYTES + 1)
    assert (second, whole) == (2, b"{}")
