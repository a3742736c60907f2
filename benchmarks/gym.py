"""Episodes by rules: how many a second, and does memory stay flat?

    python benchmarks/gym.py [--episodes 2000] [--rounds 3]

Surroundings, person and proposer by rules, about fifty events an episode (pieces of work a little longer than the table's), an
offer every ten events, through the runner at 64 at a time: every episode
is stored in SQLite and exported at the end. ProactiveBench's 20 scenes where they are at hand, else three of ours; each
measurement in a fresh process. Target: a peak memory at all the episodes at most 1.1 times the one at a quarter of
them. Then burstiness beside the recorded sessions', where those are at hand.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import machine, spread

from tactful.data.formats.traces import read_traces
from tactful.gym.casting import Casting
from tactful.gym.pipeline import GymStage, plays
from tactful.gym.play.deciding import Decider, plain_decider
from tactful.gym.rules.parameters import Parameters, load_parameters
from tactful.gym.scenes.reading import read_scenes
from tactful.gym.types import GymEpisode, Scene
from tactful.runs import RunOptions, run_stage
from tactful.stats.burstiness import gaps_s, mean_burstiness
from tactful.types import Record

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.gym.rules.scenes import made_scenes

REAL = (
    Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
    / "proactivebench"
)
FEWEST_RECORDED = 6


class Config(Record):
    """Nothing to set."""


def scenes() -> list[Scene]:
    """The published ones where they are at hand, else ours."""
    path = REAL / "scenes_20.yaml"
    return read_scenes(path) if path.exists() else made_scenes()


def decider(spec: str) -> Decider:
    """One of the plain ones."""
    found = plain_decider(spec)
    assert found is not None
    return found


LONGER = 1.15
"""Factor on the acts of each piece of work, for episodes of about fifty events."""


def longer() -> Parameters:
    """The bundled table with longer pieces of work."""
    table = load_parameters()
    work = {
        setting: one.model_copy(update={"acts": tuple(round(acts * LONGER) for acts in one.acts)})
        for setting, one in table.work.items()
    }
    return table.model_copy(update={"work": work})


def played(
    folder: Path, episodes: int, spec: str, concurrency: int = 64, parameters: Parameters | None = None
) -> Path:
    """The records of a run of so many episodes."""
    held = scenes()
    summary = run_stage(
        noun="gym",
        verb="run",
        config=Config(),
        source=plays(held, passes=-(-episodes // len(held))),
        stage=GymStage(Casting(decider(spec), parameters or load_parameters())),
        options=RunOptions(out=folder, progress="off", concurrency=concurrency, limit=episodes),
    )
    assert summary.done == episodes, summary
    return folder / "records.jsonl"


def measure(episodes: int) -> dict[str, float]:
    """One run in this process."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        records = played(Path(folder) / "out", episodes, "every:10", parameters=longer())
        took = time.perf_counter() - began
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        with records.open("rb") as lines:
            events = sum(len(GymEpisode.model_validate_json(line).events) for line in lines)
    return {"took_s": took, "events": events, "peak_mb": peak_mb}


def in_fresh_process(episodes: int) -> dict[str, float]:
    """As `measure`, alone."""
    command = [sys.executable, __file__, "--one", str(episodes)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def recorded_gaps() -> list[list[float]]:
    """Of the recorded sessions; none where they are not at hand."""
    folder = REAL / "traces"
    traces = read_traces(folder) if folder.is_dir() else []
    return [gaps_s(event.at for event in trace.events) for trace in traces]


def print_burstiness(episodes: int = 200) -> None:
    """Plain and corrected for size, mean over sequences, interval over scenes or recordings."""
    recorded = recorded_gaps()
    if not recorded:
        print(f"burstiness: no recorded sessions at {REAL}: set TACTFUL_TEST_DATA")
        return
    print(
        f"burstiness ({episodes} episodes, {len(recorded)} recorded sessions)   B                      corrected for size"
    )
    rows = [("recorded", recorded, None)]
    for spec in ("none", "every:10", "always"):
        with tempfile.TemporaryDirectory() as folder:
            lines = played(Path(folder) / "out", episodes, spec).read_bytes().splitlines()
        made = [GymEpisode.model_validate_json(line) for line in lines]
        gaps = [gaps_s([event.at for event in episode.events]) for episode in made]
        rows.append((spec, gaps, [episode.scene_id for episode in made]))
    for name, gaps, groups in rows:
        plain, corrected = (
            mean_burstiness(gaps, groups, finite_size=flag, fewest=FEWEST_RECORDED) for flag in (False, True)
        )
        print(f"{name:54}   {plain.text():21}  {corrected.text()}")


def main() -> None:
    """Print the figures."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--episodes", type=int, default=2000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        print(json.dumps(measure(given.one)))
        return
    print(machine())
    few = given.episodes // 4
    print("episodes  events an episode  seconds (median, range)      events/s  peak MB")
    rounds = [(in_fresh_process(few), in_fresh_process(given.episodes)) for _ in range(given.rounds)]
    for which, count in enumerate((few, given.episodes)):
        results = [pair[which] for pair in rounds]
        events = results[0]["events"]
        print(
            f"{count:8,}  {events / count:17.1f}  {spread([one['took_s'] for one in results], ' s', 1):27}  "
            f"{max(one['events'] / one['took_s'] for one in results):8,.0f}  {max(one['peak_mb'] for one in results):7.1f}"
        )
    ratios = [large["peak_mb"] / small["peak_mb"] for small, large in rounds]
    print(
        f"peak memory, {given.episodes:,} against {few:,} episodes: ratio {spread(ratios, '', 3)}; target ≤ 1.1"
    )
    print_burstiness()


if __name__ == "__main__":
    main()
