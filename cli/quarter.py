"""The time in which the sample charity lives: its days and seconds, its campaigns, how busy each hour is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from cli.outreach import CAMPAIGNS, Campaign, Channel

DAY = 86_400
"""Seconds of a day."""

CLOCK = tuple(f"T{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(DAY))


@dataclass(frozen=True)
class Quarter:
    """So many contacts for so many days. Seconds count from midnight UTC of its first day."""

    contacts: int
    days: int
    start: date
    seed: int
    _dates: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # One day more, for the local times of an office east of Greenwich.
        dates = tuple((self.start + timedelta(days=day)).isoformat() for day in range(self.days + 1))
        object.__setattr__(self, "_dates", dates)

    @property
    def seconds(self) -> int:
        """How long it lasts."""
        return self.days * DAY

    def stamp(self, second: int, offset_hours: int = 0) -> str:
        """A second in RFC 3339, as a clock writes it that many hours ahead of UTC."""
        local = second + offset_hours * 3600
        return self._dates[local // DAY] + CLOCK[local % DAY] + (f"+{offset_hours:02d}:00" if offset_hours else "Z")

    def campaign_on(self, day: int) -> Campaign | None:
        """The campaign that runs on a day, numbered from 0."""
        return next((campaign for campaign in CAMPAIGNS if day in self._days_of(campaign)), None)

    def _days_of(self, campaign: Campaign) -> list[int]:
        days = list(range(int(campaign.first * self.days), int(campaign.last * self.days)))
        if campaign.weekday is None:
            return days
        return [day for day in days if self._weekday(day) == campaign.weekday][:1]

    def _weekday(self, day: int) -> int:
        return (self.start.weekday() + day) % 7

    def meetings(self, channel: Channel, hour: int) -> float:
        """Meetings to expect on a channel in an hour of the quarter, for all its contacts, before any campaign."""
        of_the_day = int(channel.hours[hour % 24]) / sum(map(int, channel.hours))
        of_the_week = 7 * int(channel.week[self._weekday(hour // 24)]) / sum(map(int, channel.week))
        return self.contacts / 1000 * channel.share * of_the_day * of_the_week
