"""`evenhand interactions`: plan, complete and move what is to be done with contacts, one by one or many at once."""

from __future__ import annotations

import click

from cli.interactions_bulk import complete, reassign, reschedule
from cli.interactions_generate import generate
from cli.interactions_one import log, post, schedule


@click.group(name="interactions")
def command() -> None:
    """Plan interactions, generate a day of them, complete, reassign or reschedule those that a filter holds for.

    Each becomes a fact on the topic `interactions`, or a line of a file; whether the rules allow it is judged there,
    one by one.
    """


for each in (generate, schedule, log, post, complete, reassign, reschedule):
    command.add_command(each)
