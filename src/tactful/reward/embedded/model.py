"""The embedded reward model: two calibrated heads, kept as one readable JSON file. Never pickle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from tactful.data.sealed import Sealed, load_document, save_document, seal_of
from tactful.reward.embedded.head_store import HeadFile, head_file, head_of
from tactful.reward.embedded.heads import Floats, Head
from tactful.reward.features.table import (
    PROPOSAL_NAMES,
    SENTENCE_END,
    SILENCE_NAMES,
    in_words,
    proposal_features,
    silence_features,
)
from tactful.reward.likeness import Likeness, open_likeness
from tactful.reward.types import Acceptance, Influence, JudgeAtOnce, how_welcome
from tactful.types import Moment

MODEL_FILE = "model.json"
CARD_FILE = "MODEL_CARD.md"
MOST_INFLUENCES = 4
"""Features that an explanation names."""
_SLIGHT = 0.02
"""Log-odds below which a feature is not worth naming."""


@dataclass(frozen=True)
class RewardModel(JudgeAtOnce):
    """Judges moments by two heads: is this proposal welcome, and is help wanted here at all.

    A `MomentJudge`. `p_accept` of a proposal is calibrated at the base rate of the training proposals, of a silence
    it is 1 − p_need. The verdict is `accepted` iff p_accept reaches that base rate, so that both mistakes weigh the
    same; a gate derives its own threshold from costs.
    """

    likeness: Likeness
    proposals: Head | None
    """None when the training data hold no proposal: proposals are then unscored."""
    silences: Head | None
    """None when nobody said whether help was wanted: silences are then unscored, and p_need is None."""
    sessions: tuple[str, ...]
    """What it was trained on; a figure on any of these is not out of session."""
    data_hash: str = ""
    seed: int = 0

    @property
    def name(self) -> str:
        """`embedded`, with the encoder where there is one."""
        return "embedded" if self.likeness.name == "ngrams" else f"embedded ({Path(self.likeness.name).name})"

    @property
    def fingerprint(self) -> str:
        """Hash of everything that decides: a gate belongs to the model that has the same."""
        return seal_of(_content(self))

    def judge_now(self, moments: Sequence[Moment], *, explain: bool = False) -> list[Acceptance]:
        """The judgements in the order of `moments`; with `explain`, what moved each, in words."""
        said: dict[int, Acceptance] = {}
        offered = [at for at, moment in enumerate(moments) if moment.proposal is not None]
        silent = [at for at, moment in enumerate(moments) if moment.proposal is None]
        if offered:
            chosen = [moments[at] for at in offered]
            said |= dict(zip(offered, self._offered(chosen, explain), strict=True))
        if silent:
            chosen = [moments[at] for at in silent]
            values = silence_features(chosen, self.likeness).values
            said |= dict(zip(silent, self._silences(chosen, values, explain), strict=True))
        return [said[at] for at in range(len(moments))]

    def base_rate(self, moment: Moment) -> float:
        """The base rate that p_accept of such a moment is meant at, in [0, 1]; 0.5 where there is no head for it."""
        if moment.proposal is not None:
            return 0.5 if self.proposals is None else self.proposals.base_rate
        return 0.5 if self.silences is None else 1 - self.silences.base_rate

    def _offered(self, moments: Sequence[Moment], explain: bool) -> list[Acceptance]:
        """Judged whole and by their opening sentence alone; the lower holds, so that nothing appended buys a score.

        The head was calibrated on the lower of both, so that what holds is a probability.
        """
        found = self._proposals(moments, proposal_features(moments, self.likeness).values, explain)
        longer = openings(moments)
        if not longer:
            return found
        values = proposal_features(list(longer.values()), self.likeness).values
        for at, alone in zip(longer, self._proposals(list(longer.values()), values, explain), strict=True):
            if (alone.p_accept or 0.0) < (found[at].p_accept or 0.0):
                found[at] = alone
        return found

    def _proposals(self, moments: Sequence[Moment], values: Floats, explain: bool) -> list[Acceptance]:
        head = self.proposals
        if head is None:
            reason = "this model was trained without proposals; train it on data that hold some"
            return [Acceptance.unscored(moment.id, reason=reason) for moment in moments]
        needs = self._needs(values[:, : len(SILENCE_NAMES)])
        told = head.contributions(values) if explain else [None] * len(moments)
        found = zip(moments, map(float, head.probability(values)), needs, told, strict=True)
        return [self._acceptance(*one, head.names) for one in found]

    def _silences(self, moments: Sequence[Moment], values: Floats, explain: bool) -> list[Acceptance]:
        head = self.silences
        if head is None:
            reason = "this model was trained without knowing when help was wanted; it cannot judge a silence"
            return [Acceptance.unscored(moment.id, reason=reason) for moment in moments]
        told = -head.contributions(values) if explain else [None] * len(moments)
        found = zip(moments, map(float, head.probability(values)), told, strict=True)
        return [self._acceptance(moment, 1 - need, need, one, head.names) for moment, need, one in found]

    def _needs(self, values: Floats) -> list[float | None]:
        if self.silences is None:
            return [None] * len(values)
        return [float(need) for need in self.silences.probability(values)]

    def _acceptance(
        self,
        moment: Moment,
        p_accept: float,
        p_need: float | None,
        effects: Floats | None,
        names: tuple[str, ...],
    ) -> Acceptance:
        base_rate = self.base_rate(moment)
        influences = () if effects is None else influences_of(names, effects, in_words, least=_SLIGHT)
        return Acceptance(
            moment_id=moment.id,
            p_accept=p_accept,
            p_need=p_need,
            accepted=p_accept >= base_rate,
            reason="" if effects is None else _sentence(moment, p_accept, base_rate, influences),
            influences=influences,
        )


def openings(moments: Sequence[Moment]) -> dict[int, Moment]:
    """Place → the moment with the first sentence of its proposal alone, where that is not all of it."""
    found = {}
    for at, moment in enumerate(moments):
        first, *rest = SENTENCE_END.split(moment.proposal or "", maxsplit=1)
        if first.strip() and rest and rest[0].strip():
            found[at] = moment.model_copy(update={"proposal": first})
    return found


def influences_of(
    names: tuple[str, ...], effects: Floats, in_words: Callable[[str, bool], str], *, least: float = 0.0
) -> tuple[Influence, ...]:
    """The features that moved a judgement most, by `least` at least, the strongest first."""
    order = np.argsort(-np.abs(effects), kind="stable")[:MOST_INFLUENCES]
    return tuple(
        Influence(
            feature=names[at], effect=float(effects[at]), words=in_words(names[at], bool(effects[at] > 0))
        )
        for at in order
        if abs(effects[at]) >= least
    )


def _sentence(moment: Moment, p_accept: float, base_rate: float, influences: tuple[Influence, ...]) -> str:
    """Why, in one or two sentences."""
    told = how_welcome(moment, p_accept, base_rate)
    if not influences:
        return f"{told}; nothing about this moment stands out."
    return f"{told}: {'; '.join(one.words for one in influences)}."


# ---------------------------------------------------------------- the file


class _ModelFile(Sealed):
    format: Literal["tactful-reward-1"] = "tactful-reward-1"
    likeness: str
    """`ngrams`, or the encoder's name or folder."""
    proposals: HeadFile | None
    silences: HeadFile | None
    sessions: tuple[str, ...]
    data_hash: str
    seed: int


def save_model(model: RewardModel, folder: Path, *, card: str, replace: bool = False) -> None:
    """Write `model.json` and the model card into `folder`.

    Raises: UserError when `folder` holds a model already (unless `replace`) or cannot be written.
    """
    save_document(folder / MODEL_FILE, _content(model), replace=replace, beside={CARD_FILE: card})


def load_model(folder: Path | str) -> RewardModel:
    """The model in `folder` (or its `model.json`).

    Raises: DataError when there is none, when it is another kind of file (a pickle, say), when its content does not
    match its hash, or when it was trained on other features; MissingExtra when its encoder is not installed.
    """
    path = Path(folder)
    path = path if path.is_file() else path / MODEL_FILE
    again = "train it again with: tactful reward train DATA --out MODEL"
    content = load_document(path, _ModelFile, what="reward model", again=again)
    kept, quiet = content.proposals, content.silences
    proposals = None if kept is None else head_of(kept, PROPOSAL_NAMES, path, again)
    silences = None if quiet is None else head_of(quiet, SILENCE_NAMES, path, again)
    return RewardModel(
        likeness=open_likeness(content.likeness),
        proposals=proposals,
        silences=silences,
        sessions=content.sessions,
        data_hash=content.data_hash,
        seed=content.seed,
    )


def _content(model: RewardModel) -> _ModelFile:
    return _ModelFile(
        likeness=model.likeness.name,
        proposals=None if model.proposals is None else head_file(model.proposals),
        silences=None if model.silences is None else head_file(model.silences),
        sessions=model.sessions,
        data_hash=model.data_hash,
        seed=model.seed,
    )
