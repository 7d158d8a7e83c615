"""A worker as a process of its own, to be stopped, killed and frozen at will."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.kafka.reaper import Reaper

EVENHAND = ("-m", "cli.main")
DEADLINE_S = 60.0

Entry = dict[str, Any]


class Worker:
    """`evenhand worker` with a log file of its own. It dies with this process."""

    def __init__(
        self,
        environment: Mapping[str, str],
        log: Path,
        arguments: Sequence[str] = (),
        program: Sequence[str] = EVENHAND,
        decider: str = "attribution",
    ) -> None:
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, *program, "worker", decider, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._reaper: Reaper | None = Reaper(self._process.pid)

    @property
    def running(self) -> bool:
        """True while the process lives, frozen or not."""
        return self._process.poll() is None

    def stop(self) -> int:
        """Ask it to end (SIGTERM); its exit code."""
        self._process.terminate()
        return self.ended()

    def ended(self, deadline_s: float = DEADLINE_S) -> int:
        """Wait until it has ended; its exit code."""
        try:
            code = self._process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the worker has not ended\n{self.tail()}") from None
        self._dismiss()
        return code

    def kill(self) -> None:
        """End it at once (SIGKILL), as a lost machine would. Nothing happens to one that has ended."""
        self._process.kill()
        self._process.wait()
        self._dismiss()

    def freeze(self) -> None:
        """Let it hang (SIGSTOP)."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it wake (SIGCONT)."""
        self._process.send_signal(signal.SIGCONT)

    def entries(self) -> list[Entry]:
        """Its log so far; a line that is no JSON, as an error that ended it, has its text as `event`."""
        return [_entry(line) for line in self.log.read_text().splitlines()]

    def errors(self) -> list[str]:
        """What it logged as an error, and what is no log line at all."""
        return [entry["event"] for entry in self.entries() if entry.get("level", "error") == "error"]

    def taken_over(self) -> list[int]:
        """The partitions that it has taken over, one entry each time."""
        return [entry["partition"] for entry in self.entries() if entry["event"] == "partition taken over"]

    def wait_until(self, condition: Callable[[list[Entry]], bool], deadline_s: float = DEADLINE_S) -> None:
        """Wait until its log shows it."""
        give_up = time.monotonic() + deadline_s
        while not condition(self.entries()):
            assert self.running, f"the worker has ended\n{self.tail()}"
            assert time.monotonic() < give_up, f"it did not come in {deadline_s:g} s\n{self.tail()}"
            time.sleep(0.05)

    def wait_for(self, event: str, deadline_s: float = DEADLINE_S, **fields: object) -> None:
        """Wait until its log has such an entry."""
        wanted = {"event": event, **fields}
        self.wait_until(lambda entries: any(wanted.items() <= entry.items() for entry in entries), deadline_s)

    def tail(self, lines: int = 40) -> str:
        """The last lines of its log, for an error message."""
        return "\n".join([f"{self.log}:", *self.log.read_text(errors="replace").splitlines()[-lines:]])

    def _dismiss(self) -> None:
        if self._reaper is not None:
            self._reaper.dismiss()
            self._reaper = None


def _entry(line: str) -> Entry:
    try:
        entry = json.loads(line)
    except ValueError:
        return {"event": line}
    return entry if isinstance(entry, dict) and "event" in entry else {"event": line}
