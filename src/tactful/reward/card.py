"""The model card: what a reward model was trained on, what it can do, and what it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tactful.reward.heads import Head
from tactful.reward.model import RewardModel
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
    version: str,
    made_at: datetime,
) -> str:
    """MODEL_CARD.md. `figures` come from judging each session by a model without it; none were made when empty."""
    sections = [
        _head(version, made_at),
        _trained_on(model, data),
        _measured(figures),
        _inside(model),
        _LIMITS,
    ]
    return "\n\n".join(section.strip() for section in sections) + "\n"


def _head(version: str, made_at: datetime) -> str:
    return f"""# Reward model

Says how probable it is that a user accepts a proposal, or a silence, at a moment of work, and whether help is wanted there.
Made by Tactful {version} on {made_at:%Y-%m-%d}. Judge with `tactful reward judge`, set a threshold with `tactful reward gate`.
"""


def _trained_on(model: RewardModel, data: CardData) -> str:
    kinds = ", ".join(f"{count} {name}" for name, count in data.categories)
    left_out = f" {data.unusable_rows} unusable rows were left out." if data.unusable_rows else ""
    return f"""## Trained on

`{data.source}`: {data.moments} moments of {len(model.sessions)} sessions ({kinds}).{left_out}
Hash of the data: `{model.data_hash}`. Seed {model.seed}. Texts are compared by `{model.likeness.name}`.
"""


def _measured(figures: Sequence[CardFigure]) -> str:
    if not figures:
        return """## Measured

Not measured: it was trained with `--no-evaluate`. Measure it on other sessions with `tactful reward evaluate`.
"""
    rows = "\n".join(f"| {one.name} | {one.value} | {one.beside} |" for one in figures)
    return f"""## Measured

Each session was judged by a model trained on the other sessions, every choice made inside them. This model itself has seen all
of them, so there is no honest figure of it on these data. Intervals: 95%, by session.

| figure | value | beside |
|---|---|---|
{rows}
"""


def _inside(model: RewardModel) -> str:
    told = [
        _of(name, head)
        for name, head in (("Proposals", model.proposals), ("Help wanted", model.silences))
        if head
    ]
    return "## Inside\n\n" + "\n".join(told)


def _of(name: str, head: Head) -> str:
    order = sorted(range(len(head.names)), key=lambda at: -abs(head.weights[at]))[:_HEAVIEST]
    heaviest = ", ".join(f"`{head.names[at]}` {head.slope * head.weights[at]:+.2f}" for at in order)
    return (
        f"- **{name}**: logistic regression on {len(head.names)} columns, {head.rows} rows of {head.groups} sessions, penalty "
        f"C = {head.penalty:g}, Platt slope {head.slope:.2f}; base rate {head.base_rate:.3f}. Heaviest (log-odds per standard "
        f"deviation): {heaviest}."
    )


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
