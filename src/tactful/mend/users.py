"""Simulated users who behave as a log's users do, and how real simulated users are: the same reader looks at both.

From the log, over its users (its conversations where it names none):

- how often questions are rejected, as a Beta distribution by moments → **patience** of five personas at its deciles 10 to 90;
- how short replies to questions are → **time pressure** (1 at nothing, 0 from `_LONG` tokens);
- how often a reply leaves the question aside → **clarity**; how often the choice is left to the assistant → **expertise**.

The formulas are those of `calibration.play.users`, solved for the trait. What a rule user cannot do (correct a wrong guess in
words, write as briefly as people) the card shows as a gap: no trait makes up for it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from tactful.audit.pipeline import judged
from tactful.audit.signs import signs_of
from tactful.calibration.play.users import REDUNDANT
from tactful.calibration.types import Persona
from tactful.errors import UserError
from tactful.evaluation.policies.results import Evaluation
from tactful.evaluation.policies.tree import ActionTree
from tactful.mend.costs import beta_strength
from tactful.mend.turns import logged_talk
from tactful.mend.types import LoggedTalk, LoggedTurn
from tactful.reading.types import ReaderAtOnce
from tactful.stats import FEWEST_GROUPS, Estimate
from tactful.stats.bootstrap import grouped_mean
from tactful.text import estimate_tokens
from tactful.types import ChatTurn, Conversation, Record, seeded

_LONG = 40.0  # tokens of a reply from which nobody is pressed for time
_PLACES = (0.1, 0.3, 0.5, 0.7, 0.9)
_USUAL_STRENGTH = 4.0
Said = Callable[[LoggedTurn], float | None]


def _to_question(turn: LoggedTurn) -> bool:
    return turn.asked and turn.outcome != "not judged"


MEASURES: Mapping[str, tuple[str, Said]] = {
    "answered": (
        "share of questions answered",
        lambda turn: float(turn.outcome in ("welcome", "needless")) if _to_question(turn) else None,
    ),
    "refused": (
        "share of questions refused",
        lambda turn: float(turn.outcome == "rejected") if _to_question(turn) else None,
    ),
    "left": (
        "share of questions that nobody answered",
        lambda turn: float(turn.outcome == "left") if _to_question(turn) else None,
    ),
    "corrected": (
        "share of answers that are corrected or complained of",
        lambda turn: None if turn.asked or turn.right is None else float(turn.outcome in ("guess", "faulty")),
    ),
    "thanked": (
        "share of replies with praise or thanks",
        lambda turn: float(signs_of(turn.reply, turn.state.query, "").pleased) if turn.reply else None,
    ),
    "tokens": (
        "length of a reply, tokens",
        lambda turn: float(estimate_tokens(turn.reply)) if turn.reply else None,
    ),
    "tokens_to_question": (
        "length of a reply to a question, tokens",
        lambda turn: float(estimate_tokens(turn.reply)) if turn.reply and turn.asked else None,
    ),
}
"""Name → in words, and its value at one turn; None: it does not apply."""


@dataclass
class Manners:
    """How users behave: values by measure with their groups, and questions by group."""

    values: dict[str, tuple[list[float], list[str]]] = field(
        default_factory=lambda: {name: ([], []) for name in MEASURES}
    )
    questions: dict[str, list[int]] = field(default_factory=dict)
    """Group → [rejected, judged]."""
    needless: int = 0
    delegated: int = 0
    users: int = 0

    @classmethod
    def of(cls, talks: Iterable[LoggedTalk]) -> Manners:
        """Of the users of these conversations."""
        found = cls()
        for talk in talks:
            for turn in talk.turns:
                found._add(talk.group, turn)
        found.users = len({group for _, groups in found.values.values() for group in groups})
        return found

    def _add(self, group: str, turn: LoggedTurn) -> None:
        for name, (_, said) in MEASURES.items():
            if (value := said(turn)) is not None:
                values, groups = self.values[name]
                values.append(value)
                groups.append(group)
        if _to_question(turn):
            held = self.questions.setdefault(group, [0, 0])
            held[0] += turn.outcome == "rejected"
            held[1] += 1
            self.needless += turn.right == 0
            self.delegated += turn.reason == "a default would do"

    def figure(self, name: str) -> Estimate:
        """A measure: mean over groups, with its interval."""
        values, groups = self.values[name]
        return grouped_mean(values, groups)


# ---------------------------------------------------------------- fitting


def fit_personas(log: Manners) -> tuple[Persona, ...]:
    """Five personas like the log's users. Raises UserError where too few of them were asked anything."""
    asked = np.array(list(log.questions.values()), dtype=float).reshape(-1, 2)
    if len(asked) < FEWEST_GROUPS:
        raise UserError(
            f"{len(asked)} users or conversations of the log were asked anything that could be judged, {FEWEST_GROUPS} are "
            "needed to say how they take questions; give more logs"
        )
    total = float(asked[:, 1].sum())
    mean = float(asked[:, 0].sum()) / total
    strength = beta_strength(asked) or _USUAL_STRENGTH
    pressure = _bounded(1 - (log.figure("tokens_to_question").value or _LONG) / _LONG)
    aside = log.figure("left").value or 0.0
    clarity = _bounded(1 - math.sqrt(max(0.0, aside - 0.01) / 0.19))
    expertise = _bounded((0.25 - log.delegated / total) / 0.24)
    return tuple(
        Persona(
            name=f"log-{number}",
            domain="any",
            expertise=expertise,
            patience=_patience(chance, log.needless / total, pressure),
            clarity=clarity,
            time_pressure=pressure,
            style=_style(log, chance),
        )
        for number, chance in enumerate(_deciles(mean, strength), start=1)
    )


def _deciles(mean: float, strength: float) -> list[float]:
    from scipy.stats import beta

    mean = min(0.99, max(0.01, mean))
    return [float(beta.ppf(place, mean * strength, (1 - mean) * strength)) for place in _PLACES]


def _patience(rejects: float, needless: float, pressure: float) -> float:
    """The patience with which a first question is rejected so often, when this share of questions is needless.

    A needless question is rejected more often (`REDUNDANT`), so r = p + (1 − p)·k with k = `REDUNDANT` · needless; then
    p = 0.03 + 0.9 · (1 − patience)² · (0.4 + 0.6 · pressure), bounded by 0.7.
    """
    raised = REDUNDANT * needless
    p = min(0.7, max(0.03, (rejects - raised) / (1 - raised)))
    return _bounded(1 - math.sqrt((p - 0.03) / (0.9 * (0.4 + 0.6 * pressure))))


def _style(log: Manners, rejects: float) -> str:
    words = round((log.figure("tokens_to_question").value or _LONG) / 1.3)
    manner = "and often refuses to be asked" if rejects >= 0.5 else "and mostly answers what is asked"
    return f"Answers a question in about {max(1, words)} words, {manner}."


def _bounded(value: float) -> float:
    return round(min(0.98, max(0.02, value)), 3)


def personas_toml(personas: Sequence[Persona]) -> str:
    """The personas as a file for `--personas`."""
    tables = []
    for persona in personas:
        rows = persona.model_dump(exclude={"held_out"})
        lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in rows.items()]
        tables.append("\n".join(["[[persona]]", *lines]))
    return "# Fitted to a log by `tactful calibrate users fit`.\n\n" + "\n\n".join(tables) + "\n"


# ---------------------------------------------------------------- simulated users, seen alike


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
    nearer: Literal["fitted", "built-in", "equal", "not known"]
    """Whose value is nearer to the log's."""


class Ranking(Record):
    """Policies by mean reward, the best first, with either kind of users."""

    domain: str
    built_in: tuple[tuple[str, Estimate], ...]
    fitted: tuple[tuple[str, Estimate], ...]
    swapped: tuple[tuple[str, str], ...]
    """Pairs whose order differs, the one that is better with the built-in users first."""

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


def _nearer(
    real: Estimate, ours: Estimate, theirs: Estimate
) -> Literal["fitted", "built-in", "equal", "not known"]:
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
    names = [name for name, _ in one if name in place]
    swapped = [
        (first, second)
        for at, first in enumerate(names)
        for second in names[at + 1 :]
        if place[first] > place[second]
    ]
    return Ranking(domain=built_in.domain, built_in=one, fitted=other, swapped=tuple(swapped))


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
    best = "another policy is best" if found.ranking.changes else "the same policy is best"
    pairs = ", ".join(f"{one} and {other}" for one, other in found.ranking.swapped) or "none"
    yield f"under fitted users {best}; pairs in another order: {pairs}"
    yield from (f"mind: {note}" for note in found.notes)


def _cell(figure: Estimate, name: str) -> str:
    if figure.low is None and figure.value is not None:
        return f"{figure.value:.1f}" if name.startswith("tokens") else f"{figure.value:.0%}"
    return figure.short(1) if name.startswith("tokens") else figure.percent(0)


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
