"""What a producer may send about a contact itself."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import MISSING, ConfigDict, Field
from typing_extensions import TypeAliasType

from events.event import ContactEvent, Sent
from events.fields import Id, Integer, PlainAmount, Zone
from events.pairs import Pair, Presence

Channel = TypeAliasType(
    "Channel",
    Annotated[Literal["email", "sms", "voice", "post", "push"], Field(description="A way to reach a contact.")],
)


class Opportunity(Sent):
    """A sale, gift or membership that may come about."""

    id: Id
    name: str | MISSING = MISSING
    value: PlainAmount | MISSING = MISSING
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", description="An ISO 4217 code")] | MISSING = MISSING
    open: Annotated[bool, Field(description="Neither won nor lost yet")] | MISSING = MISSING


class Attributes(Sent):
    """Those that are checked; others are carried as they are. `null` is a value, too: it hides the attribute."""

    model_config = ConfigDict(extra="allow")

    name: str | MISSING | None = MISSING
    email: str | MISSING | None = MISSING
    phone: str | MISSING | None = MISSING
    kind: Annotated[str | None, Field(description="customer, prospect, member, donor …")] | MISSING = MISSING
    owner: Annotated[Id | None, Field(description="A user id")] | MISSING = MISSING
    city: str | MISSING | None = MISSING
    postcode: str | MISSING | None = MISSING
    time_zone: Zone | MISSING | None = MISSING
    groups: list[str] | MISSING | None = MISSING
    tags: list[str] | MISSING | None = MISSING
    dnd: Annotated[list[Channel] | None, Field(description="Channels on which not to disturb")] | MISSING = MISSING
    opportunities: list[Opportunity] | MISSING | None = MISSING


class ContactUpdated(ContactEvent):
    """A contact's attributes are these from now on; the newest of each wins, and lists are replaced whole."""

    type: Literal["contact.updated"]
    attributes: Attributes


class ScoreAdjusted(ContactEvent):
    """Someone corrected a contact's score by hand."""

    type: Literal["score.adjusted"]
    profile_id: Id = Field(description="An unknown profile waits")
    points: Annotated[Integer, Field(description="Added to the score")] | MISSING = MISSING
    set_to: Annotated[Integer, Field(description="What the score is to be now")] | MISSING = MISSING
    actor: Id = Field(description="A user id")
    reason: Annotated[str, Field(description="For people")] | MISSING = MISSING

    PAIRS: ClassVar[tuple[Pair, ...]] = (Pair("points", "set_to", Presence.EXACTLY_ONE),)


class ContactErased(ContactEvent):
    """The contact's facts up to then are as if they had never been sent."""

    type: Literal["contact.erased"]


AboutContact: TypeAlias = ContactUpdated | ScoreAdjusted | ContactErased
CONTACT_EVENTS = (ContactUpdated, ScoreAdjusted, ContactErased)
