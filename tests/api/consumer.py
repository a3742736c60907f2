"""A script as a consumer writes it. `make lint` checks its types strictly; nobody runs it."""

from pathlib import Path

import tactful as tf
from tactful import aio


def main(out: Path) -> str:
    run = tf.rollout(tf.states("coding", n=50), model="gpt-4.1-mini", out=out / "r", budget_usd=2)
    pairs = tf.pairs(tf.reward(run), select="all")
    margins: list[float] = [pair.margin for pair in pairs]
    policy = tf.train_policy(pairs)
    policy.save(out / "policy.json")
    result = tf.evaluate(tf.states("coding", n=50, seed=1), policies=[policy], passes=2)
    result.plot(out / "pareto.svg")
    print(sum(margins), result.table(), [failure.reason for failure in run.failures()])
    return result.headline()


def of_chats(log: Path, out: Path) -> list[str | None]:
    run = tf.judge(tf.chats(log), model="embedded", out=out / "f")
    run.report(out / "report.html", by=["model"])
    data = run.pairs(out=out / "t")
    print(run.table(), data.files)
    return [turn.judgement.label for turn in run]


def of_dialogues(log: Path, out: Path) -> int:
    talks = tf.dialogues(log)
    made = tf.synthesize(talks, model="offline", targets="last", out=out / "s")
    done = tf.export(made, "trl", out / "training")
    said = tf.predict(talks, model="offline", targets="last", out=out / "p")
    result = tf.evaluate_predictions(said, labels=made, k=4)
    print(result.headline(), result.table(), tf.check(log).bad, [one.usable for one in said])
    return done.pairs


async def later(out: Path) -> int:
    run = await aio.rollout(tf.states("coding"), model="offline", out=out)
    return run.summary.done
