"""Assistants along traces: the baselines of every table, our gate, and what files hold. A chat model is a run: `assistant_run.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from tactful.data.formats.traces import Answer, Answers
from tactful.data.io import write_file
from tactful.evaluation.proactive.matching import FileMatch
from tactful.evaluation.proactive.points import Scene
from tactful.reward.types import MomentJudge
from tactful.types import Event, seeded

BASELINES = ("always-propose", "never-propose", "random", "look-up")
"""Rows of every table of assistants, in this order."""


@dataclass(frozen=True)
class Assistant:
    """A name, and what it said: trace → event → answer. Where it has no answer, there was no response."""

    name: str
    answers: Mapping[str, Mapping[int, Answer]] = field(default_factory=dict)


def saying(event: Event, proposal: str | None) -> Answer:
    """A proposal, or silence for None."""
    return Answer(event=event, state="answered", said=(proposal,))


def _along(name: str, scenes: Sequence[Scene], text: Callable[[Scene, int], str | None]) -> Assistant:
    """Says `text` at each event of each scene."""
    return Assistant(
        name,
        {
            scene.trace.id: {
                at: saying(point.event, text(scene, at)) for at, point in enumerate(scene.trace.points)
            }
            for scene in scenes
        },
    )


def always(scenes: Sequence[Scene], name: str = BASELINES[0]) -> Assistant:
    """Proposes at every event; what, `Scene.generic_proposal` says."""
    return _along(name, scenes, Scene.generic_proposal)


def never(scenes: Sequence[Scene], name: str = BASELINES[1]) -> Assistant:
    """Stays silent at every event."""
    return _along(name, scenes, lambda scene, at: None)


def look_up(scenes: Sequence[Scene], name: str = BASELINES[3]) -> Assistant:
    """Says what people accepted at this very point, where they wanted help; silent elsewhere.

    It has read the labels of the traces that it is scored on: what a table gains from a leak. Without labels it knows
    nothing and stays silent.
    """
    return _along(name, scenes, lambda scene, at: scene.welcome_proposal(at) if scene.need(at) else None)


def thrown(scenes: Sequence[Scene], seed: int, name: str = "policy random") -> Assistant:
    """Throws a coin at every event: the proposal of `always`, or silence. Equal seeds throw alike."""

    def text(scene: Scene, at: int) -> str | None:
        heads = seeded("proactive coin", seed, scene.trace.id, at).random() < 0.5
        return scene.generic_proposal(at) if heads else None

    return _along(name, scenes, text)


async def gated(
    scenes: Sequence[Scene], judge: MomentJudge, threshold: float, name: str = "policy gate"
) -> Assistant:
    """Of the trace's own suggestions at an event the one that `judge` thinks most welcome, from `threshold` on.

    Silent where the trace suggests nothing or the best one stays below. Candidates that are unscored do not count.
    """
    texts: dict[tuple[str, int], str | None] = {}
    for scene in scenes:
        offered = [(at, text) for at, point in enumerate(scene.trace.points) for text in point.candidates]
        said = await judge.judge_batch([scene.moment(at, text) for at, text in offered])
        best: list[tuple[float, str | None]] = [(threshold, None)] * len(scene.trace.points)
        for (at, text), one in zip(offered, said, strict=True):
            p, chosen = best[at]
            if one.p_accept is not None and (one.p_accept > p or (chosen is None and one.p_accept == p)):
                best[at] = (one.p_accept, text)
        texts |= {(scene.trace.id, at): text for at, (_, text) in enumerate(best)}
    return _along(name, scenes, lambda scene, at: texts[scene.trace.id, at])


def from_files(name: str, files: Sequence[Answers], matches: Sequence[FileMatch]) -> Assistant:
    """What the files say, at the events that they were matched to."""
    return Assistant(
        name,
        {
            match.trace: {ours: file.answers[theirs] for theirs, ours in match.pairs}
            for file, match in zip(files, matches, strict=True)
        },
    )


def write_answers(assistant: Assistant, folder: Path) -> None:
    """Write the answers as ProactiveBench's files have them, one per trace; a failed call is marked `"failed": true`."""
    for trace, answers in assistant.answers.items():
        rows = []
        for _, one in sorted(answers.items()):
            row: dict[str, object] = {"observation": {"time": one.event.time, "event": one.event.text}}
            row |= {"failed": True} if one.state == "failed" else {"agent_response": list(one.said)}
            rows.append(row)
        write_file(folder / f"{trace}.json", [orjson.dumps(rows, option=orjson.OPT_INDENT_2), b"\n"])
