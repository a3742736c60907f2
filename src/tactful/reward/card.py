"""The model card: what a reward model was trained on, what it can do, and what it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tactful.reward.embedded.heads import Head
from tactful.reward.embedded.model import RewardModel
from tactful.reward.suggestions.model import SuggestionModel
from tactful.types import Record

_HEAVIEST = 6


class CardFigure(Record):
    """One measured figure, with what it must be held against."""

    name: str
    value: str
    """With its interval, as text."""
    beside: str
    """The trivial baseline, or the floor."""


class CardData(Record):
    """What the model was trained on."""

    source: str
    """The file as the user named it."""
    moments: int
    categories: tuple[tuple[str, int], ...]
    unusable_rows: int = 0


def model_card(
    model: RewardModel,
    data: CardData,
    figures: Sequence[CardFigure],
    *,
    not_measured: str = "",
    version: str,
    made_at: datetime,
) -> str:
    """MODEL_CARD.md. `figures` come from judging each session by a model without it; empty: `not_measured` says why."""
    inside = [
        _of(name, head)
        for name, head in (("Proposals", model.proposals), ("Help wanted", model.silences))
        if head
    ]
    return _joined(
        _HEAD.format(version=version, made_at=made_at),
        _trained_on(model, data),
        _measured(figures, not_measured, "session") + (_NOTES if figures else ""),
        "## Inside\n\n" + "\n".join(inside),
        _LIMITS,
    )


def suggestion_card(
    model: SuggestionModel,
    data: CardData,
    figures: Sequence[CardFigure],
    *,
    not_measured: str = "",
    version: str,
    made_at: datetime,
) -> str:
    """MODEL_CARD.md of a model of suggestions. `figures` come from judging users by models without them, as above."""
    return _joined(
        _SUGGESTION_HEAD.format(version=version, made_at=made_at),
        _trained_on_decisions(model, data),
        _measured(figures, not_measured, "user"),
        "## Inside\n\n" + _of("Suggestions", model.head, "users"),
        _SUGGESTION_LIMITS,
    )


def _joined(*sections: str) -> str:
    return "\n\n".join(section.strip() for section in sections) + "\n"


def _trained_on(model: RewardModel, data: CardData) -> str:
    kinds = ", ".join(f"{count} {name}" for name, count in data.categories)
    return f"""## Trained on

`{data.source}`: {data.moments} moments of {len(model.sessions)} sessions ({kinds}).{_left_out(data)}
Hash of the data: `{model.data_hash}`. Seed {model.seed}. Texts are compared by `{model.likeness.name}`.
"""


def _trained_on_decisions(model: SuggestionModel, data: CardData) -> str:
    kinds = ", ".join(f"{count} {name}" for name, count in data.categories)
    return f"""## Trained on

`{data.source}`: {data.moments} decisions of {len(model.users)} users ({kinds}).{_left_out(data)}
Hash of the data: `{model.data_hash}`. Seed {model.seed}. Groups of columns: {", ".join(model.groups)}.
"""


def _left_out(data: CardData) -> str:
    return f" {data.unusable_rows} unusable rows were left out." if data.unusable_rows else ""


def _measured(figures: Sequence[CardFigure], not_measured: str, unit: str) -> str:
    if not figures:
        return f"""## Measured

Not measured: {not_measured or "no figures were made"}. Measure it on {unit}s that it has not seen before you rely on it.
"""
    rows = "\n".join(f"| {one.name} | {one.value} | {one.beside} |" for one in figures)
    return f"""## Measured

Each {unit} was judged by a model trained on other {unit}s, every choice made inside them. This model itself has seen all
of them, so there is no honest figure of it on these data. Intervals: 95%, by {unit}.

| figure | value | beside |
|---|---|---|
{rows}
"""


def _of(name: str, head: Head, groups: str = "sessions") -> str:
    order = sorted(range(len(head.names)), key=lambda at: -abs(head.weights[at]))[:_HEAVIEST]
    heaviest = ", ".join(f"`{head.names[at]}` {head.slope * head.weights[at]:+.2f}" for at in order)
    return (
        f"- **{name}**: logistic regression on {len(head.names)} columns, {head.rows} rows of {head.groups} {groups}, penalty "
        f"C = {head.penalty:g}, Platt slope {head.slope:.2f}; base rate {head.base_rate:.3f}. Heaviest (log-odds per standard "
        f"deviation): {heaviest}."
    )


_HEAD = """# Reward model

Says how probable it is that a user accepts a proposal, or a silence, at a moment of work, and whether help is wanted there.
Made by Tactful {version} on {made_at:%Y-%m-%d}. Judge with `tactful reward judge`, set a threshold with `tactful reward gate`.
"""

_NOTES = """
(1) The four categories weigh the same. (2) Calibration error over ten bins of equal mass, as the data stand; the floor is what
a perfectly calibrated judge shows at this size. (3) Mean over sessions of the distance between mean probability and rate.
"""

_LIMITS = """## Limits

- The columns and the recipe were developed on ProactiveBench's 16 sessions, after many tries: figures on those sessions flatter.
- Few sessions: figures move by several points from one set of sessions to another; read the interval, not the value.
- Probabilities are meant at the base rate of the training data. On other users, tasks or assistants calibrate again, and set a
  gate on sessions that took no part in training.
- It reads what was seen and what is proposed, by likeness of wording and by kinds of events and help, in English above all. It does
  not understand the task: a well-aimed but wrong proposal passes.
- It was trained on annotators' verdicts, not on what the users themselves did.
- Do not judge people by it: it rates moments for help, nothing else.
"""

_SUGGESTION_HEAD = """# Model of suggestions in an editor

Says how probable it is that a programmer accepts a suggestion, when it is shown.
Made by Tactful {version} on {made_at:%Y-%m-%d}. Judge with `tactful reward judge`; what hiding would come to says
`tactful bench suggestions`.
"""

_SUGGESTION_LIMITS = """## Limits

- Users differ, and a new user's rate is not known beforehand: read the intervals, not the values.
- Accepted is not good: it tells what was taken, not whether it was right or what would have been done without it.
- Only suggestions that were decided are in the data, not those that vanished while the programmer typed on.
- A missing value is a column of its own, and may mean something else in another editor. Measure there before you hide anything.
- It sees numbers about the suggestion and earlier verdicts, no code. Do not judge people by it.
"""
