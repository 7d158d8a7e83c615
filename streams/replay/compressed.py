"""Compressed files as streams of bytes, noticing where they end too early."""

from __future__ import annotations

import gzip
from typing import BinaryIO, Final, Protocol, cast

import zstandard

# A few bytes may stand for 128 KiB of one character; so little is fed at a time that memory stays bounded.
_FED_BYTES: Final = 4_096


class ByteStream(Protocol):
    """What lines are read from."""

    def read(self, size: int, /) -> bytes:
        """Give about `size` bytes, none at the end."""
        ...


def gunzipped(file: BinaryIO) -> ByteStream:
    """The content of a gzip file of one or several members. EOFError or BadGzipFile: it is damaged."""
    return cast(ByteStream, gzip.GzipFile(fileobj=file))


class Unzstandard:
    """The content of a Zstandard file of one or several frames. EOFError or ZstdError: it is damaged.

    The library's own reader takes a file that breaks off within a frame for one that ends there.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._begun = False
        self._unused = b""

    def read(self, size: int, /) -> bytes:
        pieces: list[bytes] = []
        length = 0
        while length < size and (piece := self._next()) is not None:
            pieces.append(piece)
            length += len(piece)
        return b"".join(pieces)

    def _next(self) -> bytes | None:
        fed = self._unused or self._file.read(_FED_BYTES)
        if not fed:
            if self._begun:
                raise EOFError("it ends within a frame")
            return None
        content = self._frame.decompress(fed)
        self._unused = b""
        self._begun = not self._frame.eof
        if self._frame.eof:
            self._unused = self._frame.unused_data
            self._frame = zstandard.ZstdDecompressor().decompressobj()
        return content
