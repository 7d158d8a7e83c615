"""The sample charity's office: whom it knows, whom it calls and writes to, and what it forgets to do.

Drawn from a random stream of its own, so that what supporters do stays the same with it or without. Its facts about
interactions come in the order of their happening, as the log of one office would have them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from heapq import heappop, heappush
from random import Random
from typing import Final

from cli.charity import Happening
from cli.people import STAFF, TASKS, Task, card, moved
from cli.quarter import DAY, Quarter

OPENED_A_DAY: Final = 0.02
TASKS_A_DAY: Final = 0.006
MOVES_A_DAY: Final = 0.0005
CORRECTED_A_DAY: Final = 0.0002
FORGOTTEN_A_DAY: Final = 0.00002
"""Per supporter: mails whose opening is logged, tasks begun, moves, scores put right by hand, requests to be erased."""
DONE_TWICE: Final = 0.01
"""Share of tasks that two of the staff complete; the second is told that it was done."""
TEAM_MEETING: Final = "team-meeting"


class Office:
    """The office and what it already knows will happen."""

    def __init__(self, quarter: Quarter) -> None:
        self._quarter = quarter
        self._random = Random(f"office {quarter.seed}").random
        self._agenda: list[tuple[int, int, Callable[[int], str]]] = []
        self._planned = 0
        self._told = 0

    def live(self) -> Iterator[Happening]:
        """Every event of the office, in the order of its happening."""
        for supporter in range(1, self._quarter.contacts + 1):
            # In the first hours, so that whoever is met is known.
            self._schedule(supporter * 4 * 3600 // (self._quarter.contacts + 1), partial(self._enter, supporter))
        self._schedule(8 * 3600, self._plan_meetings)
        for day in range(self._quarter.days):
            self._plan(day)
            while self._agenda and self._agenda[0][0] < (day + 1) * DAY:
                second, _, happen = heappop(self._agenda)
                yield second, happen(second)

    def _plan(self, day: int) -> None:
        happenings: tuple[tuple[float, Callable[[int, int], str]], ...] = (
            (OPENED_A_DAY, self._log_opening),
            (TASKS_A_DAY, self._begin_task),
            (MOVES_A_DAY, self._move),
            (CORRECTED_A_DAY, self._correct),
            (FORGOTTEN_A_DAY, self._forget),
        )
        for share, happen in happenings:
            for _ in range(int(self._quarter.contacts * share + self._random())):
                supporter = int(self._random() * self._random() * self._quarter.contacts) + 1
                self._schedule(self._in_office_hours(day), partial(happen, supporter))

    def _in_office_hours(self, day: int) -> int:
        return day * DAY + 9 * 3600 + int(self._random() * 8 * 3600)

    def _schedule(self, second: int, happen: Callable[[int], str]) -> None:
        if second < self._quarter.seconds:
            self._planned += 1  # breaks ties, so that nothing but time and planning decides the order
            heappush(self._agenda, (second, self._planned, happen))

    def _tell(self, what: str, supporter: int | None, second: int, /, **fields: object) -> str:
        """An event about a supporter; about nobody: a personal one of the first of the staff."""
        self._told += 1
        whose = {"owner": STAFF[0]} if supporter is None else {"contact_id": f"donor-{supporter:06d}"}
        sent = {"type": what, "event_id": f"o{self._told}", **whose, "occurred_at": self._quarter.stamp(second)}
        return json.dumps(sent | fields, separators=(",", ":"), ensure_ascii=False)

    def _anyone(self) -> str:
        return STAFF[int(self._random() * len(STAFF))]

    def _enter(self, supporter: int, second: int) -> str:
        attributes = card(supporter, [self._random() for _ in range(6)])
        return self._tell("contact.updated", supporter, second, attributes=attributes)

    def _move(self, supporter: int, second: int) -> str:
        return self._tell("contact.updated", supporter, second, attributes=moved(self._random()))

    def _correct(self, supporter: int, second: int) -> str:
        by_hand = {"profile_id": "engagement", "points": 5, "actor": self._anyone(), "reason": "met at the gala"}
        return self._tell("score.adjusted", supporter, second, **by_hand)

    def _forget(self, supporter: int, second: int) -> str:
        return self._tell("contact.erased", supporter, second)

    def _log_opening(self, supporter: int, second: int) -> str:
        mail = {"kind": "customer", "interaction_type": "mail", "outcome": "opened", "source": "mail"}
        interaction_id = f"mail-{self._told + 1}"
        return self._tell(
            "interaction.logged", supporter, second, interaction_id=interaction_id, actor="system", **mail
        )

    def _begin_task(self, supporter: int, second: int) -> str:
        task = TASKS[int(self._random() * len(TASKS))]
        interaction_id, assignee = f"task-{self._told + 1}", self._anyone()
        due = second // DAY + task.days
        about = partial(self._about, supporter, interaction_id, assignee)
        draw = self._random()
        if draw < task.done:
            done = second + 3600 + int(self._random() * (task.days + 1.5) * DAY)
            self._schedule(done, partial(about, "completed", {"outcome": task.outcome}))
            if draw < DONE_TWICE:
                self._schedule(done + DAY, partial(about, "completed", {"outcome": task.outcome}))
        elif draw < task.done + 0.04:
            self._schedule(second + DAY, partial(about, "deleted", {}))
        elif draw < task.done + 0.10:
            self._schedule(second + DAY, partial(about, "posted", {"text": "No answer, will try again."}))
            self._schedule(second + 2 * DAY, partial(about, "tagged", {"add": ["hard to reach"]}))
        planned = {"kind": task.kind, "title": task.title, "interaction_type": task.interaction_type}
        if task.recurrence:
            planned["recurrence"] = task.recurrence
        return self._tell(
            "interaction.scheduled",
            supporter,
            second,
            interaction_id=interaction_id,
            actor=assignee,
            due_on=self._day(due),
            response_required=self._needs_response(task),
            **planned,
        )

    def _needs_response(self, task: Task) -> bool:
        return self._random() < task.response_required

    def _about(
        self, supporter: int | None, interaction_id: str, actor: str, what: str, fields: dict[str, object], second: int
    ) -> str:
        return self._tell(
            f"interaction.{what}", supporter, second, interaction_id=interaction_id, actor=actor, **fields
        )

    def _plan_meetings(self, second: int) -> str:
        """Of the team, weekly, each held; the last ones were not minuted."""
        for week in range(self._quarter.days // 7 - 2):
            interaction_id = TEAM_MEETING if week == 0 else f"{TEAM_MEETING}/{week + 1}"
            held = partial(self._about, None, interaction_id, STAFF[0], "completed", {"summary": "minuted"})
            self._schedule(second + (week * 7 + 1) * DAY, held)
        planned = {"kind": "personal", "title": "Team meeting", "recurrence": "FREQ=WEEKLY"}
        meeting = {"interaction_id": TEAM_MEETING, "actor": STAFF[0], "due_on": self._day(second // DAY + 1)}
        return self._tell("interaction.scheduled", None, second, **meeting, **planned)

    def _day(self, day: int) -> str:
        return (self._quarter.start + timedelta(days=min(day, self._quarter.days))).isoformat()
