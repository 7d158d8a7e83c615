"""Generating: a day's series of interactions with the contacts that waited longest (behaviours D28 to D45).

Pure: the same settings and the same candidates give the same events, to the byte. Asking twice schedules once, also
when contacts were reached, or came, in between: the ids come from the settings and the place in the series alone, and
a place that was filled before is not filled again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from config.errors import UsageError
from events.canonical import canonical_json, digest
from events.duration import format_duration
from events.instant import format_instant
from events.zones import zone
from projections.followups.candidates import Candidate, ValueRange
from projections.followups.clocks import date_at, instant_of

Event: TypeAlias = dict[str, object]
"""An event of the contract, to be written as JSON."""


class GenerationError(UsageError):
    """Whoever asks must choose other settings: with these no interaction is possible. Nothing was scheduled."""


class GenerationSettings(Struct, frozen=True):
    """What is to be generated, and with whom."""

    kind: Literal["customer", "prospect"]
    day: date
    start: time
    """Of the first one, by the clocks of `time_zone` on that day."""
    number: int
    """The most that are made."""
    duration_us: int
    gap_us: int
    """From the end of one to the start of the next."""
    assignee: str
    interaction_type: str | None = None
    note: str | None = None
    not_contacted_us: int | None = None
    """Those contacted within this span are left out; None: the filter is off."""
    value: ValueRange | None = None
    """None: the filter is off."""
    city: str | None = None
    postcode: str | None = None
    """Neither: everywhere."""
    time_zone: str = "UTC"
    """The assignee's."""

    @property
    def series(self) -> str:
        """Names the series: the same for the same settings, another for others."""
        value = self.value
        told = {
            "kind": self.kind,
            "day": self.day.isoformat(),
            "start": self.start.isoformat(),
            "number": self.number,
            "duration": format_duration(self.duration_us),
            "gap": format_duration(self.gap_us),
            "assignee": self.assignee,
            "interaction_type": self.interaction_type,
            "note": self.note,
            "not_contacted_within": _span(self.not_contacted_us),
            "value": value and [_decimal(value.above), _decimal(value.below), value.currency],
            "city": self.city and _place(self.city),
            "postcode": self.postcode and _place(self.postcode),
            "time_zone": self.time_zone,
        }
        return f"generated-{digest(canonical_json(told)).hex()}"

    def starts_us(self, place: int) -> int:
        """start + place * (duration + gap), in time that passes, also where clocks are changed (D34)."""
        first = instant_of(datetime.combine(self.day, self.start), zone(self.time_zone))
        return first + place * (self.duration_us + self.gap_us)


class Generated(Struct, frozen=True):
    """The events that are still to be sent, and how many of the series there were before."""

    events: tuple[Event, ...]
    present: int


def generate(
    settings: GenerationSettings,
    candidates: Iterable[Candidate],
    asked: Asked,
    filled: Mapping[int, str] | None = None,
) -> Generated:
    """The `interaction.scheduled` events of a series: for the longest not contacted first, then by contact_id.

    `filled` has the contacts of the places that are filled already. Fewer contacts: fewer events (D45).

    Raises:
        GenerationError: no contact passes every filter (it names the one that left nobody, D42), the day lies before
            the one on which it is asked, or the series does not fit into it.
    """
    filled = filled or {}
    _expect_room(settings, asked)
    present = set(filled.values())
    passing = _passing(settings, candidates, asked.at_us, present)
    passing.sort(key=lambda each: (each.contacted_us is not None, each.contacted_us or 0, each.contact_id))
    free = [place for place in range(settings.number) if place not in filled]
    pairs = zip(free, (each for each in passing if each.contact_id not in present), strict=False)
    return Generated(tuple(_event(settings, place, each.contact_id, asked) for place, each in pairs), len(filled))


class Asked(Struct, frozen=True):
    """When and by whom a series is asked for. Neither is a setting: the same series may be asked for again."""

    at_us: int
    """`occurred_at` of the events, and the instant that spans without contact end at."""
    actor: str


def _passing(
    settings: GenerationSettings, candidates: Iterable[Candidate], at_us: int, present: set[str]
) -> list[Candidate]:
    left = list(candidates)
    for left_out, passes in _filters(settings, at_us):
        before, left = left, [each for each in left if passes(each)]
        if not left and not present:
            of = "there is nobody" if not before else f"{left_out} left nobody of {len(before):,}"
            raise GenerationError(f"no interaction is possible: {of}; choose a wider filter, or leave it out")
    return left


def _filters(settings: GenerationSettings, at_us: int) -> Sequence[tuple[str, Callable[[Candidate], bool]]]:
    """The filters that are on, by what is said of one that leaves nobody."""
    filters: list[tuple[str, Callable[[Candidate], bool]]] = [
        (f"kind {settings.kind}", lambda each: each.kind == settings.kind)
    ]
    span, value = settings.not_contacted_us, settings.value
    if span is not None:
        said = f"not contacted within {format_duration(span)}"
        filters.append((said, lambda each: each.contacted_us is None or at_us - each.contacted_us > span))
    if value is not None:
        filters.append((f"opportunities {_range(value)}", lambda each: any(map(value.holds, each.opportunities))))
    for name in ("city", "postcode"):
        place = getattr(settings, name)
        if place is not None:
            filters.append((f"{name} {place}", _is_in(name, _place(place))))
    return filters


def _is_in(name: str, place: str) -> Callable[[Candidate], bool]:
    return lambda each: _place(getattr(each, name) or "") == place


def _event(settings: GenerationSettings, place: int, contact_id: str, asked: Asked) -> Event:
    interaction_id = f"{settings.series}-{place}"
    event: Event = {
        "type": "interaction.scheduled",
        "event_id": interaction_id,
        "contact_id": contact_id,
        "interaction_id": interaction_id,
        "occurred_at": format_instant(asked.at_us),
        "actor": asked.actor,
        "kind": settings.kind,
        "starts_at": format_instant(settings.starts_us(place)),
        "duration": format_duration(settings.duration_us),
        "assignee": settings.assignee,
        "source": "generated",
    }
    optional = {"interaction_type": settings.interaction_type, "note": settings.note}
    return event | {name: value for name, value in optional.items() if value is not None}


def _expect_room(settings: GenerationSettings, asked: Asked) -> None:
    where = zone(settings.time_zone)
    if settings.starts_us(0) < asked.at_us:
        raise GenerationError(
            f"{settings.day} {settings.start:%H:%M} in {settings.time_zone} lies before {format_instant(asked.at_us)}, "
            "when it is asked for: choose a later day"
        )
    room = next((n for n in range(settings.number) if date_at(settings.starts_us(n), where) != settings.day), None)
    if room is not None:
        raise GenerationError(
            f"{settings.number:,} interactions of {format_duration(settings.duration_us)}, "
            f"{format_duration(settings.gap_us)} apart, do not fit into {settings.day} from {settings.start:%H:%M}: "
            f"{room:,} do"
        )


_NO_BOUND: Final = "any"


def _range(value: ValueRange) -> str:
    above = f"above {value.above:f}" if value.above is not None else ""
    below = f"below {value.below:f}" if value.below is not None else ""
    bounds = " and ".join(filter(None, (above, below))) or _NO_BOUND
    return f"{bounds} {value.currency}" if value.currency else bounds


def _span(us: int | None) -> str | None:
    return None if us is None else format_duration(us)


def _decimal(value: Decimal | None) -> str | None:
    """The same for 10, 10.0 and 1e1."""
    return None if value is None else f"{value.normalize():f}"


def _place(text: str) -> str:
    """A town or postcode however it is spaced and in whatever case: `ls1 4ap` and `LS1 4AP` are one."""
    return "".join(text.casefold().split())
