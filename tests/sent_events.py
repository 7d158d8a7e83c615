"""Events as producers send them, one of each type, for tests to change a field of."""

from __future__ import annotations

import json
from typing import Any

Sent = dict[str, Any]
ABSENT = object()


def touchpoint(**changes: object) -> Sent:
    return _changed({**_who("touchpoint.recorded"), "name": "google_ad_click"}, changes)


def retraction(**changes: object) -> Sent:
    return _changed({**_who("touchpoint.retracted"), "touchpoint_id": "t1"}, changes)


def conversion(**changes: object) -> Sent:
    return _changed({**_who("conversion.recorded"), "name": "donation", "value": "50.00", "currency": "GBP"}, changes)


def refund(**changes: object) -> Sent:
    sent = {**_who("conversion.refunded"), "conversion_id": "c1", "value": "5.00", "currency": "GBP"}
    return _changed(sent, changes)


def cancellation(**changes: object) -> Sent:
    return _changed({**_who("conversion.cancelled"), "conversion_id": "c1"}, changes)


def updated(attributes: object = None, **changes: object) -> Sent:
    return _changed({**_who("contact.updated"), "attributes": {} if attributes is None else attributes}, changes)


def adjusted(**changes: object) -> Sent:
    return _changed({**_who("score.adjusted"), "profile_id": "engagement", "points": 5, "actor": "u1"}, changes)


def erased(**changes: object) -> Sent:
    return _changed(_who("contact.erased"), changes)


def interaction(what: str, /, **changes: object) -> Sent:
    """Of `interaction.<what>`, what every such event has."""
    return _changed({**_who(f"interaction.{what}"), "interaction_id": "i1", "actor": "u1"}, changes)


def scheduled(**changes: object) -> Sent:
    return interaction("scheduled", **{"kind": "customer", **changes})


def edited(**changes: object) -> Sent:
    return interaction("edited", **changes)


def completed(**changes: object) -> Sent:
    return interaction("completed", **{"outcome": "reached", **changes})


def record(event: object) -> bytes:
    """The event's bytes as most trackers send them."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def _who(name: str) -> Sent:
    return {"type": name, "event_id": "e1", "contact_id": "donor-7", "occurred_at": "2023-07-05T11:00:00Z"}


def _changed(event: Sent, changes: dict[str, object]) -> Sent:
    return {field: value for field, value in {**event, **changes}.items() if value is not ABSENT}
