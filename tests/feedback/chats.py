"""Turns, dialogues, judges and verdicts that the tests of feedback share."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tactful.feedback.labels import Label
from tactful.feedback.types import FeedbackConfig, JudgedTurn, Turn, TurnJudgement
from tactful.types import Provenance

PROVENANCE = Provenance(model="judge-1", generator="endpoint", run_id="run")


def turn(turn_id: str = "d/0", **more: Any) -> Turn:
    values = {
        "id": turn_id,
        "q_t": "Name a vegetarian dish.",
        "a_t": "Chicken soup.",
        "user_next": "I said vegetarian.",
        "dialogue_id": turn_id.split("/")[0],
        "index": int(turn_id.split("/")[1]) if "/" in turn_id else 0,
        "source": "shop",
        "lang": "en",
    }
    return Turn(**(values | more))


def judged(turn_: Turn, label: Label | None, confidence: float = 0.9, **more: Any) -> JudgedTurn:
    if label is None:
        judgement = TurnJudgement.not_scored(turn_.id, reason="unreadable: no JSON", provenance=PROVENANCE)
    else:
        judgement = TurnJudgement.scored(
            turn_.id, label, confidence, FeedbackConfig(), provenance=PROVENANCE, **more
        )
    return JudgedTurn(turn=turn_, judgement=judgement)


def chat(*texts: str, first: str = "user") -> list[dict[str, str]]:
    """Messages that alternate, beginning with `first`."""
    roles = ["user", "assistant"] if first == "user" else ["assistant", "user"]
    return [{"role": roles[at % 2], "content": text} for at, text in enumerate(texts)]


def write_rows(path: Path, rows: Sequence[Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def many_chats(path: Path, dialogues: int, exchanges: int = 3) -> Path:
    """Dialogues of `exchanges` turns and a last answer without follow-up."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(dialogues):
            texts = [f"message {at} of dialogue {number}" for at in range(2 * exchanges + 2)]
            file.write(
                json.dumps({"id": f"c{number}", "model": f"m{number % 2}", "conversation": chat(*texts)})
                + "\n"
            )
    return path


def verdict(
    label: str = "neg_correction", confidence: Any = 0.9, rationale: str = "because"
) -> dict[str, Any]:
    return {"rationale": rationale, "label": label, "confidence": confidence}


def mark_of(prompt: str) -> str:
    """The mark that a judge prompt announces."""
    return re.search(r"The mark of this exchange is (\w+)\.", prompt)[1]


def fenced(prompt: str, name: str) -> str:
    """What stands between the fences of a judge prompt that carry its mark."""
    mark = mark_of(prompt)
    found = re.findall(rf"^begin {name} {mark}\n(.*?)\nend {name} {mark}$", prompt, re.DOTALL | re.MULTILINE)
    assert len(found) == 1, prompt
    return found[0]
