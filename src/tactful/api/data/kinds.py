"""How each kind of file that `tactful data check` knows is read. `api` stands below all rooms, so it sees them all.

A room is loaded when a file of its kinds is read, not before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Annotated, Any

from tactful.errors import DataError

if TYPE_CHECKING:
    from tactful.data.io import Rows

Opener = Callable[["Path | str"], "Rows[Any]"]


def _of(place: str, key: str = "id", kind: str = "") -> Opener:
    """Rows of a record, no two of which are alike in `key`, where it is not empty; messages call a row `kind`."""

    def opened(path: Path | str) -> Rows[Any]:
        from tactful.data.io import Rows

        type_, own = resolve_name(place), attrgetter(key) if key else None
        return Rows(path, type_.model_validate, skip_bad=True, kind=kind or type_.__name__, key=own)

    return opened


def _by(place: str, **how: bool) -> Opener:
    """Rows that a function of their room opens."""
    return lambda path: resolve_name(place)(path, skip_bad=True, **how)


def _turns(name: str) -> Opener:
    """Rows of the dialogues behind turns."""
    return lambda path: resolve_name(f"tactful.feedback.chats:{name}")(path, skip_bad=True).rows


def _feedback_rows(path: Path | str) -> Rows[Any]:
    from pydantic import Field, TypeAdapter

    from tactful.data.io import Rows
    from tactful.feedback.training.pairs import TrainingRow

    row: TypeAdapter[Any] = TypeAdapter(Annotated[TrainingRow, Field(discriminator="kind")])
    return Rows(path, row.validate_python, skip_bad=True, kind="row", key=attrgetter("id"))


def _dialogues(path: Path | str) -> Rows[Any]:
    from tactful.data.formats.chats import ChatRows, Dialogue

    return ChatRows(path, Dialogue, skip_bad=True, unique=True)


READERS: Mapping[str, Opener] = {
    "states": _by("tactful.calibration.tasks.state_rows:state_rows"),
    "sessions": _of("tactful.calibration.types:Session"),
    "trajectories": _of("tactful.types:Trajectory"),
    "rewarded": _of("tactful.calibration.types:Rewarded", "trajectory.id"),
    "pairs": _of("tactful.types:PreferencePair"),
    "trees": _of("tactful.evaluation.policies.walking.tree:ActionTree"),
    "failures": _of("tactful.runs.result:Failure"),
    "seed-tasks": _of("tactful.data.types:SeedTask"),
    "mbpp": _by("tactful.data.formats.mbpp:mbpp_rows"),
    "chats": _turns("Turns"),
    "conversations": _turns("Turns"),
    "labelled-turns": _turns("LabelledTurns"),
    "labelled-requests": _by("tactful.reading.labelled:labelled_texts"),
    "judged-turns": _of("tactful.feedback.types:JudgedTurn", ""),
    "feedback-rows": _feedback_rows,
    "utterance": _of("tactful.utterance.types:PairedExample"),
    "judged-predictions": _of("tactful.evaluation.utterance.judge:JudgedTask"),
    "predictions": _of("tactful.utterance.predict.predictor:Prediction"),
    "dialogues": _dialogues,
    "moments": _by("tactful.data.formats.moments:moment_rows", strict=True),
    "labelled-moments": _by("tactful.data.formats.moments:labelled_rows", strict=True),
    "acceptances": _of("tactful.reward.types:Acceptance", "moment_id"),
    "reasoned-moments": _of("tactful.reward.reasons.thoughts:ReasonedMoment"),
    "seeds": _by("tactful.gym.scenes.seeds:Seeds"),
    "scenes": _by("tactful.gym.scenes.reading:Scenes"),
    "episodes": _of("tactful.gym.types:GymEpisode"),
    "judged-points": _of("tactful.gym.trainset.types:JudgedPoint"),
    "annotation-items": _of("tactful.annotation.types:Item", kind="item"),
    "annotations": _of("tactful.annotation.types:Annotation"),
    "adjudications": _of("tactful.annotation.types:Adjudication", ""),
    "advice": _of("tactful.live.types:Advice"),
    "observations": _of("tactful.live.types:Observation", ""),
    "offers": _of("tactful.live.delivery.types:Offer"),
    "suggestions": _by("tactful.data.formats.suggestions:suggestion_rows"),
    "findings": _of("tactful.audit.types:Finding", ""),
    "replayed": _of("tactful.mend.replaying.replay:Decided"),
    "work-sessions": _of("tactful.data.activity:WorkSession"),
    "provenance": _of("tactful.data.exporting.rows:PairProvenance", kind="provenance"),
    "utterance-provenance": _of("tactful.utterance.export:ExampleProvenance", kind="provenance"),
    "trl": _of("tactful.data.exporting.rows:TrlPair", "", "row"),
    "trl-unpaired": _of("tactful.data.exporting.rows:TrlUnpaired", "", "row"),
    "trl-completions": _of("tactful.data.exporting.rows:TrlCompletion", "", "row"),
    "openai": _of("tactful.data.exporting.rows:OpenAIPair", "", "row"),
}
"""Kind of record → how its file is opened, bad rows counted."""


def _one(place: str) -> Callable[[Path], int]:
    """One document, which a function of its room reads."""

    def count(path: Path) -> int:
        resolve_name(place)(path)
        return 1

    return count


def _personas(path: Path) -> int:
    from tactful.calibration.play.personas import load_personas

    return len(load_personas(path))


def _space(path: Path) -> int:
    from tactful.calibration.play.actions import load_action_space, space_domain

    load_action_space(path.resolve().parent, space_domain(path))
    return 1


def _trainset(path: Path) -> int:
    from tactful.gym.trainset.checking import check_trainset

    return check_trainset(path)


def _traces(path: Path) -> int:
    from tactful.data.formats.traces import read_trace, read_traces

    if path.is_dir():
        return len(read_traces(path))
    read_trace(path)
    return 1


def _llama_factory(path: Path) -> int:
    from pydantic import ValidationError

    from tactful.data.exporting.rows import ShareGptRow
    from tactful.data.io import describe, read_json

    rows = read_json(path, fix="export the pairs again")
    if not isinstance(rows, list):
        raise DataError.at(path, None, "is no JSON array", fix="export the pairs again")
    for number, row in enumerate(rows, start=1):
        try:
            ShareGptRow.model_validate(row)
        except ValidationError as error:
            raise DataError.at(
                path, None, f"row {number}: {describe(error, 'it')}", fix="export the pairs again"
            ) from error
    return len(rows)


DOCUMENTS: Mapping[str, Callable[[Path], int]] = {
    "personas": _personas,
    "space": _space,
    "reward-config": _one("tactful.calibration.reward.rewards:load_reward_config"),
    "feedback-config": _one("tactful.feedback.settings:load_feedback_config"),
    "policy": _one("tactful.policy.embedded:load_policy"),
    "evaluation": _one("tactful.evaluation.policies.report:read_evaluation"),
    "utterance-evaluation": _one("tactful.evaluation.utterance.report:read_utterance_evaluation"),
    "confidence": _one("tactful.feedback.judging.confidence:load_confidence"),
    "reward-model": _one("tactful.reward.embedded.model:load_model"),
    "suggestion-model": _one("tactful.reward.suggestions.model:load_suggestion_model"),
    "gate": _one("tactful.reward.gate.store:load_gate"),
    "trainset": _trainset,
    "traces": _traces,
    "llama-factory": _llama_factory,
}
"""Kind of a file that is one document → what reads it, giving what it holds; UserError when it is unusable."""
