"""One file of each source, with `SECRET` wherever something stands that no annotator may see."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.gym.made import episode, step

from tactful.data.io import write_jsonl
from tactful.gym.types import Outcome
from tactful.types import Message, PreferencePair, Provenance, PublicState

SECRET = "SECRET"


def rows(path: Path, given: Iterable[Any]) -> Path:
    """A file with these rows."""
    write_jsonl(path, given)
    return path


def obs(*texts: str) -> list[dict[str, str]]:
    """Events of an observation, a minute apart."""
    return [{"time": f"Day 1, 9:{at:02} AM", "event": text} for at, text in enumerate(texts)]


def moment(events: list[dict[str, str]], proposal: str | None, **label: Any) -> dict[str, Any]:
    """A row in ProactiveBench's keys."""
    return {"session": "one day", "obs": events, "pred_task": proposal, **label}


def pair(**more: Any) -> PreferencePair:
    """A pair of `calibrate pairs`, its prompt with a persona."""
    told: dict[str, Any] = {
        "id": "pair-1",
        "state": PublicState(
            id="s1",
            domain="coding",
            query="Sort these.",
            query_clarity=0.5,
            task_complexity=0.5,
            group="task-1",
            need_unknown=SECRET,
        ),
        "persona": SECRET,
        "chosen_action": f"{SECRET}-LOW",
        "rejected_action": f"{SECRET}-MID",
        "chosen_reward": 1.0,
        "rejected_reward": 0.0,
        "chosen_task_score": 1.0,
        "rejected_task_score": 0.0,
        "chosen_interruption_cost": 0.0,
        "rejected_interruption_cost": 0.0,
        "margin": 1.0,
        "prompt": (
            Message(role="system", content=SECRET),
            Message(role="user", content=f"{SECRET} Sort these."),
        ),
        "chosen": (Message(role="assistant", content="Sorted: 1, 2."),),
        "rejected": (Message(role="assistant", content="By which key?"),),
        "provenance": Provenance(model=SECRET, generator="offline"),
    }
    return PreferencePair(**{**told, **more})


def hidden_sources(folder: Path) -> dict[str, Path]:
    """Name → a file whose every private field holds `SECRET`."""
    said = [{"role": "user", "content": "Sort these."}, {"role": "assistant", "content": "Sorted: 1, 2."}]
    events = obs("The user opens a file.", "The tests fail.")
    outcome = Outcome(timing="stuck", help_wanted=True, verdict="accepted", reason=SECRET)
    played = step(0, 0, 5, offer="Fix it.", verdict="accepted").model_copy(
        update={"outcome": outcome, "act": SECRET, "changes": {SECRET: SECRET}}
    )
    trace = [
        {
            "observation": {"time": "1.0", "event": "The tests fail."},
            "agent_response": {"candidate_task": ["Fix it."]},
            "task_status": SECRET,
        }
    ]
    (folder / "trace.json").write_text(json.dumps(trace))
    provenance = {"model": SECRET, "generator": "offline"}
    judged = {
        "turn": {
            "id": "d/0",
            "q_t": "Sort.",
            "a_t": "Sorted.",
            "user_next": "No!",
            "dialogue_id": "d",
            "meta": {"note": SECRET},
        },
        "judgement": {
            "turn_id": "d/0",
            "label": "neg_correction",
            "confidence": 0.9,
            "rationale": SECRET,
            "reward": -0.8,
            "should_update": True,
            "provenance": provenance,
        },
    }
    return {
        "labelled moments": rows(
            folder / "labelled.jsonl",
            [
                moment(
                    events, "Fix it.", valid=True, help_needed=True, annotation=[True, True], judge=SECRET
                ),
                moment(events, None, valid=False, help_needed=True, judge=SECRET, user=""),
            ],
        ),
        "moments": rows(
            folder / "moments.jsonl", [moment(events, "Fix it.", id=SECRET, user=SECRET, judge=SECRET)]
        ),
        "episodes": rows(
            folder / "episodes.jsonl",
            [episode("scene", played, goal=SECRET, identity=SECRET, background=SECRET, notes=(SECRET,))],
        ),
        "traces": folder / "trace.json",
        "pairs": rows(folder / "pairs.jsonl", [pair()]),
        "trl": rows(
            folder / "trl.jsonl",
            [
                {
                    "prompt": [{"role": "system", "content": SECRET}, said[0]],
                    "chosen": [said[1]],
                    "rejected": [{"role": "assistant", "content": "By which key?"}],
                    "judge": SECRET,
                }
            ],
        ),
        "states": rows(
            folder / "states.jsonl",
            [
                {
                    "query": "Sort these.",
                    "id": SECRET,
                    "wording": "open",
                    "domain": "coding",
                    "history": [*said[1:], {"role": "user", "content": "By size."}],
                    "hidden": {
                        "reference": SECRET,
                        "setup": SECRET,
                        "tests": [SECRET],
                        "uninformed": SECRET,
                        "requirements": [
                            {
                                "id": "r",
                                "text": SECRET,
                                "weight": 1,
                                "open": True,
                                "question": SECRET,
                                "answer": SECRET,
                            }
                        ],
                    },
                }
            ],
        ),
        "requests": rows(
            folder / "requests.jsonl",
            [
                {
                    "query": "Plan a trip.",
                    "needs_clarification": True,
                    "rationale": SECRET,
                    "category": SECRET,
                    "missing_details": [{"description": SECRET, "inquiry": SECRET}],
                }
            ],
        ),
        "labelled turns": rows(
            folder / "turns.jsonl",
            [
                {
                    "id": "t-S2",
                    "conversation": [dict(said[0], note=SECRET), dict(said[1], acts=[SECRET])],
                    "user_next": "No, by size.",
                    "label7": "neg_correction",
                    "orig_label": SECRET,
                }
            ],
        ),
        "judged turns": rows(folder / "judged.jsonl", [judged]),
        "chats": rows(
            folder / "chats.jsonl",
            [
                {
                    "id": "c",
                    "conversation": [
                        {"role": "system", "content": SECRET},
                        *said,
                        {"role": "tool", "content": SECRET},
                        {"role": "user", "content": "No!"},
                    ],
                    "rating": SECRET,
                }
            ],
        ),
    }
