"""A PostgreSQL server in a process of its own, to be stopped, killed and started again at will."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from tests.kafka.ports import free_ports
from tests.kafka.reaper import Reaper

DEADLINE_S = 30.0
USER = "postgres"
SETTINGS = {
    "fsync": "off",  # the machine does not lose power in a test; processes may die all the same
    "shared_buffers": "64MB",
    "max_connections": "50",
    "unix_socket_directories": "",
    "log_min_messages": "fatal",
}


class MissingPostgresError(Exception):
    """PostgreSQL is not installed; whoever runs the tests must install it."""


class PostgresServer:
    """A server on a port of 127.0.0.1 that stays the same from one start to the next. `home` holds its data."""

    def __init__(self, home: Path) -> None:
        self._programs = _programs()
        self._data = home / "data"
        self._log = home / "postgres.log"
        self._account = pwd.getpwnam(USER) if os.geteuid() == 0 else None  # the server refuses to run as root
        (self.port,) = free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._reaper: Reaper | None = None
        self._databases = 0
        self._data.mkdir()
        if self._account is not None:
            for folder in (home, *home.parents):
                if folder.owner() == "root" and folder.stat().st_mode & 0o001 == 0:
                    folder.chmod(folder.stat().st_mode | 0o011)  # the server's user must get through to its folder
            shutil.chown(self._data, USER)
        options = (
            "--pgdata",
            str(self._data),
            "--username",
            USER,
            "--auth",
            "trust",
            "--no-sync",
            "--locale",
            "C.UTF-8",
        )
        subprocess.run([self._programs / "initdb", *options], check=True, stdout=subprocess.DEVNULL, user=self._user)

    @property
    def _user(self) -> int | None:
        return self._account.pw_uid if self._account else None

    def start(self) -> None:
        """It answers."""
        settings = [argument for name, value in SETTINGS.items() for argument in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, "-h", "127.0.0.1", "-p", str(self.port), *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self._user,
                cwd=self._data.parent,
            )
        self._reaper = Reaper(self._process.pid)
        give_up = time.monotonic() + DEADLINE_S
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                in_vain = self._process.poll() is not None or time.monotonic() > give_up
                assert not in_vain, self._log.read_text()[-2_000:]
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """It ends, and cuts off whoever is connected."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """It ends without a goodbye, as in a loss of power to its process; it mends itself at the next start."""
        self._end(signal.SIGQUIT)

    def url(self, database: str) -> str:
        """The database's SQLAlchemy URL, which psycopg takes too."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def fresh_database(self) -> str:
        """The URL of an empty database."""
        self._databases += 1
        name = f"test_{self._databases}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def _end(self, sign: signal.Signals) -> None:
        assert self._process is not None
        assert self._reaper is not None
        self._process.send_signal(sign)
        self._process.wait(DEADLINE_S)
        self._reaper.dismiss()


def _programs() -> Path:
    """The folder of the newest installed server's programs; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("postgres")
    if on_path is None:
        raise MissingPostgresError("PostgreSQL is not installed: run make setup-tests, or apt-get install postgresql")
    return Path(on_path).resolve().parent
