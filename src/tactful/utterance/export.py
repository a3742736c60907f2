"""Synthesized pairs in the forms that trainers read: preference pairs, and the chosen sides for SFT.

| form | files | read by |
|---|---|---|
| `trl` | `pairs.jsonl` (conversational `prompt`, `chosen`, `rejected`), `sft.jsonl` (`messages`) | TRL |
| `llama-factory` | `pairs.json`, `sft.json` (ShareGPT), `dataset_info.json` | LLaMA-Factory |
| `openai` | `pairs.jsonl` (`input`, `preferred_output`, `non_preferred_output`), `sft.jsonl` (`messages`) | OpenAI fine-tuning |

The prompt is the one of `utterance predict`, made from the context alone: gold messages, labels and later messages are
never in it. Every record serves for SFT; only kept pairs are preference pairs. Beside each data file lies a
`…provenance.jsonl`, one line per row in the same order. Source of the forms: the trainers' documentation, 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tactful.data.export import json_array
from tactful.data.io import Rows, to_line, write_file
from tactful.errors import UserError
from tactful.runs import RunFolder, resolve_input
from tactful.types import Record
from tactful.utterance.predict.predictor import predict_prompt
from tactful.utterance.stages.target_text import target_text
from tactful.utterance.types import PairedExample, Side

Row = dict[str, Any]
PAIRS, SFT = "tactful_utterance_pairs", "tactful_utterance_sft"
"""Names of the data sets in `dataset_info.json`."""


class Exported(Record):
    """What an export wrote. `records` = `sft`; `records` − `pairs` had no kept pair."""

    records: int
    pairs: int
    sft: int
    bad: int = 0
    """Unusable lines that were left out (`--skip-bad`)."""


def prompt_of(pair: PairedExample) -> list[dict[str, str]]:
    """The prompt as messages: the instruction and the context, nothing else."""
    rendered = predict_prompt(pair.context, pair.lang)
    return [{"role": message.role, "content": message.content} for message in rendered.messages]


def answer_of(pair: PairedExample, side: Side) -> dict[str, str]:
    """One side as the assistant's message."""
    text = target_text(pair.tree, pair.category_reasoning, side.category, side.insight)
    return {"role": "assistant", "content": text}


# ---------------------------------------------------------------- rows


def trl_pair(pair: PairedExample) -> Row:
    """TRL's conversational preference columns."""
    return {"prompt": prompt_of(pair), "chosen": [_chosen(pair)], "rejected": [_rejected(pair)]}


def messages_sft(pair: PairedExample) -> Row:
    """`messages`, for TRL and OpenAI."""
    return {"messages": [*prompt_of(pair), _chosen(pair)]}


def openai_pair(pair: PairedExample) -> Row:
    """OpenAI's preference form."""
    return {
        "input": {"messages": prompt_of(pair), "tools": [], "parallel_tool_calls": True},
        "preferred_output": [_chosen(pair)],
        "non_preferred_output": [_rejected(pair)],
    }


def sharegpt_pair(pair: PairedExample) -> Row:
    """LLaMA-Factory's ShareGPT preference form."""
    system, question = _system_and_question(pair)
    return {
        "conversations": [{"from": "human", "value": question}],
        "chosen": {"from": "gpt", "value": _chosen(pair)["content"]},
        "rejected": {"from": "gpt", "value": _rejected(pair)["content"]},
        "system": system,
    }


def sharegpt_sft(pair: PairedExample) -> Row:
    """LLaMA-Factory's ShareGPT form."""
    system, question = _system_and_question(pair)
    answer = {"from": "gpt", "value": _chosen(pair)["content"]}
    return {"conversations": [{"from": "human", "value": question}, answer], "system": system}


def _system_and_question(pair: PairedExample) -> tuple[str, str]:
    system, question = prompt_of(pair)
    return system["content"], question["content"]


def _chosen(pair: PairedExample) -> dict[str, str]:
    return answer_of(pair, pair.chosen)


def _rejected(pair: PairedExample) -> dict[str, str]:
    assert pair.rejected is not None
    return answer_of(pair, pair.rejected)


# ---------------------------------------------------------------- forms


@dataclass(frozen=True)
class UtteranceForm:
    """One way to write pairs and SFT rows down."""

    pair: Callable[[PairedExample], Row]
    sft: Callable[[PairedExample], Row]
    array: bool = False
    """One JSON array per file, and a `dataset_info.json` beside."""

    @property
    def suffix(self) -> str:
        """Of the data files."""
        return "json" if self.array else "jsonl"


FORMS = {
    "trl": UtteranceForm(trl_pair, messages_sft),
    "llama-factory": UtteranceForm(sharegpt_pair, sharegpt_sft, array=True),
    "openai": UtteranceForm(openai_pair, messages_sft),
}
_DATASET_INFO: dict[str, Row] = {
    PAIRS: {
        "file_name": "pairs.json",
        "ranking": True,
        "formatting": "sharegpt",
        "columns": {
            "messages": "conversations",
            "chosen": "chosen",
            "rejected": "rejected",
            "system": "system",
        },
    },
    SFT: {
        "file_name": "sft.json",
        "formatting": "sharegpt",
        "columns": {"messages": "conversations", "system": "system"},
    },
}


def provenance_row(pair: PairedExample) -> Row:
    """What a row rests on, without any message."""
    return {
        "id": pair.id,
        "group": pair.dialogue_id,
        "source": pair.source,
        "lang": pair.lang,
        "branch": pair.branch,
        "contrast": pair.contrast,
        "chosen_origin": pair.chosen.origin,
        "rejected_origin": pair.rejected.origin if pair.rejected is not None else None,
        "margin": pair.margin,
        "dropped": pair.dropped,
        "provenance": pair.provenance.model_dump(mode="json"),
    }


def holds_pairs(run_or_file: Path | str) -> bool:
    """A run of `utterance synthesize`, or a file whose first row is one of its records."""
    path = Path(run_or_file)
    if path.is_dir():
        try:
            info = RunFolder.open(path).info()
        except UserError:
            return False
        return (info.noun, info.verb) == ("utterance", "synthesize")
    try:
        with path.open("rb") as file:
            row = orjson.loads(next((line for line in file if line.strip()), b"null"))
    except (OSError, orjson.JSONDecodeError):
        return False
    return isinstance(row, dict) and {"tree", "chosen", "gold"} <= row.keys()


def export_utterance(
    run_or_file: Path | str, to: str, out: Path | str, *, skip_bad: bool = False
) -> Exported:
    """Write pairs and SFT rows in one of `FORMS` into the new folder `out`.

    Where no pair was kept, no pairs file is written.

    Raises: UserError for an unknown form, no records, or a folder that holds files; DataError for a bad line
    (unless `skip_bad`).
    """
    if to not in FORMS:
        raise UserError(f"--to '{to}' is not known; choose one of: {', '.join(FORMS)}")
    folder = Path(out)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder}: is not an empty folder; give a new one with --out")
    source = resolve_input(run_or_file)
    rows = Rows(
        source, PairedExample.model_validate, skip_bad=skip_bad, kind="record", key=lambda row: row.id
    )
    records = pairs = 0
    for record in rows:
        records += 1
        pairs += record.kept
    if not records:
        raise UserError(f"{source}: holds no records; run 'tactful utterance synthesize' first")
    form = FORMS[to]
    _write(folder, "sft", form, form.sft, lambda: iter(rows))
    if pairs:
        _write(folder, "pairs", form, form.pair, lambda: (row for row in rows if row.kept))
    if form.array:
        info = {name: entry for name, entry in _DATASET_INFO.items() if pairs or name != PAIRS}
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        write_file(folder / "dataset_info.json", [orjson.dumps(info, option=options)])
    return Exported(records=records, pairs=pairs, sft=records, bad=rows.bad)


def _write(
    folder: Path,
    name: str,
    form: UtteranceForm,
    row: Callable[[PairedExample], Row],
    records: Callable[[], Iterator[PairedExample]],
) -> None:
    """A data file and the provenance of its rows; the records are read twice and never held."""
    rows = map(row, records())
    write_file(folder / f"{name}.{form.suffix}", json_array(rows) if form.array else map(to_line, rows))
    provenance = "provenance.jsonl" if name == "pairs" else f"{name}_provenance.jsonl"
    write_file(folder / provenance, map(to_line, map(provenance_row, records())))
