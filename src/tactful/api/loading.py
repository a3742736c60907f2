"""One `load` for everything that Tactful writes: it looks what a file is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from tactful.data.bounded import read_bounded
from tactful.errors import DataError

READERS: Mapping[str, str] = {
    "tactful-policy-1": "tactful.policy.embedded:load_policy",
    "tactful-cost-policy-1": "tactful.policy.cost:load_cost_policy",
    "tactful-action-policy-1": "tactful.policy.language_model.policy:load_language_model_policy",
    "tactful-iterate-1": "tactful.api.calibrate.iterate:read_loop",
    "tactful-evaluation-1": "tactful.evaluation.policies.report:read_evaluation",
    "tactful-utterance-evaluation-1": "tactful.evaluation.utterance.report:read_utterance_evaluation",
    "tactful-confidence-2": "tactful.feedback.judging.confidence:load_confidence",
    "tactful-reward-1": "tactful.reward.embedded.model:load_model",
    "tactful-tuned-judge-1": "tactful.reward.opening:open_judge",
    "tactful-suggestions-1": "tactful.reward.suggestions.model:load_suggestion_model",
    "tactful-gate-1": "tactful.reward.gate.store:load_gate",
}
"""`format` of a JSON document → what reads it."""
_FILES = ("tactful-policy-1", "tactful-cost-policy-1", "tactful-confidence-2")
"""What is opened by its file, also where a folder is given."""
RECORDS: Mapping[str, str] = {
    "calibrate rollout": "tactful.types:Trajectory",
    "calibrate reward": "tactful.calibration.types:Rewarded",
    "calibrate pairs": "tactful.types:PreferencePair",
    "calibrate evaluate": "tactful.evaluation.policies.walking.tree:ActionTree",
    "reward judge": "tactful.reward.types:Acceptance",
    "reward reasons": "tactful.reward.reasons.thoughts:ReasonedMoment",
    "bench proactive": "tactful.evaluation.proactive.assistant_run:AssistantOutput",
    "bench judge-moments": "tactful.evaluation.proactive.judge_run:JudgedMoment",
    "feedback judge": "tactful.feedback.types:JudgedTurn",
    "gym run": "tactful.gym.types:GymEpisode",
    "gym scenes": "tactful.gym.types:Scene",
    "gym trainset": "tactful.gym.trainset.types:JudgedPoint",
    "learn turns": "tactful.mend.types:LoggedTalk",
    "data activity": "tactful.data.activity:WorkSession",
    "utterance synthesize": "tactful.utterance.types:PairedExample",
    "utterance predict": "tactful.utterance.predict.predictor:Prediction",
}
"""Noun and verb of a run → its records."""
RUNS: Mapping[str, str] = {
    "calibrate reward": "tactful.api.calibrate.reward:RewardRun",
    "calibrate pairs": "tactful.api.calibrate.pairs:PairsRun",
    "calibrate evaluate": "tactful.api.calibrate.evaluate:EvaluationRun",
    "feedback judge": "tactful.api.feedback.judge:JudgedRun",
    "gym run": "tactful.api.gym.run:GymRun",
    "gym trainset": "tactful.api.gym.trainset:TrainsetRun",
    "reward reasons": "tactful.api.reward.reasons:ReasonsRun",
    "utterance synthesize": "tactful.api.utterance.synthesize:SynthesisRun",
    "utterance predict": "tactful.api.utterance.predict:PredictionRun",
}
"""Noun and verb → a run that can say more than any run can."""
DOCUMENTS: Mapping[str, str] = {"utterance evaluate": "evaluation.json"}
"""Noun and verb of a run that is but a judge's → the file in its folder that says what came of it."""


def load(path: Path | str) -> Any:
    """What lies at `path`: a policy, a reward model, a gate, an evaluation, or a run.

    Policies, models and gates decide with what they need alone: `load("policy.json").act(state)` imports numpy and
    pydantic. Runs are iterated: `for record in load("runs/rollout")`. Nothing that is loaded can run code.

    Raises DataError when nothing is there, or it is none of these.

    >>> import tactful as tf
    >>> pairs = tf.pairs(tf.reward(tf.rollout(tf.states("coding", n=8), model="offline", progress="off")), select="all")
    >>> tf.train_policy(pairs, l2=0.1).save("policy.json")
    >>> policy = tf.load("policy.json")
    >>> [mine] = tf.states(["Write a function that cleans my list"], domain="coding")
    >>> policy.act(mine).action in policy.actions
    True
    """
    place = Path(path)
    if place.is_dir() and (place / "run.json").is_file():
        return _run(place)
    if place.suffix == ".npz" and place.is_file():
        from tactful.feedback.embedded.linear import LinearModel

        return LinearModel.load(place)
    found = {_format(file): file for file in (place.glob("*.json") if place.is_dir() else [place])}
    for name, reader in READERS.items():  # a model before the gate that lies in its folder
        if name in found:
            return resolve_name(reader)(place if place.is_dir() and name not in _FILES else found[name])
    raise _nothing(place, [name for name in found if name.startswith("tactful-")])


def _nothing(place: Path, formats: list[str]) -> DataError:
    """Why nothing was opened, and what to give instead."""
    problem, fix = (
        "is no policy, model, gate, evaluation or run",
        "see what a file holds with 'tactful data check FILE'",
    )
    if not place.exists():
        problem = "no such file or folder"
    elif formats:
        problem = f"holds {', '.join(sorted(formats))}, which load does not open"
        fix = "give it to the command that it is for, or upgrade Tactful"
    elif (place.parent / "run.json").is_file():
        fix = f"a run is given by its folder: {place.parent}"
    return DataError.at(place, None, problem, fix=fix)


def _run(place: Path) -> Any:
    from tactful.api.runs import Run, summary_of
    from tactful.runs import RunFolder

    folder = RunFolder.open(place)
    info = folder.info()
    kind = f"{info.noun} {info.verb}"
    if kind in DOCUMENTS:
        return load(place / DOCUMENTS[kind])
    if kind not in RECORDS:
        raise DataError(
            f"{place}: is a run of '{kind}', whose records are not known here; read records.jsonl"
        )
    run: Callable[..., Any] = resolve_name(RUNS[kind]) if kind in RUNS else Run
    return run(summary_of(folder), resolve_name(RECORDS[kind]))


def _format(file: Path) -> str:
    """The `format` that a JSON document names; empty when it is none."""
    try:
        with file.open("rb") as opened:
            if opened.read(1) != b"{":
                return ""
        found = json.loads(read_bounded(file, what="document", again=""))
    except (OSError, ValueError, RecursionError, DataError):
        return ""
    return str(found.get("format", "")) if isinstance(found, dict) else ""
