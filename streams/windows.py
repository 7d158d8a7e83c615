"""Windows of contacts, kept open between conversions: what has expired drops out, what has come since comes in."""

from __future__ import annotations

from config.catalogue import Catalogue
from streams.contact import Contact
from streams.descriptions import Descriptions
from streams.rows import instant_bytes, touch_fields
from streams.state import PartitionState
from streams.window import Touch

_LEFT_IN_MEMORY = 16  # touchpoints of a contact that may have left its window


class Windows:
    """Finds the touchpoints whose lifetime covers an instant, retracted ones included, in order.

    Conversions of a contact mostly come in the order of time. Then each touchpoint is made once and looked at while it
    is active, however many the contact ever had. For an earlier conversion everything held is looked at.
    """

    def __init__(self, catalogue: Catalogue, state: PartitionState) -> None:
        self._state = state
        self._descriptions = Descriptions(catalogue)

    def at(self, contact: Contact, at_us: int) -> list[Touch]:
        """The contact's window at that instant, by (occurred_at, event_id)."""
        window = contact.window
        if window is None:
            rows = self._state.touches_expiring_from(contact, at_us)
            window = sorted([self._made(event_id, row) for event_id, row in rows], key=_place)
        elif at_us < contact.window_us:
            covering = self._state.touches_covering(contact, at_us)
            return [self._made(event_id, row) for event_id, row in covering]
        else:
            window = [touch for touch in window if touch.expires_us >= at_us]
            self._admit(window, contact.arrived, at_us)
        contact.window, contact.window_us, contact.arrived = window, at_us, []
        if len(contact.touches) > 2 * len(window) + _LEFT_IN_MEMORY:
            self._state.let_go(contact)
        return [touch for touch in window if touch.occurred_us <= at_us]

    def _admit(self, window: list[Touch], arrived: list[tuple[bytes, bytes]], at_us: int) -> None:
        now = instant_bytes(at_us)
        made = [self._made(event_id, row) for event_id, row in arrived if row[8:16] >= now]
        if not made:
            return
        made.sort(key=_place)
        in_order = not window or _place(window[-1]) < _place(made[0])
        window += made
        if not in_order:
            window.sort(key=_place)

    def _made(self, event_id: bytes, row: bytes) -> Touch:
        occurred, expires, retractions, described = touch_fields(row)
        name = event_id.decode() if b"\0" not in event_id else event_id.split(b"\0")[0].decode()
        return Touch(occurred, name, expires, retractions, self._descriptions.at(described, occurred))


def _place(touch: Touch) -> tuple[int, str]:
    return touch.occurred_us, touch.event_id
