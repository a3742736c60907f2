"""A small simulator that passes the card, and the same broken in one way at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from tests.gym.made import START

from tactful.gym.card.log import Recorded, of_episodes
from tactful.gym.types import GymEpisode, GymStep, Outcome, Traits
from tactful.types import Event, Provenance, seeded

_VERBS = (
    "opens",
    "switches to",
    "types a line in",
    "scrolls through",
    "clicks into",
    "searches for",
    "reads",
    "runs",
)
_THINGS = (
    "the editor",
    "the browser",
    "the terminal",
    "the notes",
    "a long page",
    "the mail",
    "the plan",
    "a table",
)
_HOW = (
    "",
    " again",
    " slowly",
    " for a while",
    " once more",
    " with the mouse",
    " by the keyboard",
    " side by side",
)


@dataclass(frozen=True)
class Simulator:
    """Each field switches one fault on."""

    takes_everything: bool = False
    takes_needless: bool = False
    blind_to_timing: bool = False
    never_cools: bool = False
    never_leaves: bool = False
    never_ends: bool = False
    ends_mid_flow: bool = False
    drops_accepted: bool = False
    only_claims: bool = False
    without_persons: bool = False
    exaggerates: bool = False
    ticks: bool = False
    repeats: bool = False
    one_sentence: bool = False
    other_events: bool = False
    offers: bool = True

    def episodes(self, scenes: int = 20, passes: int = 6, seed: int = 0) -> list[GymEpisode]:
        """Every scene played by several persons."""
        return [self._play(f"scene{scene}", at, seed) for scene in range(scenes) for at in range(passes)]

    def people(self) -> Recorded:
        """The same kind of people, in other scenes and by other chance: recordings to be held against."""
        return of_episodes(self.episodes(scenes=16, passes=1, seed=99))

    # ------------------------------------------------------------ one episode

    def _play(self, scene: str, at: int, seed: int) -> GymEpisode:
        rng = seeded(seed, scene, at)
        traits = Traits(
            openness=rng.random(),
            patience=rng.random(),
            skill=rng.random(),
            focus=rng.random(),
            pace=math.exp(rng.gauss(0, 0.5)),
        )
        seen = Traits() if self.without_persons else traits
        steps: list[GymStep] = []
        clock, refused, end = START, 0, "goal"
        for index in range(rng.randint(24, 36)):
            timing = (
                "stuck"
                if rng.random() > 0.65 + 0.3 * seen.skill
                else rng.choice(("boundary", "flow", "flow"))
            )
            clock += timedelta(seconds=self._gap(seen, rng))
            event = Event(at=clock, text=self._text(scene, timing, seen, rng))
            wanted = rng.random() < {"stuck": 0.9, "boundary": 0.4, "flow": 0.1}[timing]
            offered = self.offers and rng.random() < 0.5
            verdict = self._verdict(timing, wanted, refused, seen, rng) if offered else None
            refused += verdict in ("rejected", "ignored")
            steps.append(_step(index, (event,), timing, wanted, verdict, clock))
            if refused > 4 + 4 * seen.patience and not self.never_leaves and rng.random() < 0.05:
                end = "left"
                break
        if end == "goal":
            steps += self._closing(steps, clock, rng)
            end = "rounds" if self.never_ends else "goal"
        return GymEpisode(
            id=f"{scene}/p{at}/{seed}",
            scene_id=scene,
            group=scene,
            setting="coding",
            assistant="sometimes" if self.offers else "none",
            goal="the report is written",
            traits=traits,
            steps=tuple(steps),
            end=end,
            provenance=Provenance(model="made up", generator="rules", seed=seed),
        )

    def _gap(self, seen: Traits, rng: Random) -> float:
        if self.ticks:
            return 30.0
        if self.exaggerates:
            return seen.pace**5 * rng.lognormvariate(2.5, 1.2)
        return seen.pace * rng.lognormvariate(2.5, 1.2)

    def _text(self, scene: str, timing: str, seen: Traits, rng: Random) -> str:
        if self.one_sentence:
            return f"The user works on '{scene}'."
        if self.repeats:
            return f"The user opens the {scene} folder{rng.choice(_HOW[:3])}."
        if timing == "stuck":
            return f"The user meets an error in {rng.choice(_THINGS)}{rng.choice(_HOW)}, number {rng.randint(1, 99)}."
        thing = _THINGS[0] if rng.random() < 0.8 * seen.focus else rng.choice(_THINGS)
        verb = "rests before" if self.other_events else rng.choice(_VERBS)
        return f"The user {verb} {thing} of {scene}{rng.choice(_HOW)}{rng.choice(_HOW)}, '{rng.randint(1, 999)}'."

    def _verdict(self, timing: str, wanted: bool, refused: int, seen: Traits, rng: Random) -> str:
        if self.takes_everything or (self.takes_needless and not wanted):
            return "accepted"
        worth = 0.0 if self.blind_to_timing else {"stuck": 0.8, "boundary": 0.2, "flow": -0.8}[timing]
        worth += 0.0 if self.blind_to_timing else 1.0 * wanted
        worth += 3.0 * (seen.openness - 0.5) - (0 if self.never_cools else 0.25 * refused)
        if rng.random() < 1 / (1 + math.exp(-worth)):
            return "accepted"
        return "rejected" if rng.random() < 0.9 - 0.8 * seen.patience else "ignored"

    def _closing(self, steps: list[GymStep], clock, rng: Random) -> list[GymStep]:
        if self.ends_mid_flow:
            flow = Event(at=clock, text="The user types the next line.")
            return [
                _step(len(steps), (flow,), "flow", False, None, clock),
                _step(len(steps) + 1, (), None, None, None, clock),
            ]
        if self.drops_accepted:
            asked = Event(at=clock, text="The user saves the report.")
            found = _step(len(steps), (asked,), "boundary", True, "accepted", clock)
            return [
                found.model_copy(update={"carried_out": ()}),
                _step(len(steps) + 1, (), None, None, None, clock),
            ]
        if self.only_claims:
            idle = Event(at=clock, text="The user looks out of the window.")
            return [_step(len(steps) + at, (idle,), "boundary", False, None, clock) for at in range(3)]
        last = Event(
            at=clock + timedelta(seconds=5), text=f"The user saves the report, version {rng.randint(1, 9)}."
        )
        return [_step(len(steps), (last,), "boundary", False, None, clock)]


def _step(index, events, timing, wanted, verdict, clock) -> GymStep:
    done = (Event(at=clock, text="The assistant does it."),) if verdict == "accepted" else ()
    return GymStep(
        index=index,
        act="goes on",
        events=events,
        proposal="Shall I help?" if verdict else None,
        shown=verdict is not None,
        carried_out=done,
        outcome=Outcome(timing=timing, help_wanted=wanted, verdict=verdict, reason=""),
    )
