"""What a broker answers while it goes down or comes up is no reason for a worker to end: it waits."""

from __future__ import annotations

import pytest
from kafka.errors import KafkaError, UnknownBrokerIdError, UnknownError

from streams.admin.failure import BrokersAwayError, broken_cluster


@pytest.mark.parametrize("error", [UnknownBrokerIdError(-1), UnknownError()])
def test_a_partition_without_a_leader_and_a_broker_without_an_answer_are_waited_for(error: KafkaError) -> None:
    assert isinstance(broken_cluster("kafka:9092", error, []), BrokersAwayError)
