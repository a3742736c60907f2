"""A small offline run of every pipeline, as a user would have them lying in one folder."""

from __future__ import annotations

import json
from pathlib import Path

import tactful as tf
from tactful.api.options import RunSettings

QUIET: RunSettings = {"progress": "off"}
SAID = (
    ("Rename a.txt to b.txt.", "Shall I keep the content?", "I already said: just rename it.", "Done: mv a.txt b.txt"),
    ("Book a table for two.", "Booked at Luigi's for 19:00.", "No, that is wrong, I wanted lunch!", "Which day suits you?"),
    ("用两句话介绍杭州。", "杭州有西湖。", "谢谢，再说说美食吧。", "龙井虾仁和东坡肉。"),
    ("Plan my week, please.", "Here is a plan for the week.", "Thanks, that is perfect!", "Glad to hear that."),
)  # fmt: skip


def make_all(out: Path) -> Path:
    """The folder, with runs `rollout`, `reward`, …, and files beside them."""
    states = out / "states.jsonl"
    made = tf.states("planning", n=2, seed=0)
    states.write_text("".join(state.model_dump_json() + "\n" for state in made))
    rollout = tf.rollout(made, model="offline", out=out / "rollout", seed=0, **QUIET)
    rewarded = tf.reward(rollout, out=out / "reward", **QUIET)
    tf.pairs(rewarded, out=out / "pairs", select="all", **QUIET)
    tf.evaluate(made, out=out / "evaluate", passes=1, users_per_task=1, **QUIET)
    chats(out)
    episodes = tf.play("bundled", model="offline", assistant="every:5", out=out / "gym", limit=1, **QUIET)
    tf.trainset(episodes, judge="user", model="offline", out=out / "trainset", **QUIET)
    tf.build_scenes(model="offline", out=out / "scenes.yaml", limit=2, **QUIET)
    tf.ask_moments(tf.moments()[:3], model="offline", out=out / "reward-judge", **QUIET)
    return out


def chats(out: Path) -> None:
    """What is made from a log of chats."""
    log = out / "log.jsonl"
    with log.open("w") as file:
        for number, texts in enumerate(SAID):
            roles = ("user", "assistant") * 2
            turns = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=True)]
            file.write(json.dumps({"id": f"chat-{number}", "conversation": turns}, ensure_ascii=False) + "\n")
    tf.judge(log, model="offline", out=out / "feedback", **QUIET)
    tf.audit(log, out=out / "audit", reader="surface")
    tf.learn(log, out=out / "learned", reader="surface", **QUIET)
    tf.replay(out / "learned", policy="always-Clarify", out=out / "replayed", **QUIET)
    tf.predict(log, model="offline", out=out / "predict", **QUIET)
    tf.synthesize(log, model="offline", out=out / "synthesize", **QUIET)
