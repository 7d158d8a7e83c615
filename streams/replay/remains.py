"""What an erased contact leaves: the amounts of its conversions, by dimension, and no one's (contract, part 2)."""

from __future__ import annotations

from msgspec.structs import replace

from streams.credit import Credit
from streams.crediting import Said
from streams.message import encode_credit
from streams.received import UNTIMED
from streams.replay.entry import KINDS, Entry


class Remains:
    """The credits of one life, said again under the erasure that ended it, with ordinals for ids."""

    def __init__(self, contact_id: str, erased_us: int, erasure: str) -> None:
        self.entry: Entry = (contact_id, erased_us, len(KINDS), erasure, 0, 0, UNTIMED, (), b"")
        """The erasure, as the fact that all of it is said for."""
        self._contact_id = f"erased:{erasure}"
        self._ordinals: dict[str, str] = {}

    def of(self, said: Said) -> Said:
        """A credit without the contact, the conversion's id and the touchpoints.

        Ordinals count the conversions in the order in which they are first given.
        """
        ordinal = self._ordinals.setdefault(said.conversion_id, str(len(self._ordinals) + 1))
        credits = [self._nameless(credit, ordinal) for credit, _ in said.credits]
        return replace(
            said,
            contact_id=self._contact_id,
            conversion_id=ordinal,
            credits=[(credit, encode_credit(credit)) for credit in credits],
        )

    def _nameless(self, credit: Credit, ordinal: str) -> Credit:
        claim = replace(credit.claim, contact_id=self._contact_id, conversion_id=ordinal)
        return replace(credit, claim=claim, evidence=(), credits_minor=())
