"""The state of attribution: the contacts of one partition, as rows and in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import msgspec

from streams.contact import COMPLETE, Contact
from streams.kept import Kept
from streams.rows import (
    Claimed,
    ConversionRow,
    WaitingRow,
    instant_bytes,
    instant_of,
    pack,
    unpack_claimed,
    unpack_waiting,
)
from streams.store import Store

CACHED_TOUCHES = 250_000  # about 350 bytes each: 90 MB
_CONTACT_WEIGHT = 2  # a contact without touchpoints takes the room of about two
_SLACK_US = 86_400_000_000  # what is read beyond need, so that a slightly earlier conversion reads nothing

# Made before any thread needs it: msgspec may crash when two threads build the same one at once.
_decode_said = msgspec.msgpack.Decoder(tuple[int, int]).decode


class Room:
    """How many touchpoints the states of a process may keep in memory, all together."""

    def __init__(self, touches: int) -> None:
        self.touches = touches
        self.taken = 0


class PartitionState(Kept):
    """Contacts of one partition, over a store. One owner, one thread."""

    def __init__(self, store: Store, cached_touches: int | Room = CACHED_TOUCHES) -> None:
        """`cached_touches`: how many may stay in memory between chunks; or the room for them that states share."""
        super().__init__(store)
        self._shared = cached_touches if isinstance(cached_touches, Room) else Room(cached_touches)
        self._contacts: dict[bytes, Contact] = {}
        self._full: dict[bytes, Contact] = {}
        self._room = 0
        self._taken = 0
        self._absent: set[bytes] = set()
        self._follow_rows: dict[bytes, bytes | None] = {}
        self._changed_contacts: dict[bytes, Contact] = {}
        self._changed_conversions: dict[bytes, ConversionRow] = {}
        self._give_up: dict[bytes, int | None] = {}
        self._overgrown: dict[bytes, Contact] = {}

    # Contacts

    def prefetch(self, facts: Iterable[tuple[bytes, bytes]]) -> None:
        """Read in two calls what the facts, given as (contact, event id), will ask for one by one."""
        facts = list(facts)
        contacts = self._contacts
        self._fetch_contacts(list({key for key, _ in facts if key not in contacts}))
        keys = []
        for key, event_id in facts:
            contact = contacts[key]
            if contact.covered_from and event_id not in contact.touches and contact.may_hold(event_id):
                keys.append((contact, event_id))
        rows = self.store.get_many([contact.prefix + b"t" + event_id for contact, event_id in keys])
        for (contact, event_id), row in zip(keys, rows, strict=True):
            if row is None:
                self._absent.add(contact.prefix + b"t" + event_id)
            else:
                self._keep_touch(contact, event_id, row)

    def _fetch_contacts(self, keys: list[bytes]) -> None:
        rows = self.store.get_many([key + b"\0k" for key in keys])
        for key, row in zip(keys, rows, strict=True):
            self._hold(key, Contact(key + b"\0", row))

    def contact(self, key: bytes) -> Contact:
        """The contact with that id (UTF-8), made when there is none."""
        held = self._contacts.get(key)
        if held is None:
            held = self._hold(key, Contact(key + b"\0", self.store.get(key + b"\0k")))
        held.used = True
        return held

    def _hold(self, key: bytes, contact: Contact) -> Contact:
        self._contacts[key] = contact
        self._room += _CONTACT_WEIGHT
        return contact

    # Touchpoints

    def touch(self, contact: Contact, event_id: bytes) -> bytes | None:
        """The row of a touchpoint, or None."""
        row = contact.touches.get(event_id)
        if row is None and contact.covered_from and contact.may_hold(event_id):
            key = contact.prefix + b"t" + event_id
            if key not in self._absent:
                row = self.store.get(key)
        return row

    def put_touch(self, contact: Contact, event_id: bytes, row: bytes) -> None:
        """Hold a touchpoint's row."""
        if contact.window is not None:
            if event_id in contact.touches:
                contact.window = None
            else:
                contact.arrived.append((event_id, row))
        self._keep_touch(contact, event_id, row)
        self._rows[contact.prefix + b"t" + event_id] = row
        if not contact.stored:
            self._changed_contacts[contact.prefix] = contact

    def _keep_touch(self, contact: Contact, event_id: bytes, row: bytes) -> None:
        touches = contact.touches
        if event_id not in touches:
            self._room += 1
            if not touches:
                self._full[contact.prefix] = contact
        touches[event_id] = row

    def touches_expiring_from(self, contact: Contact, at_us: int) -> list[tuple[bytes, bytes]]:
        """The (event id, row) of each touchpoint that expires at the instant or later, in no order."""
        now = instant_bytes(at_us)
        if contact.covered_from > now:
            self._load_touches(contact, instant_bytes(at_us - _SLACK_US))
        return [(event_id, row) for event_id, row in contact.touches.items() if row[8:16] >= now]

    def touches_covering(self, contact: Contact, at_us: int) -> list[tuple[bytes, bytes]]:
        """The (event id, row) of each touchpoint whose lifetime covers the instant, by (occurred_at, event_id)."""
        now = instant_bytes(at_us)
        rows = self.touches_expiring_from(contact, at_us)
        found = sorted([(row[:8], event_id, row) for event_id, row in rows if row[:8] <= now])
        return [(event_id, row) for _, event_id, row in found]

    def let_go(self, contact: Contact) -> None:
        """At the next commit, keep in memory no touchpoint of the contact that has left its window."""
        self._overgrown[contact.prefix] = contact

    def _load_touches(self, contact: Contact, first: bytes) -> None:
        before = contact.covered_from
        start = len(contact.prefix) + 1
        gone = []
        for key, row in self.store.scan(contact.prefix + b"t", contact.prefix + b"u"):
            event_id = key[start:]
            if event_id in contact.touches:
                continue
            if first <= row[8:16] < before:
                self._keep_touch(contact, event_id, row)
            else:
                gone.append(event_id)
        contact.covered_from = first if gone else COMPLETE
        contact.gone = b""
        contact.remember(gone)

    # Conversions

    def conversions(self, contact: Contact) -> dict[bytes, ConversionRow]:
        """The conversions held of a contact, by id. Change one only through `put_conversion`."""
        if contact.conversions is None:
            start = len(contact.prefix) + 1
            rows = self.store.scan(contact.prefix + b"c", contact.prefix + b"d")
            contact.hold_conversions({key[start:]: ConversionRow.unpack(row) for key, row in rows})
        assert contact.conversions is not None
        return contact.conversions

    def put_conversion(self, contact: Contact, conversion_id: bytes, row: ConversionRow) -> None:
        """Hold a conversion, new or changed."""
        conversions = self.conversions(contact)
        if conversions.get(conversion_id) is not row:
            contact.add_conversion(conversion_id, row)
            self._changed_contacts[contact.prefix] = contact
        self._changed_conversions[contact.prefix + b"c" + conversion_id] = row

    # What was said, and what is owed

    def said_before(self, contact: Contact, conversion_id: bytes) -> tuple[int, int]:
        """Version and lift that a former owner said of a conversion which this state has not met yet; 0, 0 for none."""
        if not self.meta.said_by_others:
            return 0, 0
        key = _SAID + contact.prefix + conversion_id
        row = self.store.get(key)
        if row is None:
            return 0, 0
        self._rows[key] = None
        version, lift = _decode_said(row)
        return version, lift

    def note_said(self, contact_id: bytes, conversion_id: bytes, version: int, lift: int) -> None:
        """Remember a version that stands in the output, whoever said it."""
        contact = self.contact(contact_id)
        row = self.conversions(contact).get(conversion_id)
        if row is not None:
            if version > row.said:
                row.said, row.lift = version, lift
                self.put_conversion(contact, conversion_id, row)
            return
        key = _SAID + contact.prefix + conversion_id
        held = self._rows.get(key) or self.store.get(key)
        if held is None or _decode_said(held)[0] < version:
            self._rows[key] = pack((version, lift))
            self.meta.said_by_others = True

    def owe(self, contact: Contact, conversion_id: bytes) -> None:
        """Remember that a conversion's credit must be looked at again once the state has caught up."""
        self._rows[_OWED + contact.prefix + conversion_id] = b""

    def is_owed(self, contact_id: bytes, conversion_id: bytes) -> bool:
        """Whether, as of the last commit, a conversion is owed a look."""
        return self.store.get(_OWED + contact_id + b"\0" + conversion_id) is not None

    def owed(self) -> list[tuple[Contact, bytes]]:
        """The conversions that are owed a look, and no longer so."""
        keys = [key for key, _ in self.store.scan(_OWED, _OWED + b"\xff")]
        keys += [key for key, row in self._rows.items() if key.startswith(_OWED) and row is not None]
        found = []
        for key in dict.fromkeys(keys):
            self._rows[key] = None
            contact_id, conversion_id = key[len(_OWED) :].split(b"\0", 1)
            found.append((self.contact(contact_id), conversion_id))
        return found

    # Facts that follow on others: retractions, refunds, cancellations

    def claimed(self, contact: Contact, topic: bytes, event_id: bytes) -> Claimed | None:
        """What holds the id of a follow-on fact of a topic (t or c), or None."""
        if not contact.followed:
            return None
        row = self._follow(contact.prefix + b"r" + topic + event_id)
        return unpack_claimed(row) if row is not None else None

    def claim(self, contact: Contact, topic: bytes, event_id: bytes, claimed: Claimed) -> None:
        """Hold the id of a follow-on fact."""
        self._follow_rows[contact.prefix + b"r" + topic + event_id] = pack(claimed)
        if not contact.followed:
            contact.followed = True
            self._changed_contacts[contact.prefix] = contact

    def waiting_for(self, contact: Contact, topic: bytes, target: bytes) -> list[tuple[bytes, WaitingRow]]:
        """The facts that wait for a touchpoint (t) or conversion (c) of the contact, by event id, with their keys."""
        waiting = self._waiting(contact)
        if not waiting:
            return []
        prefix = contact.prefix + b"w" + topic + target + b"\0"
        return sorted(((key, row) for key, row in waiting.items() if key.startswith(prefix)), key=lambda pair: pair[0])

    def wait(self, contact: Contact, topic: bytes, target: bytes, row: WaitingRow) -> None:
        """Keep a fact until what it names comes, or until it gives up."""
        key = contact.prefix + b"w" + topic + target + b"\0" + row.fact.event_id.encode()
        self._waiting(contact)[key] = row
        self._follow_rows[key] = pack(row)
        self._follow_rows[_give_up_key(topic, row, key)] = b""
        self.meta.waiting += 1
        first = self._first_waiting(topic)
        if first is None or row.fact.occurred_us < first:
            self._give_up[topic] = row.fact.occurred_us

    def wait_no_more(self, contact: Contact, topic: bytes, key: bytes, row: WaitingRow) -> None:
        """The fact has met what it names, or has given up."""
        self._waiting(contact).pop(key)
        self._follow_rows[key] = None
        self._follow_rows[_give_up_key(topic, row, key)] = None
        self.meta.waiting -= 1
        self._give_up.pop(topic, None)

    def waited_since_before(self, topic: bytes, occurred_us: int) -> list[tuple[Contact, bytes, WaitingRow]]:
        """The facts of a topic (t or c) that still wait and occurred before the instant, oldest first."""
        first = self._first_waiting(topic)
        if first is None or first >= occurred_us:
            return []
        found = []
        for key in self._follow_keys(_GIVE_UP + topic, _GIVE_UP + topic + instant_bytes(occurred_us)):
            waiting_key = key[len(_GIVE_UP) + 9 :]
            contact = self.contact(waiting_key.split(b"\0", 1)[0])
            found.append((contact, waiting_key, self._waiting(contact)[waiting_key]))
        return found

    def _first_waiting(self, topic: bytes) -> int | None:
        if topic not in self._give_up:
            start = len(_GIVE_UP) + 1
            keys = self._follow_keys(_GIVE_UP + topic, _GIVE_UP + topic + b"\xff" * 9)
            first = next(iter(keys), None)
            self._give_up[topic] = instant_of(first[start : start + 8]) if first else None
        return self._give_up[topic]

    def _waiting(self, contact: Contact) -> dict[bytes, WaitingRow]:
        if contact.waiting is None:
            rows = self.store.scan(contact.prefix + b"w", contact.prefix + b"x")
            contact.waiting = {key: unpack_waiting(row) for key, row in rows}
        return contact.waiting

    def _follow(self, key: bytes) -> bytes | None:
        return self._follow_rows[key] if key in self._follow_rows else self.store.get(key)

    def _follow_keys(self, start: bytes, end: bytes) -> Iterator[bytes]:
        stored = {key for key, _ in self.store.scan(start, end)}
        for key, row in self._follow_rows.items():
            if start <= key < end:
                (stored.discard if row is None else stored.add)(key)
        return iter(sorted(stored))

    # Writing

    def forget(self, contact: bytes) -> None:
        """Drop a contact from memory; its rows stay."""
        held = self._contacts.pop(contact, None)
        if held is not None:
            self._full.pop(held.prefix, None)
            self._room -= len(held.touches) + _CONTACT_WEIGHT

    def commit(self) -> None:
        """Write everything that changed since the last commit, in one batch."""
        rows = self._rows
        rows.update(self._follow_rows)
        for key, conversion in self._changed_conversions.items():
            rows[key] = conversion.pack()
        for contact in self._changed_contacts.values():
            rows[contact.prefix + b"k"] = contact.pack()
            contact.stored = True
        super().commit()
        self._follow_rows = {}
        self._changed_contacts.clear()
        self._changed_conversions.clear()
        self._absent.clear()
        for contact in self._overgrown.values():
            self._trim(contact)
        self._overgrown.clear()
        self._take_room()
        if self._shared.taken > self._shared.touches:
            self._make_room()
            self._take_room()

    def _make_room(self) -> None:
        """Drop touchpoints of contacts in the order of the clock algorithm, then whole contacts, the oldest first.

        Contacts without touchpoints may take half of the room: they answer whether an id is new.
        """
        most = self._room - (self._shared.taken - self._shared.touches)
        least_touches = most // 2
        hand = deque(self._full.items())
        while hand and self._room > most and self._room - _CONTACT_WEIGHT * len(self._contacts) > least_touches:
            prefix, contact = hand.popleft()
            if contact.used:
                contact.used = False
                hand.append((prefix, contact))
            else:
                self._room -= len(contact.touches)
                contact.drop_touches()
        self._full = dict(hand)
        for key in list(self._contacts) if self._room > most else ():
            self.forget(key)
            if self._room <= most:
                break

    def _trim(self, contact: Contact) -> None:
        first = instant_bytes(contact.window_us)
        left = [event_id for event_id, row in contact.touches.items() if row[8:16] < first]
        for event_id in left:
            del contact.touches[event_id]
        contact.remember(left)
        contact.covered_from = max(contact.covered_from, first)
        self._room -= len(left)

    def release(self) -> None:
        """Give the room in memory back; no call may follow."""
        self._shared.taken -= self._taken

    def _take_room(self) -> None:
        self._shared.taken += self._room - self._taken
        self._taken = self._room


_GIVE_UP, _OWED, _SAID = b"\0x", b"\0o", b"\0s"


def _give_up_key(topic: bytes, row: WaitingRow, key: bytes) -> bytes:
    return _GIVE_UP + topic + instant_bytes(row.fact.occurred_us) + key
