"""Speak or stay silent? One rule, `speak iff p >= threshold(costs)`, from what a false alarm and a miss cost.

A threshold from costs is only as good as the probability is calibrated. `promise.py` finds thresholds
that come with a guarantee; `Gate` applies either kind to the judgements of a live assistant.
"""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from tactful.errors import UserError
from tactful.reward.gate.promise import Promise
from tactful.reward.types import Acceptance, MomentJudge, Probability
from tactful.types import Record

Floats = NDArray[np.float64]
Action = Literal["speak", "silent", "abstain"]
SPEAK, ABSTAIN, SILENT = 1, 0, -1
"""Actions in arrays."""


class Costs(Record):
    """What the two errors cost, in any one unit: only their ratio (and, for `utility`, the worth of 1) counts."""

    false_alarm: float = Field(gt=0)
    """Of speaking when the proposal is not welcome."""
    miss: float = Field(default=0.0, ge=0)
    """Of staying silent when it would have been welcome and needed."""


def threshold_from_costs(
    costs: Costs, *, form: Literal["prism", "utility"] = "prism", p_need: ArrayLike | None = None
) -> Floats:
    """Lowest probability of acceptance at which speaking pays, in [0, 1]; one per entry of `p_need`, else a single one.

    Rises with the cost of a false alarm, falls with that of a miss and with `p_need`. NaN in `p_need` = unknown.

    - `prism`: false_alarm / (false_alarm + p_need · miss); an unknown need counts as 1.
    - `utility`: an accepted proposal is worth +1, a rejected one −false_alarm, silence −miss · p_need, so that
      (false_alarm − miss · p_need) / (1 + false_alarm), at least 0. An unknown need is as probable as acceptance,
      which gives false_alarm / (1 + false_alarm + miss). With miss = 0 it is c / (1 + c).

    Source: the form of PRISM for the first. Its product takes acceptance and need as independent; where whoever
    accepts a proposal also needs it, leave `p_need` out.
    """
    need = np.array(np.nan if p_need is None else p_need, dtype=float)
    alarm, miss = costs.false_alarm, costs.miss
    if form == "prism":
        return np.asarray(alarm / (alarm + np.where(np.isnan(need), 1.0, need) * miss))
    known = np.clip((alarm - miss * need) / (1 + alarm), 0, 1)
    return np.asarray(np.where(np.isnan(need), alarm / (1 + alarm + miss), known))


class GateConfig(Record):
    """How a gate decides."""

    form: Literal["prism", "utility", "fixed"] = "prism"
    """Where the threshold comes from: one of two ways to weigh the costs, or `fixed`."""
    costs: Costs | None = None
    """None only where the form is `fixed`."""
    need: Literal["judged", "certain"] = "judged"
    """`judged`: the judge's p_need goes into the threshold, where it says one; `certain`: whoever accepts help needs it."""
    threshold: Probability | None = None
    """Of the form `fixed`."""
    floor: Probability = 0.0
    """Never speak below this probability: the threshold of a promise about the rate of false alarms."""
    abstain_low: Probability | None = None
    """With `abstain_high`: neither speak nor count as silent between them."""
    abstain_high: Probability | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.form == "fixed") != (self.threshold is not None):
            raise ValueError("a threshold belongs to the form 'fixed', and that form needs one")
        if self.form != "fixed" and self.costs is None:
            raise ValueError(f"the form '{self.form}' needs costs")
        if (self.abstain_low is None) != (self.abstain_high is None):
            raise ValueError("give both ends of the abstain band, or none")
        if (self.abstain_low or 0.0) > (1.0 if self.abstain_high is None else self.abstain_high):
            raise ValueError(
                f"abstain band {self.abstain_low:g}..{self.abstain_high:g} ends before it begins"
            )
        return self

    def thresholds(self, p_need: ArrayLike | None = None) -> Floats:
        """The threshold of each moment, or the single one where the need does not matter or is not given."""
        if self.form == "fixed":
            return np.array(max(self.threshold or 0.0, self.floor))
        assert self.costs is not None
        need = p_need if self.need == "judged" else None
        return np.asarray(
            np.maximum(threshold_from_costs(self.costs, form=self.form, p_need=need), self.floor)
        )

    def actions(self, p_accept: ArrayLike, p_need: ArrayLike | None = None) -> NDArray[np.int8]:
        """SPEAK, SILENT or ABSTAIN for each probability; NaN, an unscored judgement, abstains.

        The band is stretched to the threshold where it does not hold it, so that with rising probability silence
        comes first, then abstaining, then speaking.
        """
        p, threshold = np.asarray(p_accept, dtype=float), self.thresholds(p_need)
        low = threshold if self.abstain_low is None else np.minimum(threshold, self.abstain_low)
        high = threshold if self.abstain_high is None else np.maximum(threshold, self.abstain_high)
        found = np.where(p >= high, SPEAK, np.where(p < low, SILENT, ABSTAIN))
        return np.asarray(np.where(np.isnan(p), ABSTAIN, found), dtype=np.int8)


class GateDecision(Record):
    """What to do with one proposal."""

    moment_id: str
    action: Action
    """`abstain`: the gate does not decide; hand over, ask in a smaller way or stay quiet. Count it apart."""
    p_accept: Probability | None
    p_need: Probability | None
    threshold: float
    """The probability from which on this gate speaks here."""
    reason: str


class Gate(Record):
    """A gate as it is stored beside a model and used by a live assistant."""

    format: Literal["tactful-gate-1"] = "tactful-gate-1"
    judge: str
    """Name of the judge whose probabilities it was set for: another one's mean something else."""
    model: str = ""
    """Fingerprint of the trained model that it was set for; empty for a judge without one."""
    data: str = ""
    """Hash of the moments that it was set on."""
    config: GateConfig
    promise: Promise | None = None
    """What is promised, where a promise was asked for and could be made."""

    def check(self, judge: MomentJudge) -> None:
        """Raises: UserError unless it was set for this very judge: another one's probabilities mean something else."""
        fingerprint = getattr(judge, "fingerprint", "")
        if (self.judge, self.model) == (judge.name, fingerprint):
            return
        other = (
            f"'{self.judge}'"
            if self.judge != judge.name
            else f"another model ({self.model[:8] or 'not named'})"
        )
        raise UserError(
            f"the gate was set for {other}, and '{judge.name}'{f' ({fingerprint[:8]})' if fingerprint else ''} judges "
            "here: its probabilities mean something else; make a gate for it with 'tactful reward gate'"
        )

    def decide(self, acceptance: Acceptance) -> GateDecision:
        """Whether to make the proposal that `acceptance` judges. Unscored: abstain."""
        p, need = acceptance.p_accept, acceptance.p_need
        shown = np.array([np.nan if p is None else p]), np.array([np.nan if need is None else need])
        threshold = float(np.max(self.config.thresholds(shown[1])))
        action = _NAMES[int(self.config.actions(*shown)[0])]
        return GateDecision(
            moment_id=acceptance.moment_id,
            action=action,
            p_accept=p,
            p_need=need,
            threshold=threshold,
            reason=_reason(action, p, threshold, acceptance.reason),
        )


_NAMES: dict[int, Action] = {SPEAK: "speak", ABSTAIN: "abstain", SILENT: "silent"}


def _reason(action: Action, p: float | None, threshold: float, why_unscored: str) -> str:
    if p is None:
        return f"the judgement is unscored ({why_unscored or 'no reason given'})"
    if action == "abstain":
        return f"p(accept) {p:.3f} is within the abstain band around the threshold {threshold:.3f}"
    side = "reaches" if action == "speak" else "is below"
    return f"p(accept) {p:.3f} {side} the threshold {threshold:.3f}"
