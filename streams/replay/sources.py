"""What replay reads: files of events, plain or compressed, and standard input."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import zstandard

from config.errors import UsageError
from streams.replay.compressed import ByteStream, Unzstandard, gunzipped
from streams.replay.lines import numbered_lines

STANDARD_INPUT: Final = "-"


class MissingFileError(UsageError):
    """The caller named a file that cannot be read."""


class DamagedFileError(UsageError):
    """The caller named a file that is not what its name says, or ends too early."""


class Source(Protocol):
    """A numbered sequence of events as bytes."""

    name: str
    """What dead letters call it: the file's base name, `-` for standard input."""
    partition: int
    """What dead letters say; 0 for files."""
    size_bytes: int | None
    """None when it cannot be known."""

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield (number from 1, one event's bytes); to be called once."""
        ...

    def consumed_bytes(self) -> int:
        """How much of `size_bytes` has been read so far."""
        ...


class LineFile:
    """JSON Lines in a file, or on standard input (no path)."""

    partition = 0

    def __init__(self, path: Path | None) -> None:
        self.name = STANDARD_INPUT if path is None else path.name
        # A pipe has no size to speak of.
        self.size_bytes = path.stat().st_size if path is not None and path.is_file() else None
        self._path = path
        self._file: BinaryIO | None = None

    def lines(self) -> Iterator[tuple[int, bytes]]:
        with _damage_told(self.name):
            if self._path is None:
                yield from numbered_lines(sys.stdin.buffer)
                return
            with self._path.open("rb") as file:
                self._file = file
                yield from numbered_lines(_OPENED.get(self._path.suffix, _plain)(file))
                self._file = None

    def consumed_bytes(self) -> int:
        if self.size_bytes is None:
            return 0
        return self.size_bytes if self._file is None else self._file.tell()


class ParquetRows:
    """The rows of a Parquet file."""

    partition = 0

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.size_bytes: int | None = path.stat().st_size
        self._path = path
        self._share = 0.0

    def lines(self) -> Iterator[tuple[int, bytes]]:
        # Arrow costs a third of a second and 60 MB, which readers of JSON Lines need not pay.
        from pyarrow.lib import ArrowException
        from pyarrow.parquet import ParquetFile

        from streams.replay.parquet import numbered_rows

        with _damage_told(self.name, ArrowException), ParquetFile(self._path, pre_buffer=False) as file:
            rows = max(1, file.metadata.num_rows)
            for number, row in numbered_rows(file):
                self._share = number / rows
                yield number, row

    def consumed_bytes(self) -> int:
        return int(self._share * (self.size_bytes or 0))


def open_source(path: str) -> Source:
    """The source that a FILE argument of the command line names; what it holds goes by its suffix.

    Raises:
        MissingFileError: there is no such file, or it may not be read.
    """
    if path == STANDARD_INPUT:
        return LineFile(None)
    file = Path(path)
    if not file.exists():
        raise MissingFileError(f"{path}: there is no such file; name a file of events, or - for standard input")
    if file.is_dir() or not os.access(file, os.R_OK):
        raise MissingFileError(f"{path}: this cannot be read as a file; name a file of events that you may read")
    return ParquetRows(file) if file.suffix == ".parquet" else LineFile(file)


def _plain(file: BinaryIO) -> ByteStream:
    return file


_DAMAGE: Final = (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError)
_OPENED: Final = {".gz": gunzipped, ".zst": Unzstandard}


@contextmanager
def _damage_told(name: str, *further: type[Exception]) -> Iterator[None]:
    damage: tuple[type[Exception], ...] = (*_DAMAGE, *further)
    try:
        yield
    except damage as error:
        raise DamagedFileError(f"{name}: damaged, or not what its name says ({error}); mend or omit it") from error
