"""How each kind of file that `tactful data check` knows is read. `api` stands below all rooms, so it sees them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from operator import attrgetter
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Annotated, Any

from tactful.errors import DataError

if TYPE_CHECKING:
    from tactful.data.io import Rows

Opener = Callable[["Path | str"], "Rows[Any]"]


def readers() -> dict[str, Opener]:
    """Kind of record → how its file is opened, bad rows counted."""
    return {name: opener() for name, opener in _READERS.items()}


def documents() -> dict[str, Callable[[Path], int]]:
    """Kind of a file that is one document → what reads it, giving what it holds; UserError when it is unusable."""

    def one(read: Callable[[Path], Any]) -> Callable[[Path], int]:
        def count(path: Path) -> int:
            read(path)
            return 1

        return count

    from tactful.calibration.play.actions import load_action_space, space_domain
    from tactful.calibration.play.personas import load_personas
    from tactful.data.formats.traces import read_trace, read_traces
    from tactful.gym.trainset.checking import check_trainset

    return {
        "personas": lambda path: len(load_personas(path)),
        "space": one(lambda path: load_action_space(path.resolve().parent, space_domain(path))),
        **{name: one(resolve_name(place)) for name, place in _DOCUMENTS.items()},
        "trainset": check_trainset,
        "traces": lambda path: len(read_traces(path)) if path.is_dir() else one(read_trace)(path),
        "llama-factory": _llama_factory,
    }


_DOCUMENTS: Mapping[str, str] = {
    "reward-config": "tactful.calibration.reward.rewards:load_reward_config",
    "feedback-config": "tactful.feedback.settings:load_feedback_config",
    "policy": "tactful.policy.embedded:load_policy",
    "evaluation": "tactful.evaluation.policies.report:read_evaluation",
    "utterance-evaluation": "tactful.evaluation.utterance.report:read_utterance_evaluation",
    "confidence": "tactful.feedback.judging.confidence:load_confidence",
    "reward-model": "tactful.reward.embedded.model:load_model",
    "suggestion-model": "tactful.reward.suggestions.model:load_suggestion_model",
    "gate": "tactful.reward.gate.store:load_gate",
}
"""Kind → what reads a document of which there is one to a file."""


def _of(place: str, key: str = "id", kind: str = "") -> Callable[[], Opener]:
    """Rows of a record, no two of which are alike in `key`, where it is not empty; messages call a row `kind`."""

    def opener() -> Opener:
        from tactful.data.io import Rows

        type_, own = resolve_name(place), attrgetter(key) if key else None
        return lambda path: Rows(
            path, type_.model_validate, skip_bad=True, kind=kind or type_.__name__, key=own
        )

    return opener


def _by(place: str, **how: bool) -> Callable[[], Opener]:
    """Rows that a function of their room opens."""
    return lambda: partial(resolve_name(place), skip_bad=True, **how)


def _turns(name: str) -> Callable[[], Opener]:
    """Rows of the dialogues behind turns."""
    return lambda: lambda path: resolve_name(f"tactful.feedback.chats:{name}")(path, skip_bad=True).rows


def _feedback_rows() -> Opener:
    from pydantic import Field, TypeAdapter

    from tactful.data.io import Rows
    from tactful.feedback.training.pairs import TrainingRow

    row: TypeAdapter[Any] = TypeAdapter(Annotated[TrainingRow, Field(discriminator="kind")])
    return lambda path: Rows(path, row.validate_python, skip_bad=True, kind="row", key=attrgetter("id"))


def _dialogues() -> Opener:
    from tactful.data.formats.chats import ChatRows, Dialogue

    return lambda path: ChatRows(path, Dialogue, skip_bad=True, unique=True)


_READERS: Mapping[str, Callable[[], Opener]] = {
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
"""Kind of record → what makes its opener."""


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
