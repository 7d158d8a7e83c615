"""On a terminal replay shows how far it is and draws its tables; elsewhere it shows plain lines."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

from cli.main import main
from tests.acceptance import donation, touchpoint
from tests.replaying import write_lines

EVENTS = [
    touchpoint("t1", "organic_search_click", "2023-07-05T11:00:00Z", dimensions={"campaign [spring]": "[bold]"}),
    donation("c1", "50", "2023-07-05T11:02:00Z"),
]


def _on_a_terminal(*arguments: str) -> str:
    """What a person sees who runs the command in 80 columns."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [sys.executable, "-c", "import sys; from cli.main import main; sys.exit(main())", *arguments]
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "80"}
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment) as process:
        os.close(terminal)
        seen = b""
        while piece := _read(controller):
            seen += piece
    os.close(controller)
    assert process.returncode == 0
    return seen.decode()


def _read(controller: int) -> bytes:
    try:
        return os.read(controller, 65_536)
    except OSError:  # Linux's way to say that the other side has gone
        return b""


def test_a_terminal_sees_every_stage_and_drawn_tables(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "e.jsonl", EVENTS)

    seen = _on_a_terminal("replay", str(file), "--out", str(tmp_path / "out"))

    for stage in ("reading", "deciding", "writing", "indexing"):
        assert stage in seen
    assert "2 events" in seen
    assert "─────" in seen
    assert "Google Search" in seen


def test_an_explanation_stays_readable_in_80_columns(tmp_path: Path) -> None:
    assert main(["replay", str(write_lines(tmp_path / "e.jsonl", EVENTS)), "--out", str(tmp_path)]) == 0

    seen = _on_a_terminal("explain", "c1", "--db", str(tmp_path / "evenhand.db"))

    for whole in ("2023-07-05T11:00:00Z", "2023-07-10T11:00:00Z", "organic_search_click", "50.00", "[bold]"):
        assert whole in seen
