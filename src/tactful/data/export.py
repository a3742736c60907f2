"""Preference pairs in the forms that trainers read. The hidden side is never in them; provenance lies beside.

| form | files | read by |
|---|---|---|
| `trl` | `pairs.jsonl`: conversational `prompt`, `chosen`, `rejected` | TRL's DPOTrainer |
| `llama-factory` | `pairs.json` (ShareGPT with `ranking`), `dataset_info.json` | LLaMA-Factory |
| `openai` | `pairs.jsonl`: `input.messages`, `preferred_output`, `non_preferred_output` | OpenAI preference fine-tuning |

Every form comes with `provenance.jsonl`, one line per row in the same order: pair id, state id, group, actions,
rewards, margin, model, prompt hashes, run id and seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import orjson

from tactful.data.io import read_jsonl, to_line, write_file
from tactful.errors import UserError
from tactful.types import Message, PreferencePair

DATASET_NAME = "tactful_pairs"
_SHAREGPT_ROLE = {"user": "human", "assistant": "gpt"}


@dataclass(frozen=True)
class Form:
    """One way to write pairs down."""

    data_file: str
    row: Callable[[PreferencePair], dict[str, Any]]
    array: bool = False
    """One JSON array instead of one object per line."""
    extra: tuple[tuple[str, dict[str, Any]], ...] = ()
    """Further files: (name, content)."""


def trl_row(pair: PreferencePair) -> dict[str, Any]:
    """TRL's conversational preference columns."""
    return {
        "prompt": _messages(pair.prompt),
        "chosen": _messages(pair.chosen),
        "rejected": _messages(pair.rejected),
    }


def openai_row(pair: PreferencePair) -> dict[str, Any]:
    """OpenAI's preference form. Raises UserError where an output is not one assistant message: it allows no other."""
    for name, output in (("chosen", pair.chosen), ("rejected", pair.rejected)):
        if len(output) != 1 or output[0].role != "assistant":
            roles = ", ".join(message.role for message in output)
            raise UserError(
                f"pair '{pair.id}': {name} is [{roles}], the openai form takes one assistant message; use --to trl"
            )
    return {
        "input": {"messages": _messages(pair.prompt), "tools": [], "parallel_tool_calls": True},
        "preferred_output": _messages(pair.chosen),
        "non_preferred_output": _messages(pair.rejected),
    }


def llama_factory_row(pair: PreferencePair) -> dict[str, Any]:
    """LLaMA-Factory's ShareGPT preference form; a leading system message becomes the `system` column.

    Raises: UserError where the prompt does not alternate user and assistant and end with the user, or an output is
    not one assistant message: LLaMA-Factory would drop such a row without a word.
    """
    prompt = list(pair.prompt)
    system = prompt.pop(0).content if prompt and prompt[0].role == "system" else ""
    expected = ["user" if at % 2 == 0 else "assistant" for at in range(len(prompt))]
    roles = [message.role for message in prompt]
    if roles != expected or len(prompt) % 2 == 0:
        raise UserError(
            f"pair '{pair.id}': the prompt's roles are {roles}, the llama-factory form takes user, assistant, …, user; "
            "use --to trl"
        )
    openai_row(pair)  # the same demand on the outputs
    return {
        "conversations": [{"from": _SHAREGPT_ROLE[m.role], "value": m.content} for m in prompt],
        "chosen": {"from": "gpt", "value": pair.chosen[0].content},
        "rejected": {"from": "gpt", "value": pair.rejected[0].content},
        "system": system,
    }


_DATASET_INFO = {
    DATASET_NAME: {
        "file_name": "pairs.json",
        "ranking": True,
        "formatting": "sharegpt",
        "columns": {
            "messages": "conversations",
            "chosen": "chosen",
            "rejected": "rejected",
            "system": "system",
        },
    }
}
FORMS = {
    "trl": Form("pairs.jsonl", trl_row),
    "llama-factory": Form(
        "pairs.json", llama_factory_row, array=True, extra=(("dataset_info.json", _DATASET_INFO),)
    ),
    "openai": Form("pairs.jsonl", openai_row),
}


def provenance_row(pair: PreferencePair) -> dict[str, Any]:
    """What a row rests on, without its text."""
    return {
        "id": pair.id,
        "state_id": pair.state.id,
        "group": pair.state.group,
        "persona": pair.persona,
        "chosen_action": pair.chosen_action,
        "rejected_action": pair.rejected_action,
        "chosen_reward": pair.chosen_reward,
        "rejected_reward": pair.rejected_reward,
        "margin": pair.margin,
        "weight": pair.weight,
        "provenance": pair.provenance.model_dump(mode="json"),
    }


def pairs_file(run_or_file: Path) -> Path:
    """The pairs of a run folder (`records.jsonl`, else `pairs.jsonl`), or the file itself."""
    if not run_or_file.is_dir():
        return run_or_file
    for name in ("records.jsonl", "pairs.jsonl"):
        if (run_or_file / name).exists():
            return run_or_file / name
    raise UserError(
        f"{run_or_file}: holds neither records.jsonl nor pairs.jsonl; give the file, or run 'tactful runs list'"
    )


def export_pairs(run_or_file: Path | str, to: str, out: Path | str) -> int:
    """Write the pairs in one of `FORMS` into the new folder `out` and return how many there were.

    Raises: UserError for an unknown form, no pairs, or a folder that holds files; DataError for a bad line.
    """
    if to not in FORMS:
        raise UserError(f"--to '{to}' is not known; choose one of: {', '.join(FORMS)}")
    folder = Path(out)
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"{folder}: is not empty; give a new folder with --out")
    source = pairs_file(Path(run_or_file))
    pairs = list(read_jsonl(source, PreferencePair))
    if not pairs:
        raise UserError(f"{source}: holds no pairs; run 'tactful calibrate pairs' first")
    form = FORMS[to]
    rows = [form.row(pair) for pair in pairs]
    write_file(folder / form.data_file, json_array(rows) if form.array else map(to_line, rows))
    write_file(folder / "provenance.jsonl", (to_line(provenance_row(pair)) for pair in pairs))
    for name, content in form.extra:
        write_file(
            folder / name, [orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)]
        )
    return len(pairs)


def _messages(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]


def json_array(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """The chunks of a JSON array with one row per line; there must be at least one row."""
    lines = (orjson.dumps(row) for row in rows)
    yield b"[\n"
    yield from chain([next(lines)], (b",\n" + line for line in lines))
    yield b"\n]\n"
