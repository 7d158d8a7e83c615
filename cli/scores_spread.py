"""What `evenhand scores diff` says: tables for people, JSON for programs."""

from __future__ import annotations

import json

import click
from msgspec.structs import asdict

from cli.tables import print_table
from config.profile import Profile
from events.instant import format_instant
from projections.scores.diff import Diff


def diff_json(profile_id: str, old: Profile | None, new: Profile | None, as_of_us: int, found: Diff) -> str:
    """Both distributions; `old` and `new` revisions are null where there is no such profile."""
    counts = asdict(found)
    for name in ("bands", "quantiles", "histogram", "movers"):
        counts[name] = [asdict(each) for each in counts[name]]
    revisions = {"old_revision": old and old.revision, "new_revision": new and new.revision}
    told = {"profile_id": profile_id, **revisions, "as_of": format_instant(as_of_us), **counts}
    return json.dumps(told, ensure_ascii=False)


def print_diff(profile_id: str, old: Profile | None, new: Profile | None, as_of_us: int, found: Diff) -> None:
    """Both distributions beside each other."""
    click.echo(f"{profile_id} as of {format_instant(as_of_us)}: {_revision(new)} against {_revision(old)}")
    click.echo(
        f"{found.contacts:,} contacts: {found.up:,} up, {found.down:,} down, {found.same:,} the same, "
        f"{found.other_band:,} in another band; {found.appear:,} appear, {found.go:,} go"
    )
    bands = [("(below all)" if each.band is None else each.band, *_change(each.old, each.new)) for each in found.bands]
    print_table("Bands", ("band", "old", "new", "change"), bands, frozenset({1, 2, 3}))
    rows = [(f"{each.percent}%", _number(each.old), _number(each.new)) for each in found.quantiles]
    print_table("Quantiles: so many have at most this score", ("", "old", "new"), rows, frozenset({1, 2}))
    bars = [(f"{bar.start} to {bar.end - 1}", f"{bar.old:,}", f"{bar.new:,}") for bar in found.histogram]
    if bars:
        print_table("Histogram", ("score", "old", "new"), bars, frozenset({1, 2}))
    if found.step > 1:
        click.echo(f"Very many different scores: quantiles and histogram are exact to {found.step} points.")
    if found.movers:
        movers = [
            (each.contact_id, *_change(each.old, each.new), each.old_band or "", each.new_band or "")
            for each in found.movers
        ]
        heading = ("contact", "old", "new", "change", "old band", "new band")
        print_table("Those who move furthest", heading, movers, frozenset({1, 2, 3}))


def _revision(profile: Profile | None) -> str:
    return "nothing" if profile is None else f"revision {profile.revision}"


def _change(old: int, new: int) -> tuple[str, str, str]:
    return f"{old:,}", f"{new:,}", f"{new - old:+,}"


def _number(number: int | None) -> str:
    return "" if number is None else f"{number:,}"
