"""The store on RocksDB: the one module that knows rocksdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rocksdict import (
    BlockBasedOptions,
    Cache,
    Checkpoint,
    Options,
    Rdict,
    ReadOptions,
    WriteBatch,
    WriteBufferManager,
)

from config.errors import BrokenEnvironmentError

_MIB = 1 << 20


class StateDamagedError(BrokenEnvironmentError):
    """The database cannot be read. The operator restores it: delete the folder, the worker rebuilds it."""


class RocksMemory:
    """Block cache and write buffers that all stores of a process share: memory does not grow with partitions."""

    def __init__(self, cache_bytes: int = 32 * _MIB, write_buffer_bytes: int = 64 * _MIB) -> None:
        self.cache = Cache(cache_bytes)
        self.write_buffers = WriteBufferManager(write_buffer_bytes, False)


class RocksStore:
    """A `Store` in a folder of its own. Not for two owners: the folder's lock is the caller's business."""

    def __init__(self, path: Path, memory: RocksMemory | None = None) -> None:
        """Open the store, made when missing.

        Raises:
            StateDamagedError: the files there are no RocksDB that can be opened.
        """
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with _plain_errors(path):
            self._db = Rdict(str(path), _options(memory or RocksMemory()))
        self._reads = ReadOptions()
        self._sound = True

    def get(self, key: bytes) -> bytes | None:
        with _plain_errors(self.path):
            value: bytes | None = self._db.get(key)
        return value

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        if not keys:
            return []
        with _plain_errors(self.path):
            values = self._db.get(list(keys))
        return list(values or ())

    def scan(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        with _plain_errors(self.path):
            rows = self._db.iter(self._reads)
            rows.seek(start)
            while rows.valid():
                key: bytes = rows.key()
                if key >= end:
                    return
                yield key, rows.value()
                rows.next()
            rows.status()

    def write(self, rows: Mapping[bytes, bytes | None]) -> None:
        batch = WriteBatch(raw_mode=True)
        put = batch.put
        for key, value in rows.items():
            if value is None:
                batch.delete(key)
            else:
                put(key, value)
        self._sound = False
        with _plain_errors(self.path):
            self._db.write(batch)
        self._sound = True

    def checkpoint(self, path: Path) -> None:
        """A consistent copy of the store as it stands, in a new folder: hard links where the file system has them."""
        with _plain_errors(self.path):
            Checkpoint(self._db).create_checkpoint(str(path))

    def size_bytes(self) -> int:
        return (self._db.property_int_value("rocksdb.total-sst-files-size") or 0) + (
            self._db.property_int_value("rocksdb.cur-size-all-mem-tables") or 0
        )

    def compact(self) -> None:
        """Drop what was deleted or overwritten from the files now instead of by and by."""
        with _plain_errors(self.path):
            self._db.compact_range(None, None)

    def close(self) -> None:
        try:
            with _plain_errors(self.path):
                self._db.close()
        except BrokenEnvironmentError:
            # After a refused write it does not close in order either; that write's error says what is wrong.
            if self._sound:
                raise


def _options(memory: RocksMemory) -> Options:
    blocks = BlockBasedOptions()
    blocks.set_block_cache(memory.cache)
    blocks.set_bloom_filter(10, False)
    blocks.set_cache_index_and_filter_blocks(True)
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_block_based_table_factory(blocks)
    options.set_keep_log_file_num(2)
    options.set_level_zero_file_num_compaction_trigger(8)
    options.set_max_background_jobs(2)
    options.set_max_open_files(256)
    options.set_write_buffer_manager(memory.write_buffers)
    options.set_write_buffer_size(32 * _MIB)
    return options


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    """rocksdict raises a bare Exception whatever went wrong; say where, and who must act."""
    try:
        yield
    except Exception as error:
        if type(error) is not Exception:
            raise
        if "No space left" in str(error):
            raise BrokenEnvironmentError(f"{path}: the disk is full; free some space and start again") from error
        raise StateDamagedError(
            f"{path}: the state cannot be read ({error}); run `evenhand state reset` for this partition, "
            "the worker then rebuilds it from the newest snapshot and the topics"
        ) from error
