"""What a replay is asked beside attribution: under which profiles, for which users, as of when."""

from __future__ import annotations

from msgspec import Struct

from config.profile import Profile
from projections.followups.users import Users


class Asked(Struct, frozen=True):
    """All of it has an answer without being said."""

    users: Users = Users()
    profiles: tuple[Profile, ...] = ()
    """Drafts too; they give no scores."""
    as_of_us: int | None = None
    """Facts beyond it are left out before scores, follow-ups and rejections are decided; None: there are none."""

    def leaves_out(self, occurred_us: int) -> bool:
        """Whether a fact is beyond."""
        return self.as_of_us is not None and occurred_us > self.as_of_us
