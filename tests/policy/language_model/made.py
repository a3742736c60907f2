"""States, pairs of actions, and a policy trained on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tactful.training import Place, TrainConfig, train
from tactful.types import Message, PreferencePair, Provenance, PublicState, UserHistory


def state(number: int, **more: Any) -> PublicState:
    """An open request where `number` is even, a clear one else."""
    query = f"sort list {number}" if number % 2 else f"fix {number}"
    known = {"query_clarity": 0.9 if number % 2 else 0.2, "task_complexity": 0.5}
    return PublicState(
        **{"id": f"s{number}", "domain": "coding", "query": query, "group": f"g{number}", **known, **more}
    )


def pair(number: int) -> PreferencePair:
    """HIGH is better where the request is open."""
    chosen, rejected = ("LOW", "HIGH") if number % 2 else ("HIGH", "LOW" if number % 4 else "MID")
    said = (Message(role="assistant", content="a"),)
    return PreferencePair(
        id=f"p{number}", state=state(number), persona=None, chosen_action=chosen, rejected_action=rejected,
        chosen_reward=1, rejected_reward=0, chosen_task_score=1, rejected_task_score=0, chosen_interruption_cost=0,
        rejected_interruption_cost=0, margin=1, prompt=(Message(role="user", content="q"),), chosen=said,
        rejected=(Message(role="assistant", content="b"),), provenance=Provenance(generator="import", model="none"),
    )  # fmt: skip


def write_pairs(path: Path, count: int = 20) -> Path:
    path.write_text(
        "".join(pair(number).model_dump_json() + "\n" for number in range(count)), encoding="utf-8"
    )
    return path


def train_actions(model: Path, folder: Path, **more: Any) -> Path:
    """Three steps of DPO on the actions of twenty pairs; gives the finished folder."""
    settings = {
        "batch": 4,
        "accumulate": 1,
        "max_steps": 3,
        "valid": 0.3,
        "learning_rate": 1e-2,
        "learn": "action",
    }
    config = TrainConfig(trainer="dpo", model=str(model), **{**settings, "max_length": 2048, **more})
    train(write_pairs(folder / "pairs.jsonl"), config, Place(folder / "policy"))
    return folder / "policy"


ASKED = [
    state(1),
    state(2),
    state(3, user=UserHistory(tasks=2, questions=3, answered=1, rejected=2)),
    state(4, history=(Message(role="assistant", content="Which one?"), Message(role="user", content="Guess.")),
          dialogue_turn=1, prev_reject=1, questions_asked=1),
]  # fmt: skip
