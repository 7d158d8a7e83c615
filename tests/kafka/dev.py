"""A broker on port 9092 that stays until it is told to go: `scripts/kafka start|stop|kill|status`."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.kafka.broker import Broker, BrokerError
from tests.kafka.classpath import REPOSITORY, MissingBrokerError

PORT = 9092


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/kafka", description="Run a Kafka broker for development.")
    parser.add_argument("command", choices=("start", "stop", "kill", "status"))
    parser.add_argument("--home", type=Path, default=REPOSITORY / "build" / "kafka" / "dev", help="data and log")
    parser.add_argument("--port", type=int, default=PORT, help="of 127.0.0.1; the two after it are taken too")
    arguments = parser.parse_args()
    commands: dict[str, Callable[[Path, int], str]] = {
        "start": _start,
        "stop": lambda home, _: _end(home, signal.SIGTERM),
        "kill": lambda home, _: _end(home, signal.SIGKILL),
        "status": _status,
    }
    try:
        print(commands[arguments.command](arguments.home, arguments.port))
    except (BrokerError, MissingBrokerError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    return 0


def _start(home: Path, port: int) -> str:
    if (pid := _running_pid(home)) is not None:
        return f"runs already, process {pid}, data in {home}"
    broker = Broker(home, port=port)
    broker.start(outlive_me=True)
    _pid_file(home).write_text(str(broker.pid))
    return f"ready at {broker.bootstrap}, process {broker.pid}, data in {home}"


def _end(home: Path, how: signal.Signals) -> str:
    pid = _running_pid(home)
    if pid is None:
        return f"does not run in {home}"
    os.kill(pid, how)
    while _running_pid(home) is not None:
        time.sleep(0.1)
    _pid_file(home).unlink()
    return f"ended process {pid}; its data stay in {home}"


def _status(home: Path, port: int) -> str:
    pid = _running_pid(home)
    return f"does not run in {home}" if pid is None else f"runs at 127.0.0.1:{port}, process {pid}, data in {home}"


def _pid_file(home: Path) -> Path:
    return home / "pid"


def _running_pid(home: Path) -> int | None:
    try:
        pid = int(_pid_file(home).read_text())
        # A pid may since belong to someone else; only our broker has this home on its command line.
        ours = str(home).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return pid if ours else None


if __name__ == "__main__":
    sys.exit(main())
