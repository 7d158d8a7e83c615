"""Lets no broker outlive the test run that started it, however that ends."""

import subprocess

_SCRIPT = """
read -r verdict
[ "$verdict" = dismissed ] || kill -KILL "$1" 2>/dev/null
"""


class Reaper:
    """A process that kills `pid` as soon as this one is gone, even by SIGKILL, unless it was dismissed before.

    It reads a pipe whose other end only this process holds, so that the operating system tells it of our end.
    """

    def __init__(self, pid: int) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "reaper", str(pid)], stdin=subprocess.PIPE, start_new_session=True
        )

    def dismiss(self) -> None:
        """Call the watch off, because `pid` has ended."""
        self._process.communicate(b"dismissed\n")
