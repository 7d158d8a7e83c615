"""Where this machine has Java and the broker's jars."""

import os
import shutil
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
LIBS = REPOSITORY / "build" / "kafka" / "libs"
POM = Path(__file__).with_name("pom.xml")
LOG4J = Path(__file__).with_name("log4j2.properties")


class MissingBrokerError(Exception):
    """Java or the broker's jars are not installed; whoever runs the tests must run `make setup-tests`."""


def java_tool(name: str) -> str:
    """The path of `java` or `keytool`: JAVA_HOME's when that is set, else the first in PATH."""
    home = os.environ.get("JAVA_HOME")
    path = shutil.which(name, path=f"{home}/bin") if home else shutil.which(name)
    if path is None:
        where = f"JAVA_HOME ({home})" if home else "PATH"
        raise MissingBrokerError(f"no {name} in {where}: run 'make setup-tests' to install what the Kafka tests need")
    return path


def java_command(main_class: str, *arguments: str, options: tuple[str, ...] = ()) -> list[str]:
    """The command line that runs one of the broker's own programs on its jars."""
    if not any(LIBS.glob("kafka_2.13-*.jar")):
        raise MissingBrokerError(f"no Kafka jars in {LIBS}: run 'make setup-tests' to fetch them")
    logging = f"-Dlog4j2.configurationFile={LOG4J}"
    return [java_tool("java"), *options, logging, "-cp", f"{LIBS}/*", main_class, *arguments]
