"""Does this clone work? One short try of every layer, offline, in under a minute; exit code 1 when one fails.

    make smoke      or: python3 tools/bootstrap.py smoke

It says nothing about correctness: `make test` does.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path


def imports(folder: Path) -> str:
    """Every public name is there."""
    import tactful

    for name in tactful.__all__:
        getattr(tactful, name)
    return f"{len(tactful.__all__)} public names, version {tactful.__version__}"


def command_line(folder: Path) -> str:
    """The installed command prints its help."""
    done = subprocess.run(
        [sys.executable, "-m", "tactful", "--help"], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode != 0 or "Usage" not in done.stdout:
        raise RuntimeError(f"tactful --help ended with {done.returncode}: {done.stderr.strip()}")
    return "tactful --help"


def sandbox(folder: Path) -> str:
    """The cage at hand, and one right and one wrong program in it."""
    from tactful.sandbox import Job, Outcome, Sandbox, Tier, current_tier

    tier = current_tier()
    if tier is Tier.NONE:
        return "none on this machine: coding tasks are refused, all else works"
    with Sandbox() as cage:
        for code, expected in (("2 * x", Outcome.PASSED), ("x", Outcome.FAILED)):
            job = Job(code=f"def double(x): return {code}", tests=("assert double(4) == 8",))
            found = cage.run(job).tests[0].outcome
            if found is not expected:
                raise RuntimeError(f"'return {code}' is {found}, expected {expected}")
    return f"tier {tier.name.lower()}, a right and a wrong program told apart"


def calibration(folder: Path) -> str:
    """The loop of the start page on a few planning tasks: no cage is needed for these."""
    import tactful as tf

    states = tf.states("planning", n=8)
    run = tf.rollout(states, model="offline", out=folder / "rollout", progress="off", tasks_per_user=4)
    rewarded = tf.reward(run, out=folder / "reward", progress="off")
    pairs = tf.pairs(rewarded, select="all", out=folder / "pairs")
    decision = tf.train_policy(pairs, l2=0.1).act(states[0])
    if run.summary.failed or not run.summary.done:
        raise RuntimeError(f"{run.summary.done} states played, {run.summary.failed} failed")
    return f"{run.summary.done} records played, {len(list(pairs))} pairs, a policy says {decision.action}"


def feedback(folder: Path) -> str:
    """One exchange, judged without a network."""
    import tactful as tf

    said = ["Name a soup", "Beef soup", "no, that is wrong"]
    chat = [
        {"role": role, "content": text}
        for role, text in zip(("user", "assistant", "user"), said, strict=True)
    ]
    run = tf.judge(
        [{"id": "d", "conversation": chat}],
        model="embedded",
        trained="lexicon",
        out=folder / "feedback",
        progress="off",
    )
    label = str(next(iter(run)).judgement.label)
    if label != "neg_correction":
        raise RuntimeError(f"'{said[-1]}' is labelled {label}, expected neg_correction")
    return f"'{said[-1]}' is {label}"


def prompt(folder: Path) -> str:
    """A prompt file is found and its fields are filled in."""
    from tactful.reward.judging.prompt import judge_prompt
    from tactful.types import Event, Moment

    moment = Moment(id="a", session="s", events=(Event(at=None, text="The tests fail again"),), proposal=None)
    rendered = judge_prompt(moment)
    if not any("The tests fail again" in message.content for message in rendered.messages):
        raise RuntimeError(f"{rendered.prompt_id} lacks the event that it was given")
    return f"{rendered.prompt_id} ({rendered.prompt_hash[:8]})"


STEPS: tuple[Callable[[Path], str], ...] = (imports, command_line, sandbox, calibration, feedback, prompt)


def main() -> int:
    """Every step, each with what it found; 1 when one failed."""
    began, failed = time.monotonic(), 0
    for step in STEPS:
        with tempfile.TemporaryDirectory(prefix="tactful-smoke-") as folder:
            try:
                mark, found = "ok    ", step(Path(folder))
            except Exception as error:  # whatever is broken, the other layers are tried too
                failed += 1
                mark, found = "FAILED", f"{type(error).__name__}: {error}"
        print(f"{mark}  {step.__name__.replace('_', ' '):<12}  {found}", flush=True)
    took = f"{time.monotonic() - began:.0f} s"
    if failed:
        print(
            f"smoke: {failed} of {len(STEPS)} failed after {took}; what this machine lacks: .venv/bin/tactful doctor"
        )
        return 1
    print(f"smoke: this clone works ({took}); next: make demo, make test")
    return 0


if __name__ == "__main__":
    sys.exit(main())
