"""What the rounds of `calibrate iterate` came to, and when they end."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tactful.data.sealed import Sealed
from tactful.stats import Estimate
from tactful.types import Record


class Round(Record):
    """What one round came to, on tasks that no round trained on."""

    number: int = Field(ge=1)
    mainline: str
    """Who played: the policy of the round before."""
    policy: str
    """Where the trained policy lies, in the folder of the loop."""
    pairs: int
    """Of all rounds so far: what it was trained on."""
    reward: Estimate
    """Mean reward of the trained policy."""
    gain: Estimate
    """Minus that of who played this round, paired by task, user and luck; interval by base task."""
    over_best_fixed: Estimate
    best_fixed: str

    def cells(self) -> tuple[str, ...]:
        """The row of a table."""
        best = f"{self.over_best_fixed.short()} ({self.best_fixed})"
        return (
            str(self.number),
            self.mainline,
            str(self.pairs),
            self.reward.short(),
            self.gain.short(),
            best,
        )


class Iterated(Sealed):
    """The loop so far: `iterate.json` of its folder."""

    format: Literal["tactful-iterate-1"] = "tactful-iterate-1"
    settings: dict[str, Any]
    """What may not change while it goes on."""
    rounds: tuple[Round, ...] = ()
    stopped: str = ""
    """Why it ended; empty while it may go on."""

    @property
    def best(self) -> str:
        """The policy of the last round whose gain was shown; empty when none was."""
        return next((one.policy for one in reversed(self.rounds) if one.gain.above_zero), "")

    def with_round(self, done: Round) -> Iterated:
        """The loop after one more round."""
        return self.model_copy(update={"rounds": (*self.rounds, done), "stopped": why_stop(done)})


def why_stop(done: Round) -> str:
    """Why nothing follows a round, in words; empty where its gain is shown."""
    gain = done.gain
    if gain.low is None or gain.high is None:
        return (
            f"round {done.number}: the interval of the gain is not estimable ({gain.text()}); give more tasks"
        )
    if gain.high < 0:
        return f"round {done.number}: the trained policy is worse than who played ({gain.text()})"
    if gain.low <= 0:
        return f"round {done.number}: no gain is shown, its interval contains 0 ({gain.text()})"
    return ""
