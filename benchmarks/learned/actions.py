"""(b) Which action earns more, learned from rewarded rollouts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

import tactful as tf
from learned.shared import DATA, SEED, Chooser, Found, Setting, write
from tactful.reading.estimate.clarity import ClarityModel
from tactful.stats.auroc import group_auroc
from tactful.stats.bootstrap import estimate, group_draws
from tactful.types import PreferencePair, PublicState, State, UserHistory, seeded
from tactful.weights import load_base

ACTIONS = ("LOW", "MID", "HIGH")
DOMAINS = ("coding", "planning")
HELD_OUT = 16
"""Base tasks of a domain that are measured on."""


def actions(setting: Setting) -> Found:
    """DPO on the pairs of the bundled tasks; the conversation is shown, clarity is not."""
    found = Found("b: action")
    parts = {domain: split(domain) for domain in DOMAINS}
    pairs = [one for domain in DOMAINS for one in net(learned_from(setting, domain, parts[domain][0]))]
    seeded("pairs", SEED).shuffle(pairs)
    kept = pairs[: setting.size(200)]
    found.note(f"{len(kept)} of {len(pairs)} pairs, one for each state, their margins as weights")
    data = write(setting.out / "actions.jsonl", [one.model_dump(mode="json") for one in kept])
    loaded = setting.train(
        found,
        "dpo",
        data,
        "actions",
        learn="action",
        shown="conversation",
        learning_rate=5e-4,
        batch=4,
    )
    tuned = Chooser(loaded, ACTIONS, "conversation", "trained")
    base = Chooser(load_base(setting.model, dtype=setting.dtype), ACTIONS, "conversation", "untrained")
    for domain in DOMAINS:
        on_held_out_tasks(setting, found, domain, parts[domain][1], [tuned, base])
    on_other_requests(found, [tuned, base], setting.size(1000))
    return found


def split(domain: str) -> tuple[list[State], list[State]]:
    """The bundled tasks for training, and those that are measured on."""
    states = tf.states(domain, n=100)
    groups = sorted({state.group for state in states})
    seeded("held-out", domain, SEED).shuffle(groups)
    away = set(groups[:HELD_OUT])
    return [one for one in states if one.group not in away], [one for one in states if one.group in away]


def learned_from(setting: Setting, domain: str, states: Sequence[State]) -> list[PreferencePair]:
    """All pairs of actions, of one pass with every user of training."""
    run = tf.rollout(states, model="offline", out=setting.out / f"{domain}-rollout", progress="off")
    rewarded = tf.reward(run, out=setting.out / f"{domain}-reward", progress="off")
    return list(tf.pairs(rewarded, select="all", out=setting.out / f"{domain}-pairs"))


def net(pairs: Sequence[PreferencePair]) -> list[PreferencePair]:
    """One pair for each thing said: over all users who said it, the best action on average against the worst."""
    sums: dict[tuple[str, tuple[str, ...]], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    seen: dict[tuple[str, tuple[str, ...]], PreferencePair] = {}
    for one in pairs:
        key = (one.state.query, tuple(message.content for message in one.state.history))
        seen.setdefault(key, one)
        sums[key][one.chosen_action].append(one.margin)
        sums[key][one.rejected_action].append(-one.margin)
    found = []
    for key, gains in sums.items():
        worth = {name: sum(values) for name, values in gains.items()}
        best, worst = max(worth, key=worth.__getitem__), min(worth, key=worth.__getitem__)
        gap = (worth[best] - worth[worst]) / max(len(values) for values in gains.values())
        if gap <= 0.05:
            continue
        one = seen[key]
        said = {one.chosen_action: one.chosen, one.rejected_action: one.rejected}
        found.append(
            one.model_copy(
                update={
                    "state": one.state.model_copy(update={"user": UserHistory()}),
                    "chosen_action": best,
                    "rejected_action": worst,
                    "chosen": said.get(best, one.chosen),
                    "rejected": said.get(worst, one.rejected),
                    "margin": gap,
                    "weight": gap,
                }
            )
        )
    mean = float(np.mean([one.weight for one in found]))
    return [one.model_copy(update={"weight": one.weight / mean}) for one in found]


def on_held_out_tasks(
    setting: Setting, found: Found, domain: str, states: Sequence[State], policies: Sequence[Chooser]
) -> None:
    """Reward on the same futures as every fixed action, paired by base task."""
    run = tf.evaluate(
        states,
        policies=policies,
        passes=1,
        users_per_task=3,
        unseen_personas=(),
        sweep=False,
        out=setting.out / f"{domain}-evaluation",
        progress="off",
    )
    result = run.found
    for policy in result.policies:
        found.add(f"reward, {domain}", policy.name, policy.measures["reward"])
    for policy in policies:
        for other in result.comparisons:
            if other.policy == policy.name and other.baseline in (result.best_fixed, "rule"):
                found.add(f"reward, {domain}, minus {other.baseline}", policy.name, other.difference, "+")
        shares = next(one.action_shares for one in result.policies if one.name == policy.name)
        told = ", ".join(f"{action} {share.value:.2f}" for action, share in shares.items())
        found.note(f"{policy.name}, {domain}, shares of actions: {told}")


def on_other_requests(found: Found, policies: Sequence[Chooser], most: int) -> None:
    """AUROC of P(ask) against the label that a question is needed, on at most so many requests of each set."""
    if not (DATA / "clarity").is_dir():
        found.note(
            f"requests of another origin: skipped, no data at {DATA / 'clarity'}; set TACTFUL_TEST_DATA"
        )
        return
    seeds = [state for domain in DOMAINS for state in split(domain)[0]]
    surface = ClarityModel.fit(
        [state.query for state in seeds],
        [int(state.wording == "complete") for state in seeds],
        [state.group for state in seeds],
    )
    for name, file in (("IN3", "in3_train.jsonl"), ("Abg-CoQA", "abgcoqa.jsonl")):
        rows = [
            json.loads(line) for line in (DATA / "clarity" / file).read_text(encoding="utf-8").splitlines()
        ]
        seeded("requests", name, SEED).shuffle(rows)
        rows = rows[:most]
        texts = [row["query"] for row in rows]
        needed = np.array([float(row["needs_clarification"]) for row in rows])
        group = np.unique([row["context"] or row["query"] for row in rows], return_inverse=True)[1]
        asked = [
            PublicState(id=str(at), domain="planning", query=text, query_clarity=1, task_complexity=0)
            for at, text in enumerate(texts)
        ]
        scores = {one.name: 1 - one.probabilities(asked)[:, 0] for one in policies}
        scores["surface estimate"] = 1 - np.asarray(surface.predict(texts))
        scores["length"] = 1 / (1 + np.array([len(text) for text in texts], dtype=float))
        groups = int(group.max()) + 1
        draws = group_draws(groups, 500, SEED)
        for whose, score in scores.items():
            value = float(group_auroc(score, needed, group, np.ones((1, groups)))[0])
            drawn = group_auroc(score, needed, group, draws)
            found.add(
                f"AUROC of P(ask), {name}", whose, estimate(value, drawn, items=len(rows), groups=groups)
            )
