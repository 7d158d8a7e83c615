"""From touched conversions to credits that must be said: versions, caps, models."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from config.catalogue import Catalogue, ModelSpec
from config.rules import Rules
from streams.attribution import Attribution
from streams.contact import Contact
from streams.credit import Claim, Credit, assign_credit
from streams.message import encode_credit
from streams.rows import ConversionRow
from streams.window import Touch
from streams.windows import Windows

MESSAGE_LIMIT = 8 << 20
"""A credit whose message would pass this many bytes counts only its newest touchpoints (contract, section 3)."""


class Said(Struct, frozen=True):
    """One version of a conversion's credit: under the catalogue's model first, then under each shadow model."""

    contact_id: str
    conversion_id: str
    lift: int
    reissued: bool
    credits: list[tuple[Credit, bytes]]
    """With the bytes of its message."""


class Crediting:
    """Says the credits that a decider's facts have touched."""

    def __init__(self, catalogue: Catalogue, decider: Attribution) -> None:
        self._decider = decider
        self._windows = Windows(catalogue, decider.state)
        self._rules_at = catalogue.rules_at
        self._newest = catalogue.max_window

    def say(self) -> Iterator[Said]:
        """The new version of each touched conversion's credit that was not said yet; from then on it counts as said."""
        for (prefix, conversion_id), contact in self._decider.touched.items():
            row = self._decider.state.conversions(contact)[conversion_id]
            window = self._windows.at(contact, row.occurred_us)
            version = _version(row, window)
            if version > row.said:
                said = self._said(prefix, conversion_id, row, window, version)
                row.said = version
                self._decider.state.put_conversion(contact, conversion_id, row)
                yield said
        self._decider.touched.clear()

    def keep_quiet(self) -> None:
        """Let the touched conversions wait, those whose version was said before for good."""
        state = self._decider.state
        for (_, conversion_id), contact in self._decider.touched.items():
            row = state.conversions(contact)[conversion_id]
            if _version(row, self._windows.at(contact, row.occurred_us)) > row.said:
                state.owe(contact, conversion_id)
        self._decider.touched.clear()

    def speak_up(self) -> None:
        """Touch the conversions that were kept quiet about."""
        for contact, conversion_id in self._decider.state.owed():
            self._decider.touched[contact.prefix, conversion_id] = contact

    def credits_of(self, contact: Contact, conversion_id: bytes) -> list[tuple[Credit, bytes]]:
        """What a held conversion earns as things stand, said or not, under every model."""
        row = self._decider.state.conversions(contact)[conversion_id]
        window = self._windows.at(contact, row.occurred_us)
        return self._said(contact.prefix, conversion_id, row, window, _version(row, window)).credits

    def _said(self, prefix: bytes, conversion_id: bytes, row: ConversionRow, window: list[Touch], version: int) -> Said:
        rules = self._rules_at(row.occurred_us)
        name, currency = row.name_and_currency
        claim = Claim(
            contact_id=prefix[:-1].decode(),
            conversion_id=conversion_id.decode(),
            conversion=name,
            occurred_us=row.occurred_us,
            currency=currency,
            amount_minor=row.amount_minor,
            refunded_minor=row.taken_back_minor,
        )
        models = (rules.model, *rules.shadow_models)
        credits = [self._credit(claim, window, version, model, rules) for model in models]
        return Said(claim.contact_id, claim.conversion_id, row.lift, row.said > 0, credits)

    def _credit(
        self, claim: Claim, window: list[Touch], version: int, model: ModelSpec, rules: Rules
    ) -> tuple[Credit, bytes]:
        credit = assign_credit(claim, window, version, model, rules, self._newest)
        message = encode_credit(credit)
        if len(message) <= MESSAGE_LIMIT:
            return credit, message
        fits, too_many = 0, min(len(window), self._newest)
        while too_many - fits > 1:
            newest = (fits + too_many) // 2
            credit = assign_credit(claim, window, version, model, rules, newest)
            if len(encode_credit(credit)) <= MESSAGE_LIMIT:
                fits = newest
            else:
                too_many = newest
        credit = assign_credit(claim, window, version, model, rules, fits)
        return credit, encode_credit(credit)


def _version(row: ConversionRow, window: list[Touch]) -> int:
    """1 + the facts that could have changed this credit, also those that did not, + the lift (contract, section 1)."""
    return 1 + row.lift + row.followers + len(window) + sum([touch.retractions for touch in window])
