"""What a judged log teaches: costs for a policy, a prompt patch, training rows, and the table that they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tactful.data.exporting.forms import Form
from tactful.data.io import write_file, write_jsonl
from tactful.data.sealed import save_document
from tactful.mend.learning.costs import Followed, Prices, costs_of, effects
from tactful.mend.learning.files import write_rows
from tactful.mend.learning.numbers import LearnedCosts
from tactful.mend.learning.page import learned_page
from tactful.mend.learning.patch import Habits, make_patch
from tactful.mend.learning.results import KnownUser, Lesson
from tactful.mend.replaying.replay import replay
from tactful.mend.situations import FIELDS, Situations
from tactful.mend.turns import history_after
from tactful.mend.types import LoggedTalk
from tactful.policy.cost import CostPolicy
from tactful.types import UserHistory

ACTIONS = ("Execute", "Clarify")
"""Of the learned policy: answer at once, or ask."""
POLICY, PATCH, REPORT, LEARNED, USERS = (
    "policy.json",
    "prompt.md",
    "learned.md",
    "learned.json",
    "users.jsonl",
)


def learn(
    talks: Iterable[LoggedTalk],
    folder: Path,
    form: Form,
    *,
    prices: Prices,
    source: Mapping[str, Any],
    read: Mapping[str, Any],
) -> Lesson:
    """Everything that `talks` teach, written into `folder` beside the run; `talks` is gone through several times.

    `source` says where the log comes from; the policy's file keeps it. `read` is what was read, skipped and cut.
    """
    table, habits, followed = Situations(), Habits(), Followed(prices)
    users: dict[str, UserHistory] = {}
    domains: set[str] = set()
    counts = {"conversations": 0, "turns": 0, "asked": 0, "judged": 0}
    for talk in talks:
        table.add(talk)
        habits.add(talk)
        followed.add(talk)
        counts["conversations"] += 1
        for turn in talk.turns:
            domains.add(turn.state.domain)
            counts["turns"] += 1
            counts["asked"] += turn.asked
            counts["judged"] += turn.right is not None
        if talk.user and talk.turns:
            users[talk.user] = history_after(talk.turns[-1])
    costs = costs_of(followed, sorted(domains), users_named=bool(users))
    policy = CostPolicy(
        ACTIONS, costs.costs, name="learned from a log", training=_card(costs, counts, source)
    )
    rows, files = write_rows(talks, folder, form)
    lesson = Lesson(
        read=read,
        **counts,
        users=len(users),
        costs=costs,
        asks_from=effects(costs.costs),
        patch=make_patch(habits, worth_asking=min(0.5, costs.asks_from)),
        by={name: table.rows(("need", name) if name != "need" else ("need",)) for name in FIELDS},
        situations=table.rows(),
        on_this_log=replay(talks, policy).changes,
        pairs=dict(rows.pairs),
        wanted=rows.wanted,
        unwanted=rows.unwanted,
        contradicting_pairs=rows.contradicting,
        rows_left_out=dict(rows.left_out),
        files=files,
    )
    write_lesson(lesson, policy, users, folder)
    return lesson


def write_lesson(lesson: Lesson, policy: CostPolicy, users: Mapping[str, UserHistory], folder: Path) -> None:
    """The policy, the patch, the page, the figures and the known users; a second time in place of the first."""
    (folder / POLICY).unlink(missing_ok=True)
    policy.save(folder / POLICY)
    save_document(folder / LEARNED, lesson, replace=True, beside={REPORT: learned_page(lesson)})
    write_file(folder / PATCH, [lesson.patch.text().encode()])
    if users:
        write_jsonl(
            folder / USERS, (KnownUser(user=name, history=history) for name, history in users.items())
        )


def _card(costs: LearnedCosts, counts: Mapping[str, int], source: Mapping[str, Any]) -> dict[str, Any]:
    """Where the policy's numbers come from, for its file."""
    return {
        **source,
        **counts,
        "numbers": {number.name: number.by for number in costs.numbers},
        "assumptions": list(costs.assumptions),
    }
