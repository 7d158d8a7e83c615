"""Contacts by score, and filters that are saved as smart lists (behaviours E17 to E19)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, func, select

from config.errors import UsageError
from projections.queries.answer import Answer, Column, Kind
from projections.queries.expressions import instant_us
from projections.tables import CONTACTS, SCORES


class SmartListError(UsageError):
    """The caller named a saved filter that is none."""


class SmartList(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which contacts, by their scores as they are whenever it is asked: a saved one follows all later changes."""

    profile_id: str | None = None
    band: str | None = None
    min_score: int | None = None
    max_score: int | None = None
    contact_id: str | None = None

    def saved(self) -> bytes:
        """As JSON, to be kept wherever one likes."""
        return msgspec.json.encode(self)


def smart_list(saved: bytes) -> SmartList:
    """The filter that was saved so.

    Raises:
        SmartListError: it is none.
    """
    try:
        return msgspec.json.decode(saved, type=SmartList)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise SmartListError(f"this is no saved smart list ({error}); write one with --save") from error


def score_rows() -> Select[Any]:
    """Every score of a published profile, with what is known of its contact."""
    who = (SCORES.c.contact_id, CONTACTS.c.name, CONTACTS.c.kind, CONTACTS.c.owner)
    what = (SCORES.c.profile_id, SCORES.c.score, SCORES.c.band, SCORES.c.profile_revision, SCORES.c.as_of)
    return select(*who, *what).outerjoin_from(SCORES, CONTACTS, CONTACTS.c.contact_id == SCORES.c.contact_id)


def scores(connection: Connection, asked: SmartList, limit: int | None = None) -> Answer:
    """Contacts from the highest score down, profile after profile."""
    query = score_rows()
    for column, wanted in (
        (SCORES.c.profile_id, asked.profile_id),
        (SCORES.c.band, asked.band),
        (SCORES.c.contact_id, asked.contact_id),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if asked.min_score is not None:
        query = query.where(SCORES.c.score >= asked.min_score)
    if asked.max_score is not None:
        query = query.where(SCORES.c.score <= asked.max_score)
    query = query.order_by(SCORES.c.profile_id, SCORES.c.score.desc(), SCORES.c.contact_id).limit(limit)
    columns = (
        Column("contact", Kind.TEXT),
        Column("name", Kind.TEXT, beneath=True),
        Column("kind", Kind.TEXT),
        Column("owner", Kind.TEXT, beneath=True),
        Column("profile", Kind.TEXT),
        Column("score", Kind.COUNT),
        Column("band", Kind.TEXT, "(none)"),
        Column("revision", Kind.COUNT),
        Column("as_of", Kind.INSTANT),
    )
    return Answer("Contacts by score", columns, _rows(connection, query), "No scores in this selection.")


def bands(connection: Connection, profile_id: str) -> dict[str | None, int]:
    """How many contacts are in each band of a profile."""
    counted = select(SCORES.c.band, func.count()).where(SCORES.c.profile_id == profile_id).group_by(SCORES.c.band)
    return dict(connection.execute(counted).all())


def _rows(connection: Connection, query: Select[Any]) -> Iterator[tuple[object, ...]]:
    for *known, as_of in connection.execute(query):
        yield *known, instant_us(as_of)
