"""The catalogue: which touchpoints exist, how long each counts, how a conversion is credited (contract, section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from config.catalogue_file import read_catalogue_file, refused
from config.changes import contradictions, rulebook_of
from config.compatibility import broken_promise
from config.errors import BrokenEnvironmentError, CatalogueError
from config.rules import ModelSpec, Rulebook, Rules, TouchpointRules

__all__ = ["Catalogue", "ModelSpec", "Rules", "incompatibility", "load_catalogue"]

SHIPPED: Final = Path(__file__).with_name("catalogue.toml")
NO_DIMENSIONS: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A valid catalogue, compiled for look-ups in a hot loop. Equal fingerprints mean equal rules."""

    source: str
    """Where it was read, for messages."""
    rulebook: Rulebook
    fingerprint: str
    horizon_us: int
    retention_us: int
    max_window: int
    steady: Mapping[str, TouchpointRules]
    """The names without dated changes: one look-up instead of two and a search, in the hot loop."""

    @classmethod
    def compiled(cls, rulebook: Rulebook, source: str) -> Catalogue:
        """Make the look-ups of a rulebook."""
        return cls(
            source=source,
            rulebook=rulebook,
            fingerprint=sha256(_serialised(rulebook)).hexdigest(),
            horizon_us=rulebook.attribution_horizon_us,
            retention_us=rulebook.conversion_retention_us,
            max_window=rulebook.max_window,
            steady={name: rules.values[0] for name, rules in rulebook.touchpoints.items() if not rules.starts_us},
        )

    def lifetime_us(self, name: str, occurred_us: int) -> int | None:
        """Give how long a touchpoint of that name and time counts; None: name unknown and no `default_lifetime`."""
        rules = self.steady.get(name) or self._touchpoint_at(name, occurred_us)
        return self.rulebook.default_lifetime_us if rules is None else rules.lifetime_us

    def dimensions_of(self, name: str, occurred_us: int) -> Mapping[str, str]:
        """Give the dimensions of a touchpoint of that name and time, by code point; none for an unknown name."""
        rules = self.steady.get(name) or self._touchpoint_at(name, occurred_us)
        return NO_DIMENSIONS if rules is None else rules.dimensions

    def _touchpoint_at(self, name: str, occurred_us: int) -> TouchpointRules | None:
        timeline = self.rulebook.touchpoints.get(name)
        return None if timeline is None else timeline.at(occurred_us)

    def rules_at(self, conversion_occurred_us: int) -> Rules:
        """Give the rules for a conversion of that time."""
        return self.rulebook.conversions.at(conversion_occurred_us)

    def serialised(self) -> str:
        """Give the rules as canonical JSON, the same for the same meaning: what a state stores."""
        return _serialised(self.rulebook).decode()


def load_catalogue(path: Path | None) -> Catalogue:
    """Read a catalogue; None: the one that ships. CatalogueError says in one line all that is wrong with it."""
    source = "the catalogue that ships" if path is None else str(path)
    try:
        text = (path or SHIPPED).read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise CatalogueError(f"{source}: there is no such catalogue; name another or write one") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{source} cannot be read as a catalogue: {error}") from error
    file = read_catalogue_file(text, source)
    if faults := list(contradictions(file)):
        raise refused(source, text, faults)
    return Catalogue.compiled(rulebook_of(file), source)


# Made before any thread needs it: msgspec may crash when two threads build the same one at once.
_decode_rulebook = msgspec.json.Decoder(Rulebook).decode


def incompatibility(stored: str, new: Catalogue, newest_event_us: int | None) -> str | None:
    """Say which rule that a state was made with the new catalogue breaks, and what to do; None: it breaks none.

    `stored` is `serialised()` of the state's catalogue, `newest_event_us` the state's newest event time (None: none
    yet, so that only what stands without a date is compared). BrokenEnvironmentError: `stored` is not readable.
    """
    try:
        rulebook = _decode_rulebook(stored)
    except msgspec.MsgspecError as error:
        raise BrokenEnvironmentError(
            f"the rules stored with the state are damaged ({error}): run `evenhand state reset`, then start again"
        ) from error
    broken = broken_promise(rulebook, new.rulebook, newest_event_us)
    return None if broken is None else f"{new.source}: {broken}"


def _serialised(rulebook: Rulebook) -> bytes:
    return msgspec.json.encode(rulebook, order="sorted")
