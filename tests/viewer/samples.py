"""A row of each kind that the viewer tells, as short as it can be with everything that is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def step(action: str, message: str, *, questions: int, reply: str, **reaction: Any) -> Row:
    return {
        "state": {"id": "s", "query": "Plan my week", "history": [], "query_clarity": 0.4},
        "action": action,
        "probabilities": {"LOW": 0.25, "HIGH": 0.75},
        "message": message,
        "questions": questions,
        "reaction": {"reply": reply, **reaction},
    }


ASKED = step("HIGH", "Which day is free?", questions=1, reply="Friday", answered_clarification=True)
SOLVED = step("LOW", "Then Friday it is", questions=0, reply="", silence=True)
HIDDEN = {"requirements": [{"text": "Friday is free"}]}
CHAT = [{"role": "user", "content": "Plan my week"}, {"role": "assistant", "content": "Which day is free?"}]
EVENTS = [{"at": "2026-03-03T09:00:01.5Z", "text": "The user opens a file"}]
MOMENT = {"id": "m", "session": "s", "events": EVENTS, "proposal": "Shall I test it?"}
TRAJECTORY: Row = {"tactful": "trajectories", "id": "t/main", "state_id": "s", "parent": "", "decision_point": 0,
                   "steps": [ASKED, SOLVED], "end": "completed", "hidden": HIDDEN, "persona": "hurried",
                   "provenance": {"model": "offline", "generator": "offline"}}  # fmt: skip
SAMPLES: Mapping[str, Row] = {
    "trajectories": TRAJECTORY,
    "rewarded": {"tactful": "rewarded", "trajectory": TRAJECTORY, "counts": [], "task_score": 0.9,
                 "interruption_cost": 0.2, "reward": 0.7},
    "trees": {"tactful": "trees", "id": "tree", "state": ASKED["state"], "first": {"LOW": 0, "HIGH": 1},
              "nodes": [{"parent": -1, "step": SOLVED, "end": "completed", "children": {}},
                        {"parent": -1, "step": ASKED, "end": None, "children": {"LOW": 2, "MID": 2}},
                        {"parent": 1, "step": SOLVED, "end": "rejected", "children": {}}],
              "frame": {"hidden": HIDDEN}},
    "pairs": {"tactful": "pairs", "id": "p", "state": {"domain": "planning"}, "prompt": CHAT[:1],
              "chosen": CHAT[1:], "rejected": [{"role": "assistant", "content": "Which week is free?"}],
              "chosen_action": "HIGH", "rejected_action": "LOW", "chosen_reward": 0.8, "rejected_reward": 0.3},
    "states": {"id": "s", "query": "Plan my week", "query_clarity": 0.4, "dialogue_turn": 1, "history": CHAT[1:],
               "hidden": HIDDEN},
    "judged-turns": {"tactful": "judged-turns",
                     "turn": {"id": "d/0", "q_t": "Plan my week", "a_t": "Done", "user_next": "That is wrong"},
                     "judgement": {"label": "neg_correction", "confidence": 0.8, "tau_c": 0.6, "reward": -1.0}},
    "talks": {"id": "c", "user": "", "messages": CHAT, "left_out": [], "pairs": [],
              "turns": [{"state": {"id": "c#1"}, "turn": 1, "asked": True, "outcome": "needless", "reason": "said before",
                         "answer": "Which day is free?", "reply": "I said Friday"}]},
    "findings": {"tactful": "findings", "conversation": "c", "turn": 1, "asked": True, "need": 0.1, "needless": 0.9,
                 "reason": "said before", "unjudged": ""},
    "replayed": {"tactful": "replayed", "id": "c#1", "conversation": "c", "policy": "rule", "against": "the log", "asked": True,
                 "asks": False, "against_asks": None, "effect": "better", "outcome": "needless", "need": 0.1,
                 "request": "Plan my week", "answer": "Which day is free?", "reply": "I said Friday"},
    "predictions": {"tactful": "predictions", "id": "d#1", "context": CHAT, "predictions": ["Friday", "Monday"],
                    "views": ["mining"], "hindsight": {"message": "Friday, please"}},
    "utterance": {"tactful": "utterance", "id": "d#1", "context": CHAT, "gold": {"message": "Friday, please"},
                  "chosen": {"category": "answer", "scores": [{"score": 0.9}],
                             "insight": {"mining": {"reasoning": "It was asked", "predictions": ["Friday"],
                                                    "paths": [{"topic": "week", "attribute": "day", "value": ""}]}}},
                  "rejected": {"category": "question", "scores": [{"score": 0.1}],
                               "insight": {"exploration": {"reasoning": "Perhaps", "predictions": ["And food?"]}}}},
    "episodes": {"tactful": "episodes", "id": "e", "setting": "coding", "background": "A ticket office",
                 "identity": "Ines, 34", "goal": "Mend the timetable",
                 "steps": [{"index": 0, "events": EVENTS, "proposal": None, "shown": False,
                            "outcome": {"help_wanted": True}},
                           {"index": 1, "act": "The user waits", "events": [], "proposal": "Shall I test it?",
                            "shown": True, "acceptance": 0.8, "outcome": {"help_wanted": True, "verdict": "accepted"}}]},
    "judged-points": {"tactful": "judged-points", "id": "e#1", "moment": MOMENT, "help_wanted": False, "judge": "user",
                      "tries": [{"proposal": "Shall I test it?", "accepted": False, "reason": "Not now"},
                                {"proposal": None, "accepted": True}]},
    "decisions": {"trace": "t", "at": 3, "proposal": "Shall I test it?", "p_accept": 0.4, "outcome": "false-alarm",
                  "need": False},
    "proposals": {"id": "t:3", "trace": "t", "at": 3, "proposal": "Shall I test it?", "thought": "It fails"},
    "acceptances": {"tactful": "acceptances", "moment_id": "m", "p_accept": 0.25, "accepted": False, "reason": "Busy"},
    "moments": {"moment": MOMENT, "label": {"accepted": True, "help_needed": True}},
    "labelled-moments": {"obs": [{"time": "Day 1", "event": "The user opens a file"}], "pred_task": "Shall I test it?",
                         "valid": False, "help_needed": False, "session": "s"},
    "scenes": {"tactful": "scenes", "id": "sc", "theme": "Midnight", "description": "A ferry", "operations": ["run(x)"],
               "example_events": ["The user waits"], "entities": [{"name": "timetable", "state": "old"}],
               "user": {"description": "Ines, 34", "goal": "Mend the timetable"}},
    "unpaired": {"id": "u", "kind": "unpaired", "prompt": CHAT[:1], "completion": CHAT[1:], "label": True},
    "trl": {"prompt": "Plan my week", "chosen": "Which day?", "rejected": "Done"},
    "unknown": {"id": "x", "nested": {"deep": ["A text of nobody knows what", 3]}, "flag": True},
}  # fmt: skip


def write_samples(path: Path, rows: Mapping[str, Any] = SAMPLES) -> list[str]:
    """A JSONL file of them; the kinds in the order of the lines."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows.values()))
    return list(rows)
