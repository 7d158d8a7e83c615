"""The broker's client listener: open, behind a password, or encrypted."""

import subprocess
from enum import StrEnum
from pathlib import Path

from tests.kafka.classpath import java_tool

USERNAME = "evenhand"
PASSWORD = "correct horse battery staple"

_KEYSTORE_PASSWORD = "only-for-tests"
_LOGIN_MODULES = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}


class Security(StrEnum):
    """What a client must bring, in Kafka's own words for `security.protocol`."""

    PLAINTEXT = "PLAINTEXT"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SSL = "SSL"
    SASL_SSL = "SASL_SSL"

    @property
    def asks_password(self) -> bool:
        return self.startswith("SASL_")

    @property
    def encrypts(self) -> bool:
        return self.endswith("SSL")


def listener_properties(security: Security, home: Path) -> dict[str, str]:
    """The server properties of a listener named CLIENT with this security."""
    return _password_properties(security) | _encryption_properties(security, home)


def scram_users(security: Security) -> list[str]:
    """The options that write USERNAME into the log as the storage is formatted."""
    mechanisms = [name for name in _LOGIN_MODULES if name.startswith("SCRAM")] if security.asks_password else []
    user = f"[name={USERNAME},password={PASSWORD}]"
    return [option for name in mechanisms for option in ("--add-scram", f"{name}={user}")]


def certificate_of(home: Path) -> Path:
    """The PEM file that a client of an encrypted listener must trust."""
    return home / "broker.pem"


def make_certificate(home: Path) -> None:
    """Make a key and its self-signed certificate for 127.0.0.1 and localhost."""
    certificate = certificate_of(home)
    unlock = ["-keystore", str(_keystore(home)), "-storepass", _KEYSTORE_PASSWORD, "-alias", "broker"]
    subject = ["-dname", "CN=localhost", "-ext", "SAN=ip:127.0.0.1,dns:localhost", "-ext", "bc=ca:true"]
    key = ["-genkeypair", "-keyalg", "EC", "-validity", "2", "-storetype", "PKCS12"]
    for command in ([*key, *unlock, *subject], ["-exportcert", "-rfc", *unlock, "-file", str(certificate)]):
        subprocess.run([java_tool("keytool"), *command], check=True, capture_output=True)


def _keystore(home: Path) -> Path:
    return home / "broker.p12"


def _password_properties(security: Security) -> dict[str, str]:
    if not security.asks_password:
        return {}
    logins = {
        f"listener.name.client.{mechanism.lower()}.sasl.jaas.config": _jaas(module, known=mechanism == "PLAIN")
        for mechanism, module in _LOGIN_MODULES.items()
    }
    return {"sasl.enabled.mechanisms": ",".join(_LOGIN_MODULES), **logins}


def _jaas(module: str, *, known: bool) -> str:
    # PLAIN keeps its users here, SCRAM in the log.
    user = f' user_{USERNAME}="{PASSWORD}"' if known else ""
    return f"{module} required{user};"


def _encryption_properties(security: Security, home: Path) -> dict[str, str]:
    if not security.encrypts:
        return {}
    return {
        "listener.name.client.ssl.keystore.location": str(_keystore(home)),
        "listener.name.client.ssl.keystore.password": _KEYSTORE_PASSWORD,
        "listener.name.client.ssl.keystore.type": "PKCS12",
    }
