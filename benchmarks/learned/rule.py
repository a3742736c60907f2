"""(a) A rule that can be checked to the last case."""

from __future__ import annotations

import numpy as np

from learned.shared import SEED, Chooser, Found, Setting, write
from tactful.data.corpora import load_requests
from tactful.stats.bootstrap import grouped_mean
from tactful.types import Message, PreferencePair, Provenance, PublicState, seeded
from tactful.weights import load_base

ACTIONS = ("Execute", "Clarify")


def right(state: PublicState) -> str:
    """What the rule says."""
    return "Clarify" if state.query_clarity < 0.4 and not state.prev_reject else "Execute"


def states(part: str, count: int, groups: list[tuple[str, str]]) -> list[PublicState]:
    """Made-up decision points over short requests; both answers about equally often."""
    found = []
    for number in range(count):
        rng = seeded("rule", part, number, SEED)
        group, text = groups[number % len(groups)]
        clear = rng.randrange(40) if rng.random() < 0.7 else rng.randrange(40, 101)
        rejected = 0 if rng.random() < 0.7 else rng.randint(1, 2)
        answered = rng.randint(0, 2)
        found.append(
            PublicState(
                id=f"{part}{number}",
                domain="planning",
                query=text,
                query_clarity=clear / 100,
                task_complexity=rng.randrange(101) / 100,
                prev_reject=rejected,
                answered=answered,
                questions_asked=rejected + answered,
                group=group,
            )
        )
    return found


def pair(state: PublicState) -> PreferencePair:
    """The rule's action over the other."""
    better = right(state)
    worse = next(name for name in ACTIONS if name != better)
    return PreferencePair(
        id=state.id,
        state=state,
        persona=None,
        chosen_action=better,
        rejected_action=worse,
        chosen_reward=1,
        rejected_reward=0,
        chosen_task_score=1,
        rejected_task_score=0,
        chosen_interruption_cost=0,
        rejected_interruption_cost=0,
        margin=1,
        prompt=(Message(role="user", content=state.query),),
        chosen=(Message(role="assistant", content=better),),
        rejected=(Message(role="assistant", content=worse),),
        provenance=Provenance(model="rule", generator="rules"),
    )


def rule(setting: Setting) -> Found:
    """Clarify where clarity < 0.4 and nothing was rejected, else Execute; the state is shown with its figures."""
    found = Found("a: rule")
    short = {row.group: row.text for row in load_requests() if row.lang == "en" and len(row.text) <= 60}
    groups = sorted(short.items())
    seeded("rule-groups", SEED).shuffle(groups)
    train = states("train", setting.size(400), groups[100:])
    test = states("test", max(100, setting.size(200)), groups[:100])
    data = write(
        setting.out / "rule.jsonl",
        [pair(state).model_dump(mode="json") for state in train],
    )
    names = [state.group for state in test]
    wanted = np.array([right(state) for state in test])

    def agreement(whose: str, chosen: list[str]) -> None:
        found.add("agreement with the rule", whose, grouped_mean(np.array(chosen) == wanted, names))

    usual = max(ACTIONS, key=[right(state) for state in train].count)
    agreement(f"majority ({usual})", [usual] * len(test))
    base = Chooser(load_base(setting.model, dtype=setting.dtype), ACTIONS, "numbers", "untrained")
    agreement("untrained", [one.action for one in base.act_many(test)])
    loaded = setting.train(found, "sft", data, "rule", learn="action", shown="numbers", learning_rate=1e-3)
    tuned = Chooser(loaded, ACTIONS, "numbers", "trained")
    agreement("trained", [one.action for one in tuned.act_many(test)])
    near = [at for at, state in enumerate(test) if 0.3 <= state.query_clarity < 0.5]
    chosen = np.array([one.action for one in tuned.act_many(test)])
    found.add(
        "agreement where 0.3 ≤ clarity < 0.5",
        "trained",
        grouped_mean((chosen == wanted)[near], [names[at] for at in near]),
    )
    return found
