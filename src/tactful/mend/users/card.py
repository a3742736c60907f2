"""How real simulated users are: read by the same reader as a log's, side by side, and what it means for policies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Literal

from tactful.audit.pipeline import judged
from tactful.calibration.types import Persona
from tactful.evaluation.policies.results import Evaluation
from tactful.evaluation.policies.walking.tree import ActionTree
from tactful.mend.turns import logged_talk
from tactful.mend.types import LoggedTalk
from tactful.mend.users.manners import MEASURES, Manners
from tactful.reading.types import ReaderAtOnce
from tactful.stats import Estimate
from tactful.types import ChatTurn, Conversation, Record, seeded

Nearer = Literal["fitted", "built-in", "equal", "not known"]


def simulated_talks(trees: Iterable[ActionTree], reader: ReaderAtOnce) -> Iterator[LoggedTalk]:
    """One conversation of each tree, its actions drawn by chance, judged by the reader as a log's are; grouped by task."""
    for found, findings in judged((_conversation(tree) for tree in trees), reader):
        yield logged_talk(found, findings, reader)


def _conversation(tree: ActionTree) -> Conversation:
    steps = tree.steps(seeded("simulated", tree.id).choice(tree.leaves))
    turns = [ChatTurn(role="user", content=steps[0].state.query)]
    for step in steps:
        turns.append(ChatTurn(role="assistant", content=step.message))
        if step.reaction.reply:
            turns.append(ChatTurn(role="user", content=step.reaction.reply))
    return Conversation(id=tree.id, turns=tuple(turns), user=tree.group)


class RealismRow(Record):
    """One measure of users."""

    name: str
    words: str
    log: Estimate
    built_in: Estimate
    fitted: Estimate
    nearer: Nearer
    """Whose value is nearer to the log's."""


class Swap(Record):
    """Two policies whose order is another one under fitted users."""

    better: str
    """With the built-in users."""
    other: str
    clear: bool
    """Their intervals lie apart with one kind of users, at least."""


class Ranking(Record):
    """Policies by mean reward, the best first, with either kind of users."""

    domain: str
    built_in: tuple[tuple[str, Estimate], ...]
    fitted: tuple[tuple[str, Estimate], ...]
    swapped: tuple[Swap, ...]

    @property
    def changes(self) -> bool:
        """Whether the best policy is another one."""
        return self.built_in[0][0] != self.fitted[0][0]


class UserFit(Record):
    """Simulated users fitted to a log, the realism card, and what it means for policies."""

    format: Literal["tactful-users-1"] = "tactful-users-1"
    groups: int
    """Users of the log, or its conversations where it names none."""
    questions: int
    personas: tuple[Persona, ...]
    card: tuple[RealismRow, ...]
    ranking: Ranking
    notes: tuple[str, ...]


def realism_card(log: Manners, built_in: Manners, fitted: Manners) -> tuple[RealismRow, ...]:
    """Our users against the log's, measure by measure."""
    rows = []
    for name, (words, _) in MEASURES.items():
        real, ours, theirs = (who.figure(name) for who in (log, built_in, fitted))
        rows.append(
            RealismRow(
                name=name,
                words=words,
                log=real,
                built_in=ours,
                fitted=theirs,
                nearer=_nearer(real, ours, theirs),
            )
        )
    return tuple(rows)


def _nearer(real: Estimate, ours: Estimate, theirs: Estimate) -> Nearer:
    if real.value is None or ours.value is None or theirs.value is None:
        return "not known"
    gaps = abs(ours.value - real.value), abs(theirs.value - real.value)
    if math.isclose(*gaps, abs_tol=1e-9):
        return "equal"
    return "fitted" if gaps[1] < gaps[0] else "built-in"


def ranking_of(built_in: Evaluation, fitted: Evaluation) -> Ranking:
    """The policies of two evaluations of the same tasks, by mean reward."""
    one, other = _ranked(built_in), _ranked(fitted)
    place = {name: at for at, (name, _) in enumerate(other)}
    ours, theirs = dict(one), dict(other)
    names = [name for name, _ in one if name in place]
    swapped = [
        Swap(
            better=first,
            other=second,
            clear=_apart(ours[first], ours[second]) or _apart(theirs[second], theirs[first]),
        )
        for first, second in combinations(names, 2)
        if place[first] > place[second]
    ]
    return Ranking(domain=built_in.domain, built_in=one, fitted=other, swapped=tuple(swapped))


def _apart(better: Estimate, worse: Estimate) -> bool:
    return better.low is not None and worse.high is not None and better.low > worse.high


def _ranked(found: Evaluation) -> tuple[tuple[str, Estimate], ...]:
    rows = [(policy.name, policy.measures["reward"]) for policy in found.policies]
    return tuple(sorted(rows, key=lambda row: (-(row[1].value or 0.0), row[0])))


def user_lines(found: UserFit) -> Iterator[str]:
    """What the terminal shows, and users.md."""
    yield f"{found.groups} users or conversations with {found.questions} judged questions"
    yield f"{'':<54}{'the log':>28}{'built-in users':>28}{'fitted users':>28}  nearer"
    for row in found.card:
        cells = (_cell(figure, row.name) for figure in (row.log, row.built_in, row.fitted))
        yield f"{row.words:<54}" + "".join(f"{cell:>28}" for cell in cells) + f"  {row.nearer}"
    yield ""
    for name, rows in (("built-in", found.ranking.built_in), ("fitted", found.ranking.fitted)):
        order = " > ".join(f"{policy} {figure.short(2)}" for policy, figure in rows)
        yield f"{found.ranking.domain}, by reward, {name} users: {order}"
    swapped = found.ranking.swapped
    pairs = ", ".join(f"{swap.better} and {swap.other}" for swap in swapped) or "none"
    clear = ", ".join(f"{swap.better} and {swap.other}" for swap in swapped if swap.clear) or "none"
    best = "another policy" if found.ranking.changes else "the same policy"
    yield f"by value {best} is best with fitted users; pairs in another order: {pairs}; of these beyond their intervals: {clear}"
    yield from (f"mind: {note}" for note in found.notes)


def _cell(figure: Estimate, name: str) -> str:
    return figure.short(1) if name.startswith("tokens") else figure.short_percent()


def notes_of(log: Manners, built_in: Manners) -> tuple[str, ...]:
    """What a reader of the card should know."""
    notes = [
        "All are read by the same reader, which is not always right; simulated tasks are not your users' tasks.",
        "A rule user corrects no wrong guess in words and takes its words from a short list: gaps there stay.",
        "The log's assistant chose its questions; with simulated users, actions are drawn by chance.",
    ]
    if log.users < 30:
        notes.append(f"{log.users} users or conversations are few: the fit is rough.")
    if any(len(groups) == 0 for _, groups in built_in.values.values()):
        notes.append("Some measures do not occur with simulated users.")
    return tuple(notes)
