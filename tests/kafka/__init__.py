"""A real Kafka broker for tests, benchmarks and developers, from Maven Central's jars."""

from tests.kafka.broker import Broker, BrokerError
from tests.kafka.classpath import MissingBrokerError
from tests.kafka.listener import PASSWORD, USERNAME, Security

__all__ = ["PASSWORD", "USERNAME", "Broker", "BrokerError", "MissingBrokerError", "Security"]
