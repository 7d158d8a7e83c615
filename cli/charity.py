"""A quarter in the life of a charity, as events in the order in which they happen.

Supporters are met, some come back, some give; a few gifts are refunded or cancelled, a few meetings retracted. Held in
memory is only what is still to come, days at most, so that the length of the quarter does not matter.

The same quarter gives the same bytes on every Python and machine: of the random module only `Random.random()` is
promised to stay as it is, so everything is drawn with that and plain arithmetic.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterator
from functools import partial
from heapq import heappop, heappush
from itertools import accumulate
from random import Random
from typing import TypeAlias

from cli.giving import GIFT_AIDED, GIFTS, UNPROMPTED_GIFTS, Gift, takings
from cli.outreach import CHANNELS, COMING_BACK, Campaign, Channel, wordings
from cli.quarter import DAY, Quarter

Happening: TypeAlias = tuple[int, str]
"""The second of the quarter at which something happened, and the event that tells of it, in JSON."""

RETRACTED = 0.002
"""Share of meetings that turn out to be no such thing."""
MISTAKES = ("logged on the wrong record", "consent withdrawn", "test by the web team")


class Charity:
    """The charity and what it already knows will happen."""

    def __init__(self, quarter: Quarter) -> None:
        self._quarter = quarter
        self._random = Random(quarter.seed).random
        self._agenda: list[tuple[int, int, Callable[[int], str]]] = []
        self._planned = 0
        self._told = 0
        self._campaign: Campaign | None = None
        self._generosity = 1.0
        self._wordings: dict[str, list[str]] = {}
        self._gifts = [gift for gift in GIFTS for _ in range(gift.times)]
        self._comebacks = [channel for name in COMING_BACK for channel in CHANNELS if channel.name == name]

    def live(self) -> Iterator[Happening]:
        """Every event of the quarter, in the order of its happening."""
        for hour in range(self._quarter.days * 24):
            if hour % 24 == 0:
                self._wake(hour // 24)
            self._plan(hour)
            while self._agenda and self._agenda[0][0] < (hour + 1) * 3600:
                second, _, happen = heappop(self._agenda)
                yield second, happen(second)

    def _wake(self, day: int) -> None:
        self._campaign = self._quarter.campaign_on(day)
        self._generosity = self._campaign.generosity if self._campaign else 1.0
        self._wordings = {channel.name: wordings(channel, self._campaign) for channel in CHANNELS}

    def _plan(self, hour: int) -> None:
        busier = self._campaign.busier if self._campaign else {}
        expected = [self._quarter.meetings(channel, hour) * busier.get(channel.name, 1) for channel in CHANNELS]
        cumulated = list(accumulate(expected))
        for _ in range(int(cumulated[-1] + self._random())):
            channel = CHANNELS[bisect(cumulated, self._random() * cumulated[-1], hi=len(CHANNELS) - 1)]
            self._schedule(hour * 3600 + int(self._random() * 3600), partial(self._meet, self._anyone(), channel))
        for _ in range(int(self._quarter.contacts * UNPROMPTED_GIFTS / 24_000 + self._random())):
            self._schedule(hour * 3600 + int(self._random() * 3600), partial(self._give, self._anyone()))

    def _schedule(self, second: int, happen: Callable[[int], str]) -> None:
        if second < self._quarter.seconds:
            self._planned += 1  # breaks ties, so that nothing but time and planning decides the order
            heappush(self._agenda, (second, self._planned, happen))

    def _anyone(self) -> int:
        """A supporter's number. Long-standing supporters have the low numbers: 5 % of all, and 30 % of the meetings."""
        draw = self._random()
        if draw < 0.30:
            place = draw / 0.30 * 0.05
        elif draw < 0.75:
            place = 0.05 + (draw - 0.30) / 0.45 * 0.25
        else:
            place = 0.30 + (draw - 0.75) / 0.25 * 0.70
        return int(place * self._quarter.contacts) + 1

    def _zeal(self, supporter: int) -> float:
        place = supporter / self._quarter.contacts
        return 2.0 if place <= 0.05 else 1.0 if place <= 0.30 else 0.5

    def _tell(self, kind: str, letter: str, supporter: int, when: str, rest: str) -> str:
        self._told += 1
        return (
            f'{{"type":"{kind}","event_id":"{letter}{self._told}","contact_id":"donor-{supporter:06d}",'
            f'"occurred_at":"{when}",{rest}}}'
        )

    def _meet(self, supporter: int, channel: Channel, second: int) -> str:
        choice = self._wordings[channel.name]
        rest = choice[int(self._random() * len(choice))]
        when = self._quarter.stamp(second, channel.offset_hours)
        line = self._tell("touchpoint.recorded", "t", supporter, when, rest)
        draw = self._random()
        gives = channel.gives * self._generosity * self._zeal(supporter)
        if draw < gives:
            self._schedule(second + 60 + self._soon(5 * DAY), partial(self._give, supporter))
        elif draw < gives + channel.returns:
            again = self._comebacks[int(self._random() * len(self._comebacks))]
            self._schedule(second + 300 + self._soon(6 * DAY), partial(self._meet, supporter, again))
        elif draw > 1 - RETRACTED:
            touchpoint = f"t{self._told}"
            self._schedule(second + 3600 + self._soon(3 * DAY), partial(self._retract, supporter, touchpoint))
        return line

    def _soon(self, longest: int) -> int:
        """Seconds until something that mostly happens early, within `longest`."""
        draw = self._random()
        return int(draw * draw * draw * longest)

    def _retract(self, supporter: int, touchpoint: str, second: int) -> str:
        reason = MISTAKES[int(self._random() * len(MISTAKES))]
        rest = f'"touchpoint_id":"{touchpoint}","reason":"{reason}"'
        return self._tell("touchpoint.retracted", "r", supporter, self._quarter.stamp(second), rest)

    def _give(self, supporter: int, second: int) -> str:
        gift = self._gifts[int(self._random() * len(self._gifts))]
        rest = f'"name":"{gift.name}","value":"{gift.value}","currency":"{gift.currency}"'
        if self._random() < GIFT_AIDED:
            rest += ',"properties":{"gift_aid":true}'
        line = self._tell("conversion.recorded", "c", supporter, self._quarter.stamp(second), rest)
        self._regret(supporter, f"c{self._told}", gift, second)
        return line

    def _regret(self, supporter: int, conversion: str, gift: Gift, second: int) -> None:
        """Now and then plans that a gift is taken back."""
        for taking in takings(gift, self._random()):
            when = second + 7200 + self._soon(20 * DAY)
            if taking is None:
                self._schedule(when, partial(self._cancel, supporter, conversion))
            else:
                self._schedule(when, partial(self._refund, supporter, conversion, taking, gift.currency))

    def _refund(self, supporter: int, conversion: str, value: str, currency: str, second: int) -> str:
        rest = f'"conversion_id":"{conversion}","value":"{value}","currency":"{currency}"'
        return self._tell("conversion.refunded", "f", supporter, self._quarter.stamp(second), rest)

    def _cancel(self, supporter: int, conversion: str, second: int) -> str:
        rest = f'"conversion_id":"{conversion}"'
        return self._tell("conversion.cancelled", "x", supporter, self._quarter.stamp(second), rest)
