"""Settings and formatted storage of a one-node broker."""

import base64
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from tests.kafka.classpath import java_command
from tests.kafka.listener import Security, listener_properties, make_certificate, scram_users

ONE_NODE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "INTERNAL",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "num.network.threads": "2",
    "num.io.threads": "2",
    # The default of 128 MiB leaves a heap of 512 too little.
    "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
    "log.segment.bytes": str(64 * 1024 * 1024),
}
FOR_TESTS = {
    # A test that forgets to create its topics should learn so.
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    # Lets a test lose a worker in less than the product's shortest session.
    "group.min.session.timeout.ms": "1000",
    # After a SIGKILL the node may register again only when its former session has passed: by default 9 s.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
}


def settings_of(home: Path) -> Path:
    """The settings file; it exists once the storage is formatted."""
    return home / "server.properties"


def format_storage(home: Path, security: Security, properties: Mapping[str, str], log: Path) -> bool:
    """Write the settings and an empty log below `home`; False when Kafka refuses them, `log` says why."""
    if security.encrypts:
        make_certificate(home)
    data = {"log.dirs": str(home / "data")}
    settings = {**ONE_NODE, **FOR_TESTS, **data, **listener_properties(security, home), **properties}
    unfinished = home / "server.properties.unfinished"
    unfinished.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    arguments = ("--standalone", "-t", _random_cluster_id(), "-c", str(unfinished), *scram_users(security))
    options = ("-Xmx128m", "-XX:TieredStopAtLevel=1")
    command = java_command("kafka.tools.StorageTool", "format", *arguments, options=options)
    with log.open("ab") as output:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode == 0:
        unfinished.replace(settings_of(home))
    return done.returncode == 0


def _random_cluster_id() -> str:
    # Kafka's form of a UUID: 22 characters of URL-safe base64. One that begins with '-' would read as an option.
    while (encoded := base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()).startswith("-"):
        pass
    return encoded
