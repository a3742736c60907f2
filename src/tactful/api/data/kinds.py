"""How each kind of file that `tactful data check` knows is read. `api` stands below all rooms, so it sees them all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tactful.errors import DataError

if TYPE_CHECKING:
    from tactful.data.io import Rows

Opener = Callable[["Path | str"], "Rows[Any]"]


def readers() -> dict[str, Opener]:
    """Kind of record → how its file is opened, bad rows counted."""
    kinds = (
        *(_calibration(), _feedback(), _utterance(), _reward(), _gym(), _annotation(), _live(), _others()),
        _exports(),
    )
    return {name: opener for group in kinds for name, opener in group.items()}


def documents() -> dict[str, Callable[[Path], int]]:
    """Kind of a file that is one document → what reads it, giving what it holds; UserError when it is unusable."""

    def one(read: Callable[[Path], Any]) -> Callable[[Path], int]:
        def count(path: Path) -> int:
            read(path)
            return 1

        return count

    from tactful.calibration.play.actions import load_action_space, space_domain
    from tactful.calibration.play.personas import load_personas
    from tactful.calibration.reward.rewards import load_reward_config
    from tactful.data.formats.traces import read_trace, read_traces
    from tactful.evaluation.policies.report import read_evaluation
    from tactful.evaluation.utterance.report import read_utterance_evaluation
    from tactful.feedback.judging.confidence import load_confidence
    from tactful.feedback.settings import load_feedback_config
    from tactful.gym.trainset.checking import check_trainset
    from tactful.policy.embedded import load_policy
    from tactful.reward.embedded.model import load_model
    from tactful.reward.gate.store import load_gate
    from tactful.reward.suggestions.model import load_suggestion_model

    return {
        "personas": lambda path: len(load_personas(path)),
        "space": one(lambda path: load_action_space(path.resolve().parent, space_domain(path))),
        "reward-config": one(load_reward_config),
        "feedback-config": one(load_feedback_config),
        "policy": one(load_policy),
        "evaluation": one(read_evaluation),
        "utterance-evaluation": one(read_utterance_evaluation),
        "confidence": one(load_confidence),
        "reward-model": one(load_model),
        "suggestion-model": one(load_suggestion_model),
        "gate": one(load_gate),
        "trainset": check_trainset,
        "traces": lambda path: len(read_traces(path)) if path.is_dir() else one(read_trace)(path),
        "llama-factory": _llama_factory,
    }


def _of(type_: type[Any], key: Callable[[Any], str] | None = None, kind: str = "") -> Opener:
    from tactful.data.io import Rows

    return lambda path: Rows(path, type_.model_validate, skip_bad=True, kind=kind or type_.__name__, key=key)


def _own_id(record: Any) -> str:
    return str(record.id)


def _calibration() -> dict[str, Opener]:
    from tactful.calibration.tasks.state_rows import state_rows
    from tactful.calibration.types import Rewarded, Session
    from tactful.data.formats.mbpp import mbpp_rows
    from tactful.data.types import SeedTask
    from tactful.evaluation.policies.walking.tree import ActionTree
    from tactful.runs.result import Failure
    from tactful.types import PreferencePair, Trajectory

    return {
        "states": lambda path: state_rows(path, skip_bad=True),
        "sessions": _of(Session, _own_id),
        "trajectories": _of(Trajectory, _own_id),
        "rewarded": _of(Rewarded, lambda record: str(record.trajectory.id)),
        "pairs": _of(PreferencePair, _own_id),
        "trees": _of(ActionTree, _own_id),
        "failures": _of(Failure, _own_id),
        "seed-tasks": _of(SeedTask, _own_id),
        "mbpp": lambda path: mbpp_rows(path, skip_bad=True),
    }


def _feedback() -> dict[str, Opener]:
    from pydantic import Field, TypeAdapter

    from tactful.data.io import Rows
    from tactful.feedback.chats import LabelledTurns, Turns
    from tactful.feedback.training.pairs import TrainingRow
    from tactful.feedback.types import JudgedTurn
    from tactful.reading.labelled import labelled_texts

    row: TypeAdapter[Any] = TypeAdapter(Annotated[TrainingRow, Field(discriminator="kind")])
    return {
        "chats": lambda path: Turns(path, skip_bad=True).rows,
        "conversations": lambda path: Turns(path, skip_bad=True).rows,
        "labelled-turns": lambda path: LabelledTurns(path, skip_bad=True).rows,
        "labelled-requests": lambda path: labelled_texts(path, skip_bad=True),
        "judged-turns": _of(JudgedTurn),
        "feedback-rows": lambda path: Rows(path, row.validate_python, skip_bad=True, kind="row", key=_own_id),
    }


def _utterance() -> dict[str, Opener]:
    from tactful.data.formats.chats import ChatRows, Dialogue
    from tactful.evaluation.utterance.judge import JudgedTask
    from tactful.utterance.predict.predictor import Prediction
    from tactful.utterance.types import PairedExample

    return {
        "utterance": _of(PairedExample, _own_id),
        "judged-predictions": _of(JudgedTask, _own_id),
        "predictions": _of(Prediction, _own_id),
        "dialogues": lambda path: ChatRows(path, Dialogue, skip_bad=True, unique=True),
    }


def _reward() -> dict[str, Opener]:
    from tactful.data.formats.moments import labelled_rows, moment_rows
    from tactful.reward.reasons.thoughts import ReasonedMoment
    from tactful.reward.types import Acceptance

    return {
        "moments": lambda path: moment_rows(path, skip_bad=True, strict=True),
        "labelled-moments": lambda path: labelled_rows(path, skip_bad=True, strict=True),
        "acceptances": _of(Acceptance, lambda record: str(record.moment_id)),
        "reasoned-moments": _of(ReasonedMoment, _own_id),
    }


def _gym() -> dict[str, Opener]:
    from tactful.gym.scenes.reading import Scenes
    from tactful.gym.scenes.seeds import Seeds
    from tactful.gym.trainset.types import JudgedPoint
    from tactful.gym.types import GymEpisode

    return {
        "seeds": lambda path: Seeds(path, skip_bad=True),
        "scenes": lambda path: Scenes(path, skip_bad=True),
        "episodes": _of(GymEpisode, _own_id),
        "judged-points": _of(JudgedPoint, _own_id),
    }


def _annotation() -> dict[str, Opener]:
    from tactful.annotation.types import Adjudication, Annotation, Item

    return {
        "annotation-items": _of(Item, _own_id, "item"),
        "annotations": _of(Annotation, _own_id),
        "adjudications": _of(Adjudication),
    }


def _live() -> dict[str, Opener]:
    from tactful.live.delivery.types import Offer
    from tactful.live.types import Advice, Observation

    return {
        "advice": _of(Advice, _own_id),
        "observations": _of(Observation),
        "offers": _of(Offer, _own_id),
    }


def _others() -> dict[str, Opener]:
    from tactful.audit.types import Finding
    from tactful.data.activity import WorkSession
    from tactful.data.formats.suggestions import suggestion_rows
    from tactful.mend.replaying.replay import Decided

    return {
        "suggestions": lambda path: suggestion_rows(path, skip_bad=True),
        "findings": _of(Finding),
        "replayed": _of(Decided, _own_id),
        "work-sessions": _of(WorkSession, _own_id),
    }


# ---------------------------------------------------------------- what was exported


def _exports() -> dict[str, Opener]:
    from tactful.data.exporting.rows import OpenAIPair, PairProvenance, TrlCompletion, TrlPair, TrlUnpaired
    from tactful.utterance.export import ExampleProvenance

    return {
        "provenance": _of(PairProvenance, _own_id, "provenance"),
        "utterance-provenance": _of(ExampleProvenance, _own_id, "provenance"),
        "trl": _of(TrlPair, kind="row"),
        "trl-unpaired": _of(TrlUnpaired, kind="row"),
        "trl-completions": _of(TrlCompletion, kind="row"),
        "openai": _of(OpenAIPair, kind="row"),
    }


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
