"""`evenhand explain`: one conversion, and why each touchpoint of its contact counted for it or not."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Final

import click

from projections.explanation import ExplainedTouchpoint, Explanation, explain
from projections.reading import open_read_model

_PLAIN: Final = ("verdict", "credit", "occurred", "expires", "name", "touchpoint", "dimensions")
_DRAWN: Final = ("verdict\ncredit", "occurred\nexpires", "name\ntouchpoint", "dimensions")


@click.command(name="explain")
@click.argument("conversion_id")
@click.option(
    "--contact", envvar="EVENHAND_CONTACT", metavar="ID", help="Whose conversion, where several have one of that id."
)
@click.option(
    "--db",
    envvar="EVENHAND_DB",
    type=click.Path(path_type=Path),
    default="evenhand.db",
    show_default=True,
    help="The read model that `evenhand replay` wrote.",
)
def command(conversion_id: str, contact: str | None, db: Path) -> None:
    """Explain the credit of a conversion: every touchpoint of its contact, and why it counted or not.

    active: it counted. expired: its lifetime had passed. after_conversion: it came later. retracted: it was taken
    back. over_cap: more were active than may count, and it was not among the newest.
    """
    with closing(open_read_model(db)) as database:
        _print(explain(database, conversion_id, contact))


def _print(explanation: Explanation) -> None:
    from cli.summary import UNATTRIBUTED
    from cli.tables import print_table

    conversion, touchpoints, shares = explanation
    click.echo(
        f"Conversion {conversion.conversion_id} of {conversion.contact_id}: {conversion.name} at "
        f"{_instant(conversion.occurred_at)}, {conversion.value} {conversion.currency}"
    )
    click.echo(
        f"Split: {conversion.net} {conversion.currency} ({conversion.refunded} refunded), model {conversion.model}, "
        f"version {conversion.version}; unattributed: {conversion.unattributed}"
    )
    if conversion.capped:
        click.echo("Capped: more touchpoints were active than may count; only the newest did.")
    if sys.stdout.isatty():
        print_table("Touchpoints", _DRAWN, [_drawn(touchpoint) for touchpoint in touchpoints], frozenset())
    else:
        print_table("Touchpoints", _PLAIN, [_plain(touchpoint) for touchpoint in touchpoints], frozenset({1}))
    if shares:
        values = [
            (share.dimension, UNATTRIBUTED if share.value is None else share.value, share.credit) for share in shares
        ]
        print_table("Credit by dimension", ("dimension", "value", "credit"), values, frozenset({2}))


def _plain(touchpoint: ExplainedTouchpoint) -> tuple[str, ...]:
    return (
        touchpoint.verdict.value,
        touchpoint.credit or "",
        _instant(touchpoint.occurred_at),
        _instant(touchpoint.expires_at),
        touchpoint.name,
        touchpoint.touchpoint_id,
        ", ".join(_dimensions(touchpoint)),
    )


def _drawn(touchpoint: ExplainedTouchpoint) -> tuple[str, ...]:
    """The same in fewer columns of several lines, so that it fits a terminal."""
    verdict, credit, occurred, expires, name, touchpoint_id, _ = _plain(touchpoint)
    return (
        f"{verdict}\n{credit}",
        f"{occurred}\n{expires}",
        f"{name}\n{touchpoint_id}",
        "\n".join(_dimensions(touchpoint)),
    )


def _dimensions(touchpoint: ExplainedTouchpoint) -> list[str]:
    return [f"{name}: {value}" for name, value in touchpoint.dimensions.items()]


def _instant(text: str) -> str:
    """As the contract writes it: no fraction where it is zero."""
    return text.replace(".000000Z", "Z")
