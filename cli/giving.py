"""What supporters of the sample charity give, and what becomes of a gift afterwards."""

from __future__ import annotations

from typing import NamedTuple


class Gift(NamedTuple):
    """A kind of gift, with what is handed back when only a part of it is refunded."""

    times: int
    """How often among a hundred or so gifts."""
    name: str
    currency: str
    value: str
    part: str


GIFTS = (
    Gift(6, "donation", "GBP", "5.00", "2.50"),
    Gift(16, "donation", "GBP", "10.00", "5.00"),
    Gift(8, "donation", "GBP", "15", "5"),
    Gift(14, "donation", "GBP", "20.00", "10.00"),
    Gift(10, "donation", "GBP", "25.00", "12.50"),
    Gift(5, "donation", "GBP", "33.33", "11.11"),
    Gift(9, "donation", "GBP", "50.00", "20.00"),
    Gift(4, "donation", "GBP", "100.00", "50.00"),
    Gift(2, "donation", "GBP", "250.00", "125.00"),
    Gift(1, "donation", "GBP", "1000.00", "10.01"),
    Gift(6, "sponsorship", "GBP", "17.35", "7.35"),
    Gift(4, "sponsorship", "GBP", "26.20", "0.20"),
    Gift(2, "sponsorship", "GBP", "500.00", "250.00"),
    Gift(5, "pledge", "GBP", "8.00", "8.00"),
    Gift(3, "pledge", "GBP", "12.50", "12.49"),
    Gift(2, "donation", "EUR", "30.00", "15.00"),
    Gift(1, "sponsorship", "EUR", "45.90", "0.01"),
    Gift(1, "donation", "JPY", "5000", "1667"),
    Gift(1, "pledge", "JPY", "1500", "500"),
)

UNPROMPTED_GIFTS = 1.0
"""Gifts that no meeting led up to, per 1,000 supporters and day."""

GIFT_AIDED = 0.4
"""Share of gifts whose giver declared Gift Aid; it is carried in the properties."""

REFUNDED_IN_PART = 0.012
REFUNDED = 0.006
REFUNDED_TWICE = 0.003
"""By mistake, all of it two times over."""
CANCELLED = 0.009
"""Shares of gifts that are taken back, each in its way."""


def takings(gift: Gift, draw: float) -> tuple[str | None, ...]:
    """The refunds that a gift will see, None for a cancellation, by a draw between 0 and 1: mostly none at all."""
    aftermaths: tuple[tuple[float, tuple[str | None, ...]], ...] = (
        (REFUNDED_IN_PART, (gift.part,)),
        (REFUNDED, (gift.value,)),
        (REFUNDED_TWICE, (gift.value, gift.value)),
        (CANCELLED, (None,)),
    )
    for share, taken in aftermaths:
        if draw < share:
            return taken
        draw -= share
    return ()
