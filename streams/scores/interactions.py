"""Facts about interactions that the rules of their lives allow, taken in log order."""

from __future__ import annotations

from events.followup_outputs import RejectionReason
from events.interactions import InteractionFact
from projections.followups.interaction import Interaction
from projections.followups.lifecycle import decide
from projections.followups.users import Users
from streams.followups.rows import unpack_interaction
from streams.kept import Kept
from streams.scores.rows import PERSONAL, interactions_of, pack


class Interactions:
    """Interactions of contacts, as far as what is allowed depends on them."""

    def __init__(self, state: Kept, users: Users) -> None:
        self._state = state
        self._users = users

    def allow(self, contact_id: str, fact: InteractionFact) -> bool:
        """Let a fact change them; False when the rules forbid it."""
        prefix = interactions_of(contact_id)

        def find(interaction_id: str) -> Interaction | None:
            row = self._state.get(prefix + interaction_id.encode())
            return None if row is None else unpack_interaction(row)

        made = decide(fact, find, self._users)
        if isinstance(made, RejectionReason):
            return False
        for interaction in made.interactions:
            self._state.put(prefix + interaction.interaction_id.encode(), pack(interaction))
        return True

    def erase(self, contact_id: str) -> None:
        """The contact has none any more."""
        prefix = interactions_of(contact_id)
        for key, _ in list(self._state.scan(prefix, prefix[:-1] + b"\1")):
            self._state.put(key, None)

    def claim(self, owner: str, event_id: str) -> bool:
        """Hold the id of a fact about a user's own interaction; False when it is held."""
        key = b"%b%b\0%b" % (PERSONAL, owner.encode(), event_id.encode())
        if self._state.get(key) is not None:
            return False
        self._state.put(key, b"")
        return True
