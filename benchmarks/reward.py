"""How fast is the embedded reward model trained, how fast does it judge, and how much memory does that take?

One process. Single judgements use one thread; an encoder's batches use every core. The moments are ProactiveBench's where the data are there, else made-up sessions.
Every round judges texts that are new (a number is appended), so that no cache of a former round helps. Run:

    python benchmarks/reward.py                      n-grams
    python benchmarks/reward.py --likeness FOLDER    a sentence encoder (extra `encoder`)
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import machine, spread, timed  # noqa: E402

from tactful.data.formats.moments import labelled_rows  # noqa: E402
from tactful.reward.embedded.model import RewardModel, load_model, save_model  # noqa: E402
from tactful.reward.embedded.training import TrainConfig, cross_judge, prepare, train_prepared  # noqa: E402
from tactful.types import LabelledMoment, Moment  # noqa: E402

REAL = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
BARS = {"ngrams": (60, 5, 1000, 250), "encoder": (60, 60, 100, 700)}
"""Seconds to train with texts compared once, ms per judgement, judgements per second in batches, MB of memory."""
BATCH = 256


def items() -> tuple[list[LabelledMoment], str]:
    path = REAL / "proactivebench" / "reward_train.jsonl"
    if path.is_file():
        return list(labelled_rows(path)), "ProactiveBench's reward_train.jsonl"
    from tests.reward.synthetic import make_items

    return list(make_items(16, 20)), "made-up sessions"


def fresh(moment: Moment, number: int) -> Moment:
    """The same moment in texts that were never seen."""
    events = tuple(event.model_copy(update={"text": f"{event.text} {number}"}) for event in moment.events)
    proposal = None if moment.proposal is None else f"{moment.proposal} {number}"
    return moment.model_copy(update={"events": events, "proposal": proposal})


def one_by_one(model: RewardModel, moments: list[Moment], number: int) -> list[float]:
    """Milliseconds of each judgement, explained, batch 1."""
    given = [fresh(moment, number * 100_000 + at) for at, moment in enumerate(moments)]
    return [1000 * timed(lambda moment=moment: model.judge_now([moment], explain=True)) for moment in given]


def rate(model: RewardModel, moments: list[Moment], number: int) -> float:
    """Judgements per second in batches. The moments of a batch share events where a session goes on."""
    seconds = 0.0
    for start in range(0, len(moments), BATCH):
        given = [fresh(moment, number) for moment in moments[start : start + BATCH]]
        seconds += timed(lambda given=given: model.judge_now(given))
    return len(moments) / seconds


def along_sessions(model: RewardModel, moments: list[Moment], number: int) -> list[float]:
    """Milliseconds of each judgement as a live assistant asks: the session's earlier events have been seen before."""
    longest: dict[str, Moment] = {}
    for moment in moments:
        if (
            len(moment.events) > len(longest.get(moment.session, moment).events)
            or moment.session not in longest
        ):
            longest[moment.session] = moment
    taken = []
    for at, last in enumerate(longest.values()):
        whole = fresh(last, number * 1000 + at)
        for seen in range(1, len(whole.events) + 1):
            step = whole.model_copy(
                update={
                    "events": whole.events[:seen],
                    "proposal": f"{last.proposal or 'Offer help'} {at} {seen}",
                }
            )
            taken.append(1000 * timed(lambda step=step: model.judge_now([step], explain=True)))
    return taken


def peak_mb() -> float:
    """The most memory that this process has held, in MB: its own high-water mark, which no parent hands down."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6


def judging_mb(model: RewardModel, likeness: str) -> float:
    """The most memory that a process holds which loads the saved model and judges all moments in batches."""
    with tempfile.TemporaryDirectory() as folder:
        save_model(model, Path(folder), card="")
        command = [sys.executable, __file__, "--likeness", likeness, "--judge", folder]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def told(milliseconds: list[float]) -> str:
    """Median, 95th percentile and longest."""
    ordered = sorted(milliseconds)
    high = ordered[int(0.95 * len(ordered))]
    return f"{statistics.median(ordered):8.2f} ms    95% within {high:.2f} ms, longest {ordered[-1]:.2f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--likeness", default="ngrams")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--moments", type=int, default=500)
    parser.add_argument("--judge", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.judge is not None:
        rate(load_model(options.judge), [item.moment for item in items()[0]], 7)
        print(peak_mb())
        return
    bars = BARS["ngrams" if options.likeness == "ngrams" else "encoder"]
    if options.likeness != "ngrams":
        import torch

        torch.set_num_threads(1)
    labelled, source = items()
    print(f"machine: {machine()}")
    print(f"data: {source}, {len(labelled)} moments; likeness: {options.likeness}")
    found = []
    prepared_s = timed(lambda: found.append(prepare(labelled, TrainConfig(likeness=options.likeness))))
    train_s = timed(lambda: found.append(train_prepared(found[0])))
    crossed_s = timed(lambda: cross_judge(found[0]))
    print(f"features (texts compared)       {prepared_s:8.2f} s")
    print(f"training, every choice made     {train_s:8.2f} s     bar {bars[0]} s with texts compared")
    print(f"leave one session out           {crossed_s:8.2f} s")
    model: RewardModel = found[1]
    step = max(1, len(labelled) // options.moments)
    chosen = [item.moment for item in labelled[::step]][: options.moments]
    alone = [ms for number in range(options.rounds) for ms in one_by_one(model, chosen[:200], number + 1)]
    moments = [item.moment for item in labelled]
    along = [ms for number in range(options.rounds) for ms in along_sessions(model, moments, number + 50)]
    print(f"one judgement along a session   {told(along)}; bar {bars[1]} ms")
    print(f"one judgement, all texts new    {told(alone)}")
    if options.likeness != "ngrams":
        torch.set_num_threads(os.cpu_count() or 1)  # batches may use every core, single judgements one
    rates = [rate(model, moments, 10 + number) for number in range(options.rounds)]
    print(f"in batches of {BATCH}               {spread(rates, ' /s', 0)}     bar {bars[2]} /s")
    print(
        f"memory of a judging process     {judging_mb(model, options.likeness):8.0f} MB    bar {bars[3]} MB"
    )
    print(f"memory of this one, peak        {peak_mb():8.0f} MB    it trained and cross-judged as well")


if __name__ == "__main__":
    main()
