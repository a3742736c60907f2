"""Train the embedded reward model, and judge every session by a model that never saw it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from tactful.data.formats.moments import moment_row, observation_id
from tactful.errors import UserError
from tactful.reward.embedded.heads import Floats, Head, fit_head
from tactful.reward.embedded.model import RewardModel, openings
from tactful.reward.features.table import proposal_features, silence_features
from tactful.reward.likeness import Likeness, open_likeness
from tactful.reward.types import Acceptance
from tactful.types import LabelledMoment, Moment, Record, content_hash

FEWEST_SESSIONS = 2


class TrainConfig(Record):
    """What may be chosen about training; everything else is chosen inside the training sessions."""

    likeness: str = "ngrams"
    """How alike texts are: `ngrams` (offline), or the name or folder of a sentence encoder (extra `encoder`)."""
    seed: int = 0


@dataclass(frozen=True)
class _Rows:
    """The training rows of one head."""

    values: Floats
    names: tuple[str, ...]
    targets: Floats
    """Soft, in [0, 1]."""
    outcomes: np.ndarray
    """The verdicts, bool."""
    sessions: np.ndarray
    openings: Floats | None = None
    """Proposals: the same with their opening sentence alone; the model takes the lower of both probabilities."""

    def without(self, session: str) -> _Rows:
        keep = self.sessions != session
        return _Rows(
            self.values[keep],
            self.names,
            self.targets[keep],
            self.outcomes[keep],
            self.sessions[keep],
            None if self.openings is None else self.openings[keep],
        )


@dataclass(frozen=True)
class Prepared:
    """Features and targets of labelled moments, computed once; each row tells of its own moment alone."""

    config: TrainConfig
    likeness: Likeness
    items: tuple[LabelledMoment, ...]
    proposals: _Rows | None
    """One row per proposal. None when there is none."""
    silences: _Rows | None
    """One row per observation of which somebody said, or a judged silence tells, whether help was wanted."""
    data_hash: str

    @property
    def sessions(self) -> tuple[str, ...]:
        """In the order of their names."""
        return tuple(sorted({item.moment.session for item in self.items}))


@dataclass(frozen=True)
class CrossJudged:
    """Every item judged by a model that saw no moment of its session."""

    items: tuple[LabelledMoment, ...]
    acceptances: tuple[Acceptance, ...]
    """In the order of `items`."""
    rates: tuple[float, ...]
    """For each item the base rate that its probability is meant at, from the training sessions."""


def prepare(items: Iterable[LabelledMoment], config: TrainConfig | None = None) -> Prepared:
    """Features and targets of `items`. Raises: UserError for no item; MissingExtra without an encoder asked for."""
    settings = config or TrainConfig()
    labelled = tuple(items)
    if not labelled:
        raise UserError("no labelled moment to train on; give rows with 'obs', 'pred_task' and 'valid'")
    likeness = open_likeness(settings.likeness)
    likeness.learn([text for item in labelled for text in _texts(item.moment)])
    return Prepared(
        config=settings,
        likeness=likeness,
        items=labelled,
        proposals=_proposal_rows(labelled, likeness),
        silences=_silence_rows(labelled, likeness),
        data_hash=moments_hash(labelled),
    )


def moments_hash(items: Iterable[LabelledMoment]) -> str:
    """Hash of labelled moments, by which a model or a gate says what it was made from."""
    return content_hash(b"\n".join(orjson.dumps(moment_row(item)) for item in items))


def train(items: Iterable[LabelledMoment], config: TrainConfig | None = None) -> RewardModel:
    """A model of all `items`. Raises: UserError when they are too few, of one session, or all accepted or rejected."""
    return train_prepared(prepare(items, config))


def train_prepared(data: Prepared, *, without: str | None = None) -> RewardModel:
    """A model of prepared moments, of one session fewer when asked for. Raises: UserError, as `train`."""
    sessions = tuple(name for name in data.sessions if name != without)
    if len(sessions) < FEWEST_SESSIONS:
        raise UserError(
            f"{len(sessions)} session to train on: the penalty and the calibration are chosen on sessions held out; "
            f"give moments of at least {FEWEST_SESSIONS} sessions (key 'session', else the first event names it)"
        )
    seed = data.config.seed
    return RewardModel(
        likeness=data.likeness,
        proposals=_head(data.proposals, without, seed, "proposals"),
        silences=_head(data.silences, without, seed, "moments of help wanted or not"),
        sessions=sessions,
        data_hash=data.data_hash,
        seed=seed,
    )


def cross_judge(items: Iterable[LabelledMoment] | Prepared, config: TrainConfig | None = None) -> CrossJudged:
    """Leave one session out: every item judged by a model whose every choice was made on the other sessions.

    Raises: UserError with fewer than three sessions (two must be left to choose on).
    """
    data = items if isinstance(items, Prepared) else prepare(items, config)
    if len(data.sessions) <= FEWEST_SESSIONS:
        raise UserError(
            f"{len(data.sessions)} sessions: leaving one out must leave {FEWEST_SESSIONS} to choose on; "
            "give moments of at least 3 sessions"
        )
    said: dict[int, tuple[Acceptance, float]] = {}
    for session in data.sessions:
        model = train_prepared(data, without=session)
        places = [at for at, item in enumerate(data.items) if item.moment.session == session]
        moments = [data.items[at].moment for at in places]
        for at, moment, one in zip(places, moments, model.judge_now(moments), strict=True):
            said[at] = (one, model.base_rate(moment))
    return CrossJudged(
        items=data.items,
        acceptances=tuple(said[at][0] for at in range(len(data.items))),
        rates=tuple(said[at][1] for at in range(len(data.items))),
    )


def _head(rows: _Rows | None, without: str | None, seed: int, what: str) -> Head | None:
    kept = rows if rows is None or without is None else rows.without(without)
    if kept is None or not len(kept.targets):
        return None
    try:
        return fit_head(
            kept.values,
            kept.names,
            kept.targets,
            np.ones(len(kept.targets)),
            kept.sessions,
            seed=seed,
            outcomes=kept.outcomes,
            also=kept.openings,
        )
    except UserError as error:
        raise UserError(f"cannot learn from these {what}: {error}") from error


def _proposal_rows(items: Sequence[LabelledMoment], likeness: Likeness) -> _Rows | None:
    offered = [item for item in items if item.moment.proposal is not None]
    if not offered:
        return None
    moments = [item.moment for item in offered]
    table = proposal_features(moments, likeness)
    alone = table.values.copy()
    if longer := openings(moments):
        alone[list(longer)] = proposal_features(list(longer.values()), likeness).values
    return _Rows(
        openings=alone,
        values=table.values,
        names=table.names,
        targets=np.array([_welcome(item) for item in offered]),
        outcomes=np.array([item.label.accepted for item in offered]),
        sessions=np.array([item.moment.session for item in offered]),
    )


def _silence_rows(items: Sequence[LabelledMoment], likeness: Likeness) -> _Rows | None:
    seen: dict[str, list[LabelledMoment]] = {}
    for item in items:
        seen.setdefault(observation_id(item.moment), []).append(item)
    told = [(group, need) for group in seen.values() if (need := _need(group)) is not None]
    if not told:
        return None
    table = silence_features([group[0].moment for group, _ in told], likeness)
    return _Rows(
        values=table.values,
        names=table.names,
        targets=np.array([_soft_need(group, need) for group, need in told]),
        outcomes=np.array([need for _, need in told]),
        sessions=np.array([group[0].moment.session for group, _ in told]),
    )


def _need(group: Sequence[LabelledMoment]) -> bool | None:
    """Whether help was wanted at an observation: as people said; else as the verdict on a silence tells; else None."""
    said = [item.label.help_needed for item in group if item.label.help_needed is not None]
    if not said:
        said = [not item.label.accepted for item in group if item.moment.proposal is None]
    return sum(said) * 2 >= len(said) if said else None


def _soft_need(group: Sequence[LabelledMoment], need: bool) -> float:
    """In [0, 1]: how surely people do not want silence, where a rule over answers says so; else the verdict on the need,
    averaged with the welcome that the proposals made there found."""
    told = [
        1 - p for item in group if item.moment.proposal is None and (p := item.label.p_accepted) is not None
    ]
    if told:
        return float(np.mean(told))
    offered = [_welcome(item) for item in group if item.moment.proposal is not None]
    return float(np.mean([float(need), float(np.mean(offered))])) if offered else float(need)


def _welcome(item: LabelledMoment) -> float:
    """How surely people accept it: as a rule over votes says, else the share of votes, else the verdict."""
    votes = item.label.votes
    if item.label.p_accepted is not None:
        return item.label.p_accepted
    return sum(votes) / len(votes) if votes else float(item.label.accepted)


def _texts(moment: Moment) -> list[str]:
    events = [event.text for event in moment.events]
    return events if moment.proposal is None else [*events, moment.proposal]
