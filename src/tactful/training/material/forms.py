"""Records of every kind that Tactful writes or exports, as examples of one form. Nothing is cut here, nothing split.

| kind | comes from | answers | pairs | labels | verdicts |
|---|---|---|---|---|---|
| `pairs` | `calibrate pairs` | | x | | |
| `utterance` | `utterance synthesize` | x | x | | |
| `feedback-rows` | `feedback pairs` | | x | x | |
| `judged-turns` | `feedback judge` | | x | x | |
| `labelled-moments` | ProactiveBench's reward set | | | | x |
| `reasoned-moments` | `reward reasons` | x | | | x |
| `states` | `calibrate states`; tasks, for grpo alone | | | | |
| `trl` … `messages` | exports, and files of others | x | x | x | |
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from tactful.data.formats.moments import parse_labelled
from tactful.data.io import Rows
from tactful.data.recognise import document, foreign_file, kind_of
from tactful.errors import DataError
from tactful.feedback.training.files import ROW
from tactful.feedback.training.pairs import PairedRow, PairsConfig, TrainingRow, TrainingRows, UnpairedRow
from tactful.feedback.types import JudgedTurn
from tactful.policy.language_model.prompt import PROMPT as ACT_PROMPT
from tactful.policy.language_model.prompt import Shown, state_messages
from tactful.policy.table import intensity_order
from tactful.reward.judging.prompt import PROMPT as JUDGE_PROMPT
from tactful.reward.judging.prompt import judge_prompt
from tactful.reward.reasons.export import judge_messages, reply_of
from tactful.reward.reasons.thoughts import ReasonedMoment
from tactful.sources import open_source
from tactful.training.material.exported import READERS, exported_example, kind_of_export
from tactful.training.material.sources import Source, provenance_beside, sources
from tactful.training.material.tasks import TALK_PROMPTS, task_of, tasks
from tactful.training.types import TAKES, Example, Material, TrainConfig, Trainer
from tactful.types import LabelledMoment, Message, PreferencePair
from tactful.utterance.export import answer_of, predict_messages
from tactful.utterance.types import PairedExample
from tactful.weights.gguf import file_sha256
from tactful.weights.types import Form, TrainedOn

Examples = Callable[[list[Any], Form, TrainConfig, Counter[str]], Iterator[Example]]
"""Rows that give none are counted in the last."""


class Kind(NamedTuple):
    """How records of a kind are read."""

    forms: tuple[Form, ...]
    parse: Callable[[Any], Any]
    examples: Examples
    grouped_by: str
    trainer: Trainer
    """The one that suits it best."""


def read_material(data: Path, config: TrainConfig, valid: Path | None = None) -> Material:
    """All examples of a file or folder in the form that the trainer takes.

    Raises: UserError where it holds nothing for this trainer; DataError at the first bad line.
    """
    files, pipeline = sources(data, config.trainer, valid)
    read: list[_Read] = []
    for source in files:
        found = _read(source, config)
        if read and found.form != read[0].form:
            raise DataError.at(
                source.path,
                None,
                f"holds {found.form}, the other part {read[0].form}",
                fix="give two of one kind",
            )
        read.append(found)
    first = read[0]
    material = Material(
        form=first.form,
        kind=first.name,
        examples=[],
        files=[one.file for one in read],
        grouped_by=first.kind.grouped_by,
        prompts=_PROMPTS.get(first.form, {}),
        pipeline=pipeline,
        selected_by=tuple(
            sorted({who for one in read for row in one.rows for who in _selected_by(row)} - {""})
        ),
    )
    if config.learn == "action":
        pairs = [pair for one in read for pair in one.rows]
        material.actions = intensity_order(
            {name for pair in pairs for name in (pair.chosen_action, pair.rejected_action)}
        )
        material.domains = tuple(sorted({pair.state.domain for pair in pairs}))
        material.prompts = {ACT_PROMPT.prompt_id: ACT_PROMPT.hash}
    for one in read:
        examples = one.kind.examples
        if config.learn == "action":
            examples = _each(lambda pair, form: _act(pair, material.actions, config.shown))
        made = examples(one.rows, one.form, config, material.left_out)
        material.examples += [_placed(item, one.source) for item in made]
    return material


def _selected_by(row: Any) -> tuple[str, ...]:
    """The judges that a row names; none for people."""
    if isinstance(row, LabelledMoment):
        return (row.label.judge,)
    if isinstance(row, JudgedTurn):
        said = row.judgement
        return tuple(vote.judge for vote in said.votes) or (said.provenance.model,)
    if isinstance(row, UnpairedRow | PairedRow):
        return (row.provenance.model,)
    return (str(row.get("judge") or ""),) if isinstance(row, dict) else ()


class _Read(NamedTuple):
    """The records of one file, not yet examples: those of all files together say which actions there are."""

    source: Source
    name: str
    kind: Kind
    form: Form
    rows: list[Any]
    file: TrainedOn


def _read(source: Source, config: TrainConfig) -> _Read:
    path = source.path
    array = _array(path)
    first = array[0] if array else _first(path)
    exported = kind_of_export(first)
    name = exported or kind_of(first) or ""
    kind = KINDS.get(name) if exported is None else _exported(exported, path)
    if kind is None:
        raise DataError.at(
            path,
            1,
            f"has the columns {', '.join(sorted(first)[:8]) or '(none)'}, from which nothing is trained",
            fix="give pairs (prompt, chosen, rejected), answers (messages, or prompt and completion), labels (prompt, "
            "completion, label), labelled moments (obs, pred_task, valid), or a run folder",
        )
    form = next((form for form in TAKES[config.trainer] if form in kind.forms), None)
    if form is None:
        raise DataError.at(
            path,
            None,
            f"holds '{name}', from which 'train {config.trainer}' does not learn",
            fix=f"run: tactful train {kind.trainer} {path}",
        )
    if config.learn == "action" and name != "pairs":
        raise DataError.at(
            path,
            None,
            f"holds '{name}', which names no actions",
            fix="use --learn text, or give pairs of 'calibrate pairs'",
        )
    rows = _AllRows(path, array, kind.parse)
    parsed = list(rows)
    file = TrainedOn(path=str(path), sha256=file_sha256(path), rows=rows.read, part=source.part or "both")
    return _Read(source, name, kind, form, parsed, file)


class _AllRows(Rows[Any]):
    """Of a file or of its one JSON array; a bad one is named with the file and never left out."""

    def __init__(self, path: Path, array: list[Any], parse: Callable[[Any], Any]) -> None:
        super().__init__(array or path, parse, kind="row")
        self._file = path

    @property
    def name(self) -> str:
        """The file as messages name it."""
        return str(self._file)

    def _fix(self) -> str:
        return f"correct it, or run: tactful data check {shlex.quote(self.name)}"


def _array(path: Path) -> list[Any]:
    """The rows of a file that is one JSON array; empty for JSON lines."""
    with open_source(path) as file:
        start = file.read(64).lstrip(b"\xef\xbb\xbf \r\n\t")
    whole = document(path) if start.startswith(b"[") else None
    return whole if isinstance(whole, list) and whole and isinstance(whole[0], dict) else []


def _first(path: Path) -> dict[str, Any]:
    """The first row. Raises: DataError for a file that is no JSON lines, or empty."""
    for row in _AllRows(path, [], lambda item: item):
        if isinstance(row, dict):
            return row
        break
    with open_source(path) as file:
        other = foreign_file(file.readline(), path)
    if other is not None:
        raise DataError.at(path, None, other.name, fix=other.fix)
    raise DataError.at(path, 1, "is no JSON object", fix="give a file with one JSON object a line")


def _placed(item: Example, source: Source) -> Example:
    part = source.part or item.part  # files that are given to validate do, whatever their rows were meant for
    return replace(item, part=part, place=f"{source.path}:{item.place}" if item.place else str(source.path))


# ---------------------------------------------------------------- kinds


def _each(read: Callable[[Any, Form], Example | str]) -> Examples:
    """Rows that are read one by one: each gives an example, or says why it gives none."""

    def examples(
        rows: list[Any], form: Form, config: TrainConfig, left_out: Counter[str]
    ) -> Iterator[Example]:
        for number, row in enumerate(rows, 1):
            found = read(row, form)
            if isinstance(found, str):
                left_out[found] += 1
            else:
                yield replace(found, place=str(number))

    return examples


def _pair(pair: PreferencePair, form: Form) -> Example:
    return Example(
        pair.id,
        pair.state.group,
        pair.prompt,
        pair.chosen,
        pair.rejected,
        weight=pair.weight,
        margin=pair.margin,
    )


def _act(pair: PreferencePair, actions: tuple[str, ...], shown: Shown) -> Example:
    return replace(
        _pair(pair, "pairs"),
        prompt=state_messages(pair.state, actions, shown),
        answer=_said(pair.chosen_action),
        rejected=_said(pair.rejected_action),
    )


def _utterance(row: PairedExample, form: Form) -> Example | str:
    prompt, chosen = predict_messages(row), answer_of(row, row.chosen)
    if form == "answers":
        return Example(row.id, row.dialogue_id, prompt, chosen)
    if not row.kept:
        return "without a rejected side"
    assert row.rejected is not None
    rejected = answer_of(row, row.rejected)
    return Example(row.id, row.dialogue_id, prompt, chosen, rejected, margin=row.margin)


def _feedback(row: TrainingRow, form: Form) -> Example | str:
    if row.part == "test":
        return "of the test part"
    if isinstance(row, PairedRow) != (form == "pairs"):
        return "single answers" if form == "pairs" else "pairs"
    if isinstance(row, PairedRow):
        sides = row.chosen, row.rejected
        return Example(row.id, row.group, row.prompt, *sides, margin=row.margin, part=row.part)
    return Example(row.id, row.group, row.prompt, row.completion, label=row.label, part=row.part)


def _judged(
    rows: list[JudgedTurn], form: Form, config: TrainConfig, left_out: Counter[str]
) -> Iterator[Example]:
    shares = PairsConfig(valid=config.valid, test=0.0, seed=config.seed)
    made = TrainingRows(rows, shares)
    yield from _each(_feedback)(list(made), form, config, Counter())
    left_out.update(made.summary.pairs_left_out if form == "pairs" else made.summary.left_out)


def _moment(row: LabelledMoment, form: Form) -> Example:
    moment, prompt = row.moment, judge_prompt(row.moment).messages
    silent = moment.proposal is None
    return Example(moment.id, moment.session, prompt, label=row.label.accepted, silent=silent)


def _reasoned(row: ReasonedMoment, form: Form) -> Example:
    session, prompt = row.moment.session, judge_messages(row)
    if form == "answers":
        return Example(row.id, session, prompt, _said(reply_of(row)))
    return Example(row.id, session, prompt, label=row.accepted, silent=row.moment.proposal is None)


def _said(text: str) -> tuple[Message, ...]:
    return (Message(role="assistant", content=text),)


def _exported(name: str, path: Path) -> Kind:
    """An exported kind, with the groups of its provenance where that lies beside."""
    forms, read = READERS[name]
    beside = provenance_beside(path)
    known = bool(beside) and all("group" in row or "session" in row for row in beside)

    def examples(
        rows: list[Any], form: Form, config: TrainConfig, left_out: Counter[str]
    ) -> Iterator[Example]:
        if known and len(beside) != len(rows):
            raise DataError.at(
                path, None, f"has {len(rows)} rows, its provenance {len(beside)}", fix="export again"
            )
        for number, row in enumerate(rows, 1):
            try:
                yield exported_example(read, row, number, beside[number - 1] if known else {})
            except (ValueError, KeyError) as error:
                problem = f"row has no {error}" if isinstance(error, KeyError) else str(error)
                raise DataError.at(path, number, problem, fix="correct the line") from error

    trainer: dict[Form, Trainer] = {"answers": "sft", "pairs": "dpo", "labels": "kto", "verdicts": "reward"}
    return Kind(forms, dict, examples, "group of the provenance" if known else "group", trainer[forms[0]])


KINDS: dict[str, Kind] = {
    "states": Kind(("tasks",), task_of, tasks, "base task", "grpo"),
    "pairs": Kind(("pairs",), PreferencePair.model_validate, _each(_pair), "base task", "dpo"),
    "utterance": Kind(
        ("answers", "pairs"), PairedExample.model_validate, _each(_utterance), "dialogue", "sft"
    ),
    "feedback-rows": Kind(
        ("labels", "pairs"), ROW.validate_python, _each(_feedback), "the run's own key", "kto"
    ),
    "judged-turns": Kind(("labels", "pairs"), JudgedTurn.model_validate, _judged, "dialogue", "kto"),
    "labelled-moments": Kind(("verdicts",), parse_labelled, _each(_moment), "session", "reward"),
    "reasoned-moments": Kind(
        ("answers", "verdicts"), ReasonedMoment.model_validate, _each(_reasoned), "session", "sft"
    ),
}
_PROMPTS: dict[Form, dict[str, str]] = {
    "tasks": TALK_PROMPTS,
    "verdicts": {JUDGE_PROMPT.prompt_id: JUDGE_PROMPT.hash},
}
"""Form → prompts of ours that its examples are written with."""
