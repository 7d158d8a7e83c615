"""JSON Lines: a stream of bytes as numbered lines, whatever their length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from streams.replay.compressed import ByteStream

KEPT_BYTES: Final = 1 << 20
"""How much of a line is kept. Beyond it a line is cut: oversized all the same, and its payload is not kept."""

_CHUNK_BYTES: Final = 1 << 20


def numbered_lines(stream: ByteStream) -> Iterator[tuple[int, bytes]]:
    """Yield (line number from 1, line without its newline) of each line that is not blank (contract, section 4).

    Memory is bounded by `KEPT_BYTES`, also where a line never ends.
    """
    number = 0
    tail = b""
    while chunk := stream.read(_CHUNK_BYTES):
        if len(tail) > KEPT_BYTES:
            _, newline, chunk = chunk.partition(b"\n")
            if not newline:
                continue
            number += 1
            yield number, tail
            tail = b""
        lines = (tail + chunk).split(b"\n")
        tail = lines.pop()
        for line in lines:
            number += 1
            if line and not line.isspace():
                yield number, line[:-1] if line[-1] == _CARRIAGE_RETURN else line
        if len(tail) > KEPT_BYTES:
            tail = tail[: KEPT_BYTES + 1]
    if tail and not tail.isspace():
        yield number + 1, tail


_CARRIAGE_RETURN: Final = 0x0D
