"""The bytes of scores and of their moves between bands: compact UTF-8 JSON, fields in the contract's order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from events.instant import format_instant
from projections.scores.score import Score


def next_version(as_of_us: int, last: int | None) -> int:
    """The version of a score: its instant, or the last version and one, so that it only grows. None: there is none."""
    return as_of_us if last is None else max(as_of_us, last + 1)


def encode_score(score: Score, version: int) -> bytes:
    """The value of a record of topic `scores` (contract, part 2, section 2)."""
    message: dict[str, object] = {
        "contact_id": score.contact_id,
        "profile_id": score.profile_id,
        "profile_revision": score.revision,
        "score": score.score,
        "unclamped": score.unclamped,
        "band": score.band,
        "as_of": format_instant(score.as_of_us),
        "rules": [{"rule_id": rule.rule_id, "times": rule.times, "points": rule.points} for rule in score.rules],
    }
    if score.groups:
        message["groups"] = [{"group_id": group.group_id, "points": group.points} for group in score.groups]
    message["adjusted"] = score.adjusted
    message["version"] = version
    return _encode(message)


def encode_change(score: Score, version: int, band: str | None, previous_band: str | None) -> bytes:
    """The value of a record of topic `score-changes`: the band that is said now, and the one said last."""
    return _encode(
        {
            "contact_id": score.contact_id,
            "profile_id": score.profile_id,
            "profile_revision": score.revision,
            "band": band,
            "previous_band": previous_band,
            "score": score.score,
            "as_of": format_instant(score.as_of_us),
            "version": version,
        }
    )


def score_key(contact_id: str, profile_id: str) -> bytes:
    """The key of a record of topic `scores`, and `score-changes`: no two scores share one."""
    return _encode((contact_id, profile_id))


def _encode(message: Mapping[str, object] | Sequence[str]) -> bytes:
    # Sums of points may have more than 64 bits, which msgspec does not write.
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
