"""The users to whom interactions are assigned, and the zone and hour that count for each of them and for nobody."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from msgspec import Struct

from config.definitions import DEFAULT_REMINDER_HOUR, DEFAULT_ZONE, Definitions, UserDefinition
from events.zones import zone


class Users(Struct, frozen=True):
    """All users by their ids, as they are at present, and what counts where one says nothing."""

    users: Mapping[str, UserDefinition] = {}
    time_zone: str = DEFAULT_ZONE
    """Of users without their own, of unknown users and of nobody."""
    reminder_hour: int = DEFAULT_REMINDER_HOUR

    def zone_of(self, assignee: str | None) -> ZoneInfo:
        """The zone whose days count for what is assigned so."""
        user = self._user(assignee)
        return zone(self.time_zone if user is None or user.time_zone is None else user.time_zone)

    def reminder_hour_of(self, assignee: str | None) -> int:
        """The local hour from which the assignee wants to be reminded."""
        user = self._user(assignee)
        return self.reminder_hour if user is None or user.reminder_hour is None else user.reminder_hour

    def _user(self, assignee: str | None) -> UserDefinition | None:
        return None if assignee is None else self.users.get(assignee)


def users_of(definitions: Definitions) -> Users:
    """The users that a file of definitions names."""
    return Users(definitions.users, definitions.time_zone, definitions.reminder_hour)
