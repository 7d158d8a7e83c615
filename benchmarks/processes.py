"""What processes cost, as Linux counts it: CPU seconds and memory of a whole process tree, and of everything else."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final, NamedTuple

_TICK: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_PROC: Final = Path("/proc")
_SEARCH_EVERY_S: Final = 1.0


class Usage(NamedTuple):
    """One process at one moment."""

    session: int
    cpu_s: float
    """User and system, children that have ended included."""
    rss_bytes: int


def usage(pid: int) -> Usage | None:
    """What a process has used; None when it is gone."""
    try:
        text = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    # The name in brackets may hold anything, so fields are counted from its end: the state is the first.
    fields = text[text.rindex(b")") + 2 :].split()
    return Usage(int(fields[3]), sum(map(int, fields[11:15])) / _TICK, int(fields[21]) * _PAGE)


def machine_busy_s() -> float:
    """CPU seconds that the machine has worked since it started."""
    fields = [int(field) for field in (_PROC / "stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle, waiting = fields[3], fields[4]
    return (sum(fields) - idle - waiting) / _TICK


class ProcessTree:
    """Every process in the session that a process leads, also those that have ended since."""

    def __init__(self, leader: int) -> None:
        self.peak_rss_bytes = 0
        """The most memory that all of them held at one sample."""
        self._leader = leader
        self._members = {leader}
        self._cpu_s: dict[int, float] = {}
        self._searched_at = 0.0

    def sample(self) -> float:
        """CPU seconds of all of them so far."""
        if time.monotonic() - self._searched_at > _SEARCH_EVERY_S:
            self._search()
        rss = 0
        for pid in self._members:
            if (used := usage(pid)) is not None:
                self._cpu_s[pid] = used.cpu_s
                rss += used.rss_bytes
        self.peak_rss_bytes = max(self.peak_rss_bytes, rss)
        return sum(self._cpu_s.values())

    def _search(self) -> None:
        self._searched_at = time.monotonic()
        for path in _PROC.iterdir():
            if path.name.isdigit() and (pid := int(path.name)) not in self._members:
                used = usage(pid)
                if used is not None and used.session == self._leader:
                    self._members.add(pid)


class OtherLoad:
    """How many cores everything else used between two moments: above 0.2, wall times are not to be trusted."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._busy_s = machine_busy_s()
        self._own_s = time.process_time()

    def cores(self, measured_cpu_s: float) -> float:
        """Since the start, without this process and without the CPU seconds that were being measured."""
        busy = machine_busy_s() - self._busy_s - (time.process_time() - self._own_s) - measured_cpu_s
        return max(0.0, busy / (time.monotonic() - self._began))
