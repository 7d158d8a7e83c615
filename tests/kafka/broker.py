"""A one-node Kafka broker (KRaft) in a process of its own, to be stopped, killed and frozen at will."""

import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.kafka.classpath import java_command
from tests.kafka.listener import Security, certificate_of
from tests.kafka.ports import free_ports
from tests.kafka.reaper import Reaper
from tests.kafka.storage import format_storage, settings_of

LISTENERS = ("CLIENT", "INTERNAL", "CONTROLLER")
READY = "Kafka Server started"
JVM_OPTIONS = ("-Xms256m", "-Xmx512m", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:+ExitOnOutOfMemoryError")


class BrokerError(Exception):
    """The broker did not start or stop in time; the message ends with the last lines of its log."""


class Broker:
    """A broker whose ports, data and cluster id stay the same from one start to the next.

    `home` holds its data, log and settings. `bootstrap` is the listener under test, with `security`; `internal`
    always takes plain connections. `properties` are server properties that override the defaults; `port` is
    that of `bootstrap`, the two after it are taken too, else any free ones are.
    """

    def __init__(
        self,
        home: Path,
        *,
        security: Security = Security.PLAINTEXT,
        properties: Mapping[str, str] | None = None,
        port: int | None = None,
    ) -> None:
        numbers = range(port, port + len(LISTENERS)) if port else free_ports(len(LISTENERS))
        self.home = home
        self.security = security
        self.ports = dict(zip(LISTENERS, numbers, strict=True))
        self.properties = dict(properties or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._reaper: Reaper | None = None

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients, with the security that this broker was made with."""
        return self._address("CLIENT")

    @property
    def internal(self) -> str:
        """`host:port` for a client that brings no credentials, whatever `bootstrap` asks for."""
        return self._address("INTERNAL")

    @property
    def certificate(self) -> Path:
        """The PEM file that a client of an encrypted broker must trust."""
        return certificate_of(self.home)

    @property
    def running(self) -> bool:
        """True while the process lives, frozen or not."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._live_process().pid

    @property
    def log(self) -> Path:
        return self.home / "broker.log"

    def start(self, *, deadline: float = 60.0, outlive_me: bool = False) -> None:
        """Start the broker and return when it answers; it dies with this process unless it is to `outlive_me`."""
        if self.running:
            raise BrokerError(f"the broker at {self.bootstrap} runs already")
        self.home.mkdir(parents=True, exist_ok=True)
        settings = settings_of(self.home)
        if not settings.exists() and not format_storage(self.home, self.security, self._server_properties(), self.log):
            raise BrokerError(f"the broker's storage in {self.home} could not be formatted\n{self.log_tail()}")
        command = java_command("kafka.Kafka", str(settings), options=JVM_OPTIONS)
        with self.log.open("ab") as log:
            log_start = log.tell()
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        self._reaper = None if outlive_me else Reaper(self._process.pid)
        self._wait_until_ready(log_start, deadline)

    def stop(self, *, deadline: float = 30.0) -> None:
        """Shut down in order: open transactions and group members are left as a clean restart leaves them."""
        process = self._live_process()
        self.thaw()
        process.terminate()
        try:
            process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.kill()
            raise BrokerError(f"the broker did not stop within {deadline:g} s\n{self.log_tail()}") from None
        self._forget_process()

    def kill(self) -> None:
        """End the broker at once (SIGKILL), as a lost machine would."""
        process = self._live_process()
        process.kill()
        process.wait()
        self._forget_process()

    def restart(self, *, deadline: float = 60.0) -> None:
        """Stop in order and start again on the same ports and data."""
        self.stop()
        self.start(deadline=deadline)

    def freeze(self) -> None:
        """Let the broker hang (SIGSTOP): connections stay open and nothing answers."""
        self._live_process().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen broker go on (SIGCONT); nothing changes for one that is not frozen."""
        self._live_process().send_signal(signal.SIGCONT)

    def log_tail(self, lines: int = 30) -> str:
        """The last lines of the broker's log, for an error message."""
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.running:
            self.stop()

    def _address(self, listener: str) -> str:
        return f"127.0.0.1:{self.ports[listener]}"

    def _server_properties(self) -> dict[str, str]:
        listeners = ",".join(f"{name}://{self._address(name)}" for name in self.ports)
        return {
            "listeners": listeners,
            "advertised.listeners": listeners,
            "listener.security.protocol.map": f"CLIENT:{self.security},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "controller.quorum.bootstrap.servers": self._address("CONTROLLER"),
            **self.properties,
        }

    def _live_process(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise BrokerError(f"the broker at {self.bootstrap} does not run\n{self.log_tail()}")
        return self._process

    def _forget_process(self) -> None:
        self._process = None
        if self._reaper is not None:
            self._reaper.dismiss()
            self._reaper = None

    def _wait_until_ready(self, log_start: int, deadline: float) -> None:
        process = self._live_process()
        give_up = time.monotonic() + deadline
        while True:
            with self.log.open("rb") as log:
                log.seek(log_start)
                if READY.encode() in log.read():
                    return
            if process.poll() is not None:
                self._forget_process()
                raise BrokerError(f"the broker ended with exit code {process.returncode}\n{self.log_tail()}")
            if time.monotonic() > give_up:
                self.kill()
                raise BrokerError(f"the broker was not ready within {deadline:g} s\n{self.log_tail()}")
            time.sleep(0.05)
