"""What a chunk has to say, as records for the output topics."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from events.refusal import Refusal
from streams.crediting import Crediting, Said
from streams.dead_letter import encode_dead_letter
from streams.live.publisher import Output
from streams.live.tools import Tools
from streams.message import credit_key, shadow_key
from streams.received import Received


class Outputs:
    """Turns refusals and credits into records, and counts them once they stand in the topics."""

    def __init__(self, tools: Tools, crediting: Crediting) -> None:
        self._topics = tools.topics
        self._metrics = tools.metrics
        self._crediting = crediting
        self.bytes_per_credit = 2_000.0
        """Of the last chunk that had any: shadow models included."""
        self._counts: list[Callable[[], None]] = []

    def of(self, refused: list[tuple[Received, Refusal]]) -> Iterator[list[Output]]:
        """The dead letters, then the new versions of the credits that were touched; a conversion's stay together."""
        self._counts.clear()
        for received, refusal in refused:
            self._counts.append(self._metrics.dead_letters.labels(received.topic, refusal.reason.value).inc)
            yield [Output(self._topics.dead_letters, received.key, encode_dead_letter(received, refusal))]
        credits = size = 0
        for said in self._crediting.say():
            outputs = self._credits(said)
            credits += 1
            size += sum([len(output.value) for output in outputs])
            yield outputs
        if credits:
            self.bytes_per_credit = size / credits

    def published(self) -> None:
        """Count what was made last."""
        for count in self._counts:
            count()

    def _credits(self, said: Said) -> list[Output]:
        if said.reissued:
            self._counts.append(self._metrics.reissued.inc)
        outputs = []
        for place, (credit, message) in enumerate(said.credits):
            self._counts.append(self._metrics.credits.labels(credit.model).inc)
            if credit.capped:
                self._counts.append(self._metrics.capped.inc)
            if place == 0:
                topic, key = self._topics.credits, credit_key(said.contact_id, said.conversion_id)
            else:
                topic, key = self._topics.credits_shadow, shadow_key(said.contact_id, said.conversion_id, credit.model)
            outputs.append(Output(topic, key, message, said.lift))
        return outputs
