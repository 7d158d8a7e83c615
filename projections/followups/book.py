"""A book: all interactions of one contact, or of one user's own, folded from their facts in log order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct, field

from events.followup_outputs import RejectionReason
from events.interactions import InteractionFact
from projections.followups.interaction import Interaction
from projections.followups.lifecycle import Changed, decide
from projections.followups.users import Users

NEVER: Final = -(1 << 62)


class Rejected(Struct, frozen=True):
    """A fact that the rules forbid, and why."""

    fact: InteractionFact
    reason: RejectionReason


class Copy(Struct, frozen=True):
    """A fact whose event id was taken before: by the same fact, or by another one."""

    same: bool


class Book(Struct):
    """The interactions of one key as its facts have left them. What is erased was never sent."""

    users: Users = field(default_factory=Users)
    erased_us: int = NEVER
    """Of the contact's newest erasure: facts up to it are passed over."""
    interactions: dict[str, Interaction] = field(default_factory=dict)
    claimed: dict[str, InteractionFact] = field(default_factory=dict)
    """Every fact that was taken or rejected, by its event id."""

    def take(self, fact: InteractionFact) -> Changed | Rejected | Copy | None:
        """Let a fact change the book; None: it is erased. A rejected one claims its id, too."""
        if fact.occurred_us <= self.erased_us:
            return None
        claimed = self.claimed.get(fact.event_id)
        if claimed is not None:
            return Copy(claimed == fact)
        self.claimed[fact.event_id] = fact
        made = decide(fact, self.interactions.get, self.users)
        if isinstance(made, RejectionReason):
            return Rejected(fact, made)
        for interaction in made.interactions:
            self.interactions[interaction.interaction_id] = interaction
        return made


def fold(
    facts: Iterable[InteractionFact], users: Users, as_of_us: int, erased_us: int = NEVER
) -> tuple[Book, list[Rejected]]:
    """The book that one key's facts in log order make, as of an instant: later ones are left out before all else."""
    book = Book(users, erased_us)
    taken = [book.take(fact) for fact in facts if fact.occurred_us <= as_of_us]
    return book, [outcome for outcome in taken if isinstance(outcome, Rejected)]
