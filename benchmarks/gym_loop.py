"""Does the loop close, does it carry over, and would other users turn the ranking?

    tactful gym scenes --seeds ours --model offline --out built.yaml
    python benchmarks/gym_loop.py --scenes built.yaml   # all three; ten minutes on one core
    python benchmarks/gym_loop.py loop --small          # a size for tests

`loop`: 60% of the scenes are played offline, offers at every few events; their moments train a reward model (three
quarters of the groups) and check a gate from costs (the others). The gate plays its training scenes, the model is
trained anew with what it has met there, and the gated assistant plays the held-out scenes
beside one that never offers, one that always does, and one that does at every N events, N the best one on the training
scenes. Utility of an episode: 1 for each accepted offer, less the cost for each other one that was shown; told per 100
rounds, and compared by scene.

`carry`: a reward model trained on moments of the gym judges those that people judged, and one trained on theirs judges
the gym's, each beside one trained on its own side, session by session, and beside always-accept.

`rank`: do the assistants stand in the same order under users that were fitted to what people did?
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common import machine

import tactful as tf
from tactful.gym.card.page import ranking_rows, table_lines
from tactful.gym.card.ranking import advantage, ranking, ranking_check
from tactful.gym.scenes.reading import read_scenes
from tactful.gym.types import GymEpisode, Scene
from tactful.types import LabelledMoment, Record, seeded

COSTS = (0.1, 0.25, 0.5, 1.0)
"""Of an offer that is not accepted."""
MAIN = 0.25
"""The cost that the verdict is about: named before it was measured."""
EVERY = (3, 5, 8, 13, 21, 34, 55)
EXPLORING = ("every:2", "every:4", "every:9")
"""How offers are made on the training scenes: by events alone, so that the model learns from every place of the work, and
thick and thin, so that it learns what offers do to the next ones (from thin ones alone it expects twice what it gets)."""
DATA = (
    Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
    / "proactivebench"
)


def scenes_of(more: Sequence[Path] = ()) -> list[Scene]:
    """Those shipped, ProactiveBench's twenty where they are at hand, and those of further files."""
    published = [DATA / "scenes_20.yaml"] if (DATA / "scenes_20.yaml").is_file() else []
    found = {scene.id: scene for place in ("bundled", *published, *more) for scene in read_scenes(place)}
    return list(found.values())


class Playing:
    """Plays scenes by rules, each call in a run folder of its own."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed, self.count = folder, seed, 0

    def __call__(
        self,
        scenes: Sequence[Scene],
        assistant: str,
        *,
        passes: int,
        luck: int = 0,
        parameters: Path | None = None,
    ) -> list[GymEpisode]:
        self.count += 1
        run = tf.play(
            scenes,
            model="offline",
            assistant=assistant,
            passes=passes,
            seed=1000 * self.seed + luck,
            parameters=parameters,
            out=self.folder / f"run{self.count}",
            progress="off",
        )
        return list(run)


def offers(episodes: Sequence[GymEpisode]) -> list[LabelledMoment]:
    """The labelled moments at which something was offered: what a gate decides on."""
    return [one for episode in episodes for one in episode.moments() if one.moment.proposal is not None]


def parted(scenes: Sequence[Scene], shares: Sequence[float], seed: int) -> list[list[Scene]]:
    """The scenes in parts of these shares, by group, so that no seed task stands on two sides."""
    groups = sorted({scene.split for scene in scenes})
    seeded("gym loop", seed).shuffle(groups)
    parts, at = [], 0.0
    for share in shares:
        chosen = set(groups[round(at * len(groups)) : round((at + share) * len(groups))])
        parts.append([scene for scene in scenes if scene.split in chosen])
        at += share
    return parts


# ---------------------------------------------------------------- the loop


def loop(folder: Path, scenes: Sequence[Scene], *, small: bool, seed: int) -> dict[str, Any]:
    """Play, train, gate, play: figures of every assistant on the held-out scenes, at each cost."""
    play = Playing(folder, seed)
    modelled, calibrated, held_out = parted(scenes, (0.45, 0.15, 0.4), seed)
    passes = 4 if small else 6
    checked = train(folder, play, modelled, calibrated, passes)
    print(
        f"{len(held_out)} scenes in {len({one.split for one in held_out})} groups are held out",
        file=sys.stderr,
    )
    candidates = EVERY[1::3] if small else EVERY
    fixed = {f"every:{n}": play([*modelled, *calibrated], f"every:{n}", passes=1, luck=2) for n in candidates}
    more = passes if small else 8
    played = {who: play(held_out, who, passes=more, luck=3) for who in ("none", "always")}
    by_cost = {}
    for cost in COSTS[:1] if small else COSTS:
        best = ranking("", fixed, false_alarm=cost).order[0]
        gate = set_gate(folder / "model", checked, cost)
        if best not in played:
            played[best] = play(held_out, best, passes=more, luck=3)
        now = {who: played[who] for who in ("none", "always", best)}
        now["gate"] = play(held_out, f"gate:{gate}", passes=more, luck=3)
        by_cost[cost] = _compared(now, cost)
    return {
        "scenes": len(scenes),
        "groups": len({one.split for one in scenes}),
        "held_out": len({one.split for one in held_out}),
        "costs": by_cost,
    }


def train(
    folder: Path, play: Playing, modelled: Sequence[Scene], calibrated: Sequence[Scene], passes: int
) -> list[LabelledMoment]:
    """Leaves a reward model in the folder; gives the offers of other scenes, to set its gate on.

    Trained twice: a first model's gate plays the training scenes once more, and the second learns from those offers too.
    A gate picks what its model likes best, so that the first one, which has never seen its own choices, expects too much.
    """
    learnt = [one for who in EXPLORING for one in play(modelled, who, passes=passes)]
    checked = [one for who in EXPLORING for one in play(calibrated, who, passes=passes, luck=1)]
    tf.train_reward(offers(learnt), evaluate=False).save(folder / "first")
    gate = set_gate(folder / "first", offers(checked), MAIN)
    learnt += play(modelled, f"gate:{gate}", passes=passes, luck=4)
    tf.train_reward(offers(learnt), evaluate=False).save(folder / "model")
    print(
        f"{len(offers(learnt))} offers of {len(learnt)} episodes train the model, {len(offers(checked))} check the gate",
        file=sys.stderr,
    )
    return offers(checked)


def set_gate(model: Path, checked: Sequence[LabelledMoment], cost: float) -> Path:
    """The folder of a gate at this cost, beside the model's."""
    gate = model.with_name(f"{model.name}-{cost:g}")
    shutil.copytree(model, gate)
    report = tf.set_gate(gate, checked, cost_false_alarm=cost, cost_miss=0.0, form="utility")
    report.save_gate(gate)
    return gate


def _compared(played: dict[str, list[GymEpisode]], cost: float) -> dict[str, Any]:
    rows = ranking("", played, false_alarm=cost).rows
    gaps = {
        who: advantage(played["gate"], episodes, false_alarm=cost)
        for who, episodes in played.items()
        if who != "gate"
    }
    return {
        "rows": {
            row.assistant: {
                "utility": row.utility,
                "offers": row.offers / len(played[row.assistant]),
                "accepted": row.accepted,
                "left": sum(one.end == "left" for one in played[row.assistant]) / len(played[row.assistant]),
            }
            for row in rows
        },
        "gate_less": gaps,
        "closes": all(gap.above_zero for gap in gaps.values()),
    }


def tell_loop(found: dict[str, Any]) -> None:
    """Tables for the page."""
    print(f"{found['scenes']} scenes in {found['groups']} groups, {found['held_out']} of them held out")
    for cost, one in found["costs"].items():
        print(f"\ncost of an offer that is not accepted: {cost:g}")
        print(
            f"{'assistant':10} {'utility per 100 rounds':26} {'offers':>6}  {'accepted':22} {'left':>5}  gate less this"
        )
        for who, row in one["rows"].items():
            gap = one["gate_less"].get(who)
            print(
                f"{who:10} {row['utility'].short(2):26} {row['offers']:6.1f}  {row['accepted'].short(2):22} "
                f"{row['left']:5.2f}  {gap.short(2) if gap else ''}"
            )
        print(
            "the loop closes: the gate beats all three" if one["closes"] else "the loop does not close here"
        )


# ---------------------------------------------------------------- carrying over

FIGURES = ("auroc", "balanced_accuracy", "f1")


def carry(folder: Path, scenes: Sequence[Scene], *, small: bool, seed: int) -> dict[str, Any]:
    """Each direction, beside what the judged side's own moments teach and beside always-accept."""
    play = Playing(folder, seed)
    played = [one for who in EXPLORING for one in play(scenes, who, passes=1)]
    gym = [one for episode in played for one in episode.moments()]
    rng = seeded("gym moments", seed)
    gym = rng.sample(gym, min(len(gym), 600 if small else 2000))
    people = tf.moments(DATA / "reward_train.jsonl")
    found = {}
    for name, learnt, judged in (("gym to people", gym, people), ("people to gym", people, gym)):
        model = tf.train_reward(learnt, evaluate=False, seed=seed)
        over = tf.measure_judge(judged, model=model, allow_seen=True)
        own = tf.measure_judge(judged)
        always = over.measured.baseline("always-accept")
        rows = {"carried over": over.measured.row, "its own side": own.measured.row, "always-accept": always}
        found[name] = {
            "learnt": len(learnt),
            "judged": len(judged),
            "rows": {who: {figure: row.equal[figure] for figure in FIGURES} for who, row in rows.items()},
        }
    return found


def tell_carry(found: dict[str, Any]) -> None:
    """Tables for the page."""
    for name, one in found.items():
        print(f"\n{name}: {one['learnt']} moments learnt from, {one['judged']} judged")
        print(f"{'':14} " + " ".join(f"{figure:22}" for figure in FIGURES))
        for who, row in one["rows"].items():
            print(f"{who:14} " + " ".join(f"{row[figure].short(3):22}" for figure in FIGURES))


# ---------------------------------------------------------------- fitted users

RANKED = ("none", "every:34", "every:13", "every:5", "always")


def rank(folder: Path, scenes: Sequence[Scene], *, small: bool, seed: int) -> dict[str, Any]:
    """The assistants on scenes held out, under the default users and under those fitted to what people did."""
    play = Playing(folder, seed)
    modelled, calibrated, held_out = parted(scenes, (0.45, 0.15, 0.4), seed)
    passes = 4 if small else 6
    checked = train(folder, play, modelled, calibrated, passes)
    gate = set_gate(folder / "model", checked, MAIN)
    users = folder / "users.toml"
    tf.fit_gym_users([DATA / "traces", DATA / "reward_train.jsonl"], out=users)
    sides = {
        name: {
            label: play(held_out, who, passes=passes, luck=3, parameters=table)
            for label, who in {**{who: who for who in RANKED}, "gate": f"gate:{gate}"}.items()
        }
        for name, table in (("default", None), ("fitted", users))
    }
    return {
        "rankings": [ranking(name, played, false_alarm=MAIN) for name, played in sides.items()],
        "check": ranking_check(sides["default"], sides["fitted"], false_alarm=MAIN, seed=seed),
        "gate_less": {
            name: {who: advantage(played["gate"], played[who], false_alarm=MAIN) for who in RANKED}
            for name, played in sides.items()
        },
    }


def tell_rank(found: dict[str, Any]) -> None:
    """Tables for the page."""
    for one in found["rankings"]:
        print()
        print(*table_lines(ranking_rows(one)), sep="\n")
        print("gate less:", {who: gap.short(2) for who, gap in found["gate_less"][one.users].items()})
    check = found["check"]
    print(f"\npairs in the same order: {check.figure.short(2)}: {check.verdict}; {check.note}")


# ---------------------------------------------------------------- both


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=("loop", "carry", "rank", "all"), default="all")
    parser.add_argument(
        "--scenes", type=Path, nargs="*", default=(), help="further scenes, beside ours and ProactiveBench's"
    )
    parser.add_argument("--small", action="store_true", help="fewer scenes, passes and costs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    print(f"machine: {machine()}", file=sys.stderr)
    results = {}
    for what, work, tell in (
        ("loop", loop, tell_loop),
        ("carry", carry, tell_carry),
        ("rank", rank, tell_rank),
    ):
        if arguments.what not in (what, "all"):
            continue
        started = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="tactful-loop-") as folder:
            results[what] = work(
                Path(folder), scenes_of(arguments.scenes), small=arguments.small, seed=arguments.seed
            )
        if not arguments.json:
            tell(results[what])
        print(f"{what}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    if arguments.json:
        print(json.dumps(results, default=_plain))


def _plain(value: Any) -> Any:
    return value.model_dump() if isinstance(value, Record) else str(value)


if __name__ == "__main__":
    main()
