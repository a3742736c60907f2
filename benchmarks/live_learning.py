"""Does a live advisor learn each user's patience? Simulated users with and without learning, beside vowpalwabbit's squarecb.

python benchmarks/live_learning.py --users 40 --seed 1 [--personas fitted.toml]

One interaction is one bundled task: the reader's clarity (from models that never saw the task), a decision to ask one question or
to answer at once, and the rule user's reaction, whose words are read as an advisor reads them. All policies meet the same tasks,
in the same moods, in the same order: a replay in which both outcomes are known. Users come by turns, about five interactions a day.
A family is a persona of calibration; each of its users has traits of their own around it.

- **in sample**: families of training, with which the cost policy's numbers, and the constants of learning, were chosen;
- **held out**: the families marked so, never used to choose a number here; what the claims below are made for;
- **warm**: met the users of training before, as many interactions each; for ours that is the population alone;
- **fitted**: personas of `tactful calibrate users fit`, where a file is given.

Regret is in expectation, against whoever knows the task's need and the user's traits. squarecb learns from the true reward, which
no assistant is told; ours learns from the reply's words alone. Each interval is a bootstrap over users.
Needs `pip install vowpalwabbit` for the referee; without it the rest is printed. About 2 ms an interaction and policy.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from common import machine
from live_people import DOMAINS, IMPATIENT, Task, User, people, read

from tactful.calibration.play.personas import builtin_personas, load_personas
from tactful.calibration.play.users import reject_probability
from tactful.live.learning.choosing import Chosen, Guards, choose
from tactful.live.learning.patience import Population, learned, question_belief
from tactful.live.learning.pooling import due, pooled
from tactful.live.types import Taste
from tactful.mend.types import UNKNOWN, Outcome
from tactful.policy import CostPolicy
from tactful.stats.bootstrap import grouped_mean
from tactful.types import seeded

POLICY = CostPolicy(("answer", "ask"))


# ---------------------------------------------------------------- those who decide


class Learner(Protocol):
    """Decides for one user at a time, and is told what came of it."""

    def asks(self, user: User, turn: int, rng: random.Random) -> bool: ...
    def learn(self, user: User, turn: int, asked: bool, reward: float, read: tuple[Outcome, str]) -> None: ...


@dataclass
class Fixed:
    """Always the same, or the cost policy that knows nobody; or somebody who knows each user's chance of rejecting."""

    rule: Callable[[User, Task], bool]

    def asks(self, user: User, turn: int, rng: random.Random) -> bool:
        return self.rule(user, user.turns[turn])

    def learn(self, *_: object) -> None:
        pass


@dataclass
class Ours:
    """What the advisor does, with its own parts."""

    guards: Guards = field(default_factory=Guards)
    assumed: Population = field(default_factory=Population)
    pools: bool = True
    population: Population = field(init=False)
    tastes: dict[str, Taste] = field(default_factory=dict)
    reactions: int = 0
    last: Chosen | None = None

    def __post_init__(self) -> None:
        self.population = self.assumed

    def asks(self, user: User, turn: int, rng: random.Random) -> bool:
        at, taste = user.at[turn], self.tastes.get(user.name) or Taste(user=user.name)
        since = (at - taste.questions.at).total_seconds() / 86_400 if taste.questions.at else 0.0
        belief = question_belief(taste, self.population, at)
        held, annoyed = self.guards.held(0, taste.streak, since), self.guards.annoyed(taste.recent, since)
        seen = user.turns[turn].seen
        self.last = choose(POLICY, seen, belief, self.guards, rng, held=held, annoyed=annoyed)
        return self.last.asks

    def learn(self, user: User, turn: int, asked: bool, reward: float, read: tuple[Outcome, str]) -> None:
        if not asked:
            return
        taste = self.tastes.get(user.name) or Taste(user=user.name)
        (outcome, subject), need = read, 1 - user.turns[turn].seen.query_clarity
        self.tastes[user.name] = learned(
            taste, outcome, user.at[turn], self.population, subject=subject, need=need
        )
        self.reactions += outcome not in UNKNOWN
        if self.pools and due(self.population, self.reactions):
            self.population, self.reactions = pooled(self.tastes.values(), self.assumed), 0


class Squarecb:
    """vowpalwabbit's, on what the reader says and who it is; told the true reward."""

    def __init__(self, options: str, *, pooled: bool) -> None:
        import vowpalwabbit

        named = "--interactions SA --interactions UA --interactions USA" if pooled else "--interactions SA"
        self._options = f"--cb_explore_adf --squarecb --quiet --random_seed 1 {named} {options}"
        self._make = lambda: vowpalwabbit.Workspace(self._options)
        self._pooled = pooled
        self._models: dict[str, Any] = {}
        self._last: tuple[list[str], int, float] = ([], 0, 1.0)

    def _model(self, user: User) -> Any:
        name = "" if self._pooled else user.name
        if name not in self._models:
            self._models[name] = self._make()
        return self._models[name]

    def asks(self, user: User, turn: int, rng: random.Random) -> bool:
        seen = user.turns[turn].seen
        need = 1 - seen.query_clarity
        who = f" |U {user.name.replace(' ', '_')}" if self._pooled else ""
        shared = f"shared |S need:{need:.4f} {seen.domain} squared:{need * need:.4f}{who}"
        lines = [shared, "|A answer", "|A ask"]
        chances = self._model(user).predict(lines)
        asks = rng.random() < chances[1]
        self._last = (lines, int(asks), chances[int(asks)])
        return asks

    def learn(self, user: User, turn: int, asked: bool, reward: float, read: tuple[Outcome, str]) -> None:
        lines, taken, chance = self._last
        labelled = list(lines)
        labelled[1 + taken] = f"0:{-reward:.4f}:{chance:.5f} {lines[1 + taken]}"
        self._model(user).learn(labelled)


def play(learner: Learner, users: Sequence[User], seed: int, upto: int) -> dict[str, np.ndarray]:
    """What was chosen, earned (in expectation) and lost, (users, interactions); users come by turns."""
    shape = len(users), upto
    found = {name: np.zeros(shape) for name in ("asked", "earned", "regret", "rejected")}
    for turn in range(upto):
        for row, user in enumerate(users):
            rng = seeded(seed, "choice", user.name, turn)
            asks = learner.asks(user, turn, rng)
            worth = user.expected(turn)
            reward, came = user.turns[turn].untold, ("fine", "")
            if asks:
                reward, reply = user.asked(turn, seed)
                task = user.turns[turn]
                came = read(task.state.query, task.question, reply)
            learner.learn(user, turn, asks, reward, came)
            found["asked"][row, turn] = asks
            found["rejected"][row, turn] = asks and came[0] in ("rejected", "left")
            found["earned"][row, turn] = worth[asks]
            found["regret"][row, turn] = max(worth) - worth[asks]
    return found


def mean_over(values: np.ndarray, users: Sequence[User]) -> Any:
    """Mean over users with its interval."""
    return grouped_mean(values, [user.name for user in users])


# ---------------------------------------------------------------- what is printed


def entrants(warm: Sequence[User], seed: int, turns: int) -> dict[str, Callable[[], Learner]]:
    """Everybody who takes part."""

    def unadapted(_: User, task: Task) -> bool:
        return POLICY.weigh(task.seen).asks

    def told(user: User, task: Task) -> bool:
        return POLICY.weigh(task.seen, reject_probability(user.persona)).asks

    def warm_start() -> Learner:
        learner = Ours()
        play(learner, warm, seed + 1, turns)
        return Ours(assumed=pooled(learner.tastes.values(), Population()))

    found: dict[str, Callable[[], Learner]] = {
        "always answers": lambda: Fixed(lambda *_: False),
        "always asks": lambda: Fixed(lambda *_: True),
        "unadapted": lambda: Fixed(unadapted),
        "told each user's p": lambda: Fixed(told),
        "ours": Ours,
        "ours, ε = 0": lambda: Ours(Guards(explore=0.0)),
        "ours, cool-down 2 days": lambda: Ours(Guards(cool_down_days=2)),
        "ours, prior not re-estimated": lambda: Ours(pools=False),
        "ours, warm": warm_start,
    }
    try:
        import vowpalwabbit  # noqa: F401
    except ImportError:
        print("vowpalwabbit is not installed: no referee (pip install vowpalwabbit)")
        return found

    def warmed(options: str) -> Squarecb:
        learner = Squarecb(options, pooled=True)
        play(learner, warm, seed + 1, turns)
        return learner

    for scale in (1, 10, 100):
        options = f"--gamma_scale {scale}"
        found[f"squarecb {scale}, a model a user"] = lambda options=options: Squarecb(options, pooled=False)
        found[f"squarecb {scale}, pooled"] = lambda options=options: Squarecb(options, pooled=True)
        found[f"squarecb {scale}, pooled, warm"] = lambda options=options: warmed(options)
    return found


def compare(
    title: str, users: Sequence[User], makers: dict[str, Callable[[], Learner]], seed: int, upto: int
) -> None:
    """Every entrant on one replay, and ours against each."""
    families = sorted({user.family for user in users})
    print(
        f"\n## {title}: {len(users)} users of {len(families)} families ({', '.join(families)}), {upto} interactions each"
    )
    played = {name: play(make(), users, seed, upto) for name, make in makers.items()}
    ours = played["ours"]
    print(f"{'':34}{'regret over all':>26}{'ours minus theirs':>30}{'asks':>8}{'rejected':>10}")
    for name, found in played.items():
        whole = found["regret"].sum(axis=1)
        gap = whole - ours["regret"].sum(axis=1)
        against = "" if name == "ours" else mean_over(-gap, users).text(2)
        print(
            f"{name:34}{mean_over(whole, users).text(2):>26}{against:>30}{found['asked'].mean():>8.2f}"
            f"{found['rejected'].sum() / max(1, found['asked'].sum()):>10.2f}"
        )
    for mine, theirs in (("ours", "pooled"), ("ours, warm", "pooled, warm")):
        rivals = [name for name in played if name.startswith("squarecb") and name.endswith(f", {theirs}")]
        if rivals:
            best = min(rivals, key=lambda name: played[name]["regret"].sum())
            gap = (played[mine]["regret"] - played[best]["regret"]).sum(axis=1)
            print(f"{mine} minus {best}, the best of its kind here: {mean_over(gap, users).text(2)}")
    print("\nreward an interaction, ours minus theirs, by interactions:")
    windows = [(0, 10), (10, 20), (10, upto)]
    print(f"{'':34}" + "".join(f"{f'{a + 1} to {b}':>30}" for a, b in windows))
    for name in [one for one in ("always answers", "always asks", "unadapted") if one in played]:
        gaps = [(ours["earned"] - played[name]["earned"])[:, a:b].mean(axis=1) for a, b in windows]
        print(f"{name:34}" + "".join(f"{mean_over(gap, users).text():>30}" for gap in gaps))
    if "unadapted" not in played:
        return
    gap = (ours["earned"] - played["unadapted"]["earned"])[:, 10:].mean(axis=1)
    for family in families:
        mine = [at for at, user in enumerate(users) if user.family == family]
        print(
            f"{'  unadapted: ' + family:34}{'':60}{mean_over(gap[mine], [users[at] for at in mine]).text():>30}"
        )


def annoyed(users: Sequence[User], since: int, seed: int, upto: int) -> None:
    """How many questions meet a user who from `since` on rejects each, by their chances: where the unadapted policy would ask."""
    learners = {"ours": Guards(), "ours, ε = 0": Guards(explore=0.0)}
    learners |= {f"ours, cool-down {days} days": Guards(cool_down_days=days) for days in (2, 5)}
    for name, guards in learners.items():
        played = play(Ours(guards), users, seed, upto)
        put, rejected, before = [], [], []
        for row, user in enumerate(users):
            chances = [turn for turn in range(upto) if POLICY.weigh(user.turns[turn].seen).asks]
            before.append(played["asked"][row, [turn for turn in chances if turn < since][-10:]].mean())
            later = [turn for turn in chances if turn >= since][:10]
            put.append(played["asked"][row, later].sum())
            rejected.append(played["rejected"][row, later].sum())
        few = [
            mean_over((np.array(counts) <= 3).astype(float), users).percent(1) for counts in (put, rejected)
        ]
        print(
            f"{name}: {len(users)} users, asked at {np.mean(before):.0%} of the last 10 chances before they turn\n"
            f"  at the first 10 chances after that {np.mean(put):.2f} questions on average, {max(put):.0f} at the most; "
            f"no more than 3: {few[0]}\n"
            f"  heard as rejected {np.mean(rejected):.2f}, {max(rejected):.0f} at the most; no more than 3: {few[1]}"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--users", type=int, default=40, help="of each family")
    parser.add_argument("--interactions", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--personas", type=Path, help="fitted personas, TOML")
    parser.add_argument(
        "--entrants", default="", help="only those whose names begin so, separated by ';'; empty: all"
    )
    parser.add_argument("--only", default="held out,annoyed,in sample,fitted")
    given = parser.parse_args(arguments)
    turns, seed, wanted = given.interactions, given.seed, given.only.split(",")
    print(f"{machine()}; seed {seed}")
    everybody = [persona for domain in DOMAINS for persona in builtin_personas(domain)]
    training = [persona for persona in everybody if not persona.held_out]
    held_out = [persona for persona in everybody if persona.held_out]
    warm = people(training, max(1, given.users // 4), turns, seed + 1)
    makers = entrants(warm, seed, turns)
    if given.entrants:
        names = tuple(given.entrants.split(";"))
        makers = {name: make for name, make in makers.items() if name == "ours" or name.startswith(names)}
    if "held out" in wanted:
        compare("Held out", people(held_out, given.users, turns, seed), makers, seed, turns)
    if "annoyed" in wanted:
        patient = [persona for persona in held_out if reject_probability(persona) < 0.15]
        half = turns // 2
        for wholly, words in (
            (True, "reject every question"),
            (False, f"are as impatient as can be ({IMPATIENT})"),
        ):
            print(f"\n## Held out, patient users who from interaction {half + 1} on {words}")
            turning = people(patient, given.users, turns, seed, annoyed_from=half, wholly=wholly)
            annoyed(turning, half, seed, turns)
    if "in sample" in wanted:
        few = max(1, given.users // 4)
        compare("In sample, families of training", people(training, few, turns, seed), makers, seed, turns)
    if "fitted" in wanted and given.personas:
        fitted = people(load_personas(given.personas), given.users, turns, seed)
        compare(f"Fitted to a log ({given.personas.name})", fitted, makers, seed, turns)


if __name__ == "__main__":
    main()
