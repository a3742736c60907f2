"""The forms in which trainers read preference pairs and answers, once for every kind of record that is exported.

| form | pairs | SFT rows | read by |
|---|---|---|---|
| `trl` | conversational `prompt`, `chosen`, `rejected` | `messages`, or `prompt` and `completion` | TRL |
| `llama-factory` | ShareGPT with `ranking`, and with `label` for KTO; `dataset_info.json`, YAMLs | ShareGPT | LLaMA-Factory |
| `openai` | `input.messages`, `preferred_output`, `non_preferred_output` | `messages` | OpenAI fine-tuning |

Source: the trainers' documentation, 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from tactful.data.exporting.llama_factory import Stage, describe
from tactful.data.io import is_taken, write_file, write_jsonl
from tactful.errors import UsageError, UserError
from tactful.text.sameness import as_read
from tactful.types import Message, content_hash, plain

Row = dict[str, Any]
_SHAREGPT_ROLE = {"user": "human", "assistant": "gpt"}


class Preference(NamedTuple):
    """A prompt with a better and a worse answer."""

    id: str
    prompt: Sequence[Message]
    chosen: Sequence[Message]
    rejected: Sequence[Message]


class Answered(NamedTuple):
    """A prompt with the answer to learn."""

    id: str
    prompt: Sequence[Message]
    answer: Sequence[Message]


def said(text: str) -> tuple[Message, ...]:
    """One message of the assistant."""
    return (Message(role="assistant", content=text),)


# ---------------------------------------------------------------- rows


def trl_pair(pair: Preference) -> Row:
    """TRL's conversational preference columns."""
    return {
        "prompt": plain(pair.prompt),
        "chosen": plain(pair.chosen),
        "rejected": plain(pair.rejected),
    }


def openai_pair(pair: Preference) -> Row:
    """OpenAI's preference form. Raises UserError where an output is not one assistant message: it allows no other."""
    _single(pair, "openai")
    return {
        "input": {"messages": plain(pair.prompt), "tools": [], "parallel_tool_calls": True},
        "preferred_output": plain(pair.chosen),
        "non_preferred_output": plain(pair.rejected),
    }


def sharegpt_pair(pair: Preference) -> Row:
    """LLaMA-Factory's ShareGPT preference form; a leading system message becomes the `system` column.

    Raises: UserError where the prompt does not alternate user and assistant and end with the user, or an output is
    not one assistant message: LLaMA-Factory would drop such a row without a word.
    """
    system, talk = _sharegpt(pair.id, pair.prompt)
    _single(pair, "llama-factory")
    chosen, rejected = ({"from": "gpt", "value": side[0].content} for side in (pair.chosen, pair.rejected))
    return {"conversations": talk, "chosen": chosen, "rejected": rejected, "system": system}


def messages_sft(item: Answered) -> Row:
    """`messages`, for TRL and OpenAI."""
    return {"messages": plain([*item.prompt, *item.answer])}


def completion_sft(item: Answered) -> Row:
    """TRL's conversational prompt and completion: the loss is on the completion alone."""
    return {"prompt": plain(item.prompt), "completion": plain(item.answer)}


def sharegpt_sft(item: Answered) -> Row:
    """LLaMA-Factory's ShareGPT form."""
    system, talk = _sharegpt(item.id, item.prompt)
    answer = [{"from": "gpt", "value": message.content} for message in item.answer]
    return {"conversations": [*talk, *answer], "system": system}


def sharegpt_labels(pair: Preference) -> list[Row]:
    """LLaMA-Factory's ShareGPT form for KTO: the better answer with the label true, the other with false."""
    sides = ((pair.chosen, True), (pair.rejected, False))
    return [{**sharegpt_sft(Answered(pair.id, pair.prompt, side)), "label": label} for side, label in sides]


def _single(pair: Preference, form: str) -> None:
    for name, output in (("chosen", pair.chosen), ("rejected", pair.rejected)):
        if len(output) != 1 or output[0].role != "assistant":
            roles = ", ".join(message.role for message in output)
            raise UserError(
                f"pair '{pair.id}': {name} is [{roles}], the {form} form takes one assistant message; use --to trl"
            )


def _sharegpt(row: str, messages: Sequence[Message]) -> tuple[str, list[dict[str, str]]]:
    prompt = list(messages)
    system = prompt.pop(0).content if prompt and prompt[0].role == "system" else ""
    expected = ["user" if at % 2 == 0 else "assistant" for at in range(len(prompt))]
    roles = [message.role for message in prompt]
    if roles != expected or len(prompt) % 2 == 0:
        raise UserError(
            f"pair '{row}': the prompt's roles are {roles}, the llama-factory form takes user, assistant, …, user; "
            "use --to trl"
        )
    return system, [{"from": _SHAREGPT_ROLE[message.role], "value": message.content} for message in prompt]


# ---------------------------------------------------------------- forms and files


@dataclass(frozen=True)
class Form:
    """One way to write pairs and answers down."""

    pair: Callable[[Preference], Row]
    sft: Callable[[Answered], Row]
    labels: Callable[[Preference], list[Row]] | None = None
    """Both sides of a pair, each with a label, where the trainer takes no pairs for KTO."""
    array: bool = False
    """One JSON array per file; `dataset_info.json` and YAMLs beside."""

    @property
    def suffix(self) -> str:
        """Of the data files."""
        return "json" if self.array else "jsonl"

    def write(self, folder: Path, stem: str, rows: Iterable[Row]) -> int:
        """The data file `stem` of the folder, and how many rows it has; there must be at least one."""
        path = folder / f"{stem}.{self.suffix}"
        return _write_array(path, rows) if self.array else write_jsonl(path, rows)

    def describe(self, folder: Path, files: Mapping[str, str], pairs: Stage = "dpo") -> None:
        """Where the form has them, `dataset_info.json` and a YAML per task: name of the data set → stem of its file."""
        if self.array:
            describe(folder, files, pairs)


FORMS = {
    "trl": Form(trl_pair, messages_sft),
    "llama-factory": Form(sharegpt_pair, sharegpt_sft, sharegpt_labels, array=True),
    "openai": Form(openai_pair, messages_sft),
}


def form_of(to: str, forms: Mapping[str, Form] = FORMS) -> Form:
    """The form named `to`. Raises UsageError with the names that there are."""
    if to not in forms:
        raise UsageError(f"--to '{to}' is not known; choose one of: {', '.join(forms)}")
    return forms[to]


def new_folder(out: Path | str) -> Path:
    """The folder of an export. Raises UserError where it holds files already."""
    folder = Path(out)
    if is_taken(folder):
        raise UserError(f"{folder}: is not an empty folder; give a new one with --out")
    return folder


def same_key(*parts: Sequence[Message]) -> str:
    """Equal for messages of the same roles whose texts are the same to a reader (`as_read`)."""
    read = [[(message.role, as_read(message.content)) for message in part] for part in parts]
    return content_hash(orjson.dumps(read))


@dataclass
class Distinct:
    """Which pairs teach something: both sides differ, and the same pair did not come before. Counts the others.

    Sides and pairs are the same where a reader sees no difference (`as_read`: line ends, white space at ends of lines,
    Unicode's forms), whatever their ids, margins and places in the file; the pair that came first is written, as it is.
    A pair with the sides of an earlier one swapped contradicts it: both are written, since either is evidence and
    none of them is known to be wrong, and `contradicting` counts them.
    """

    equal_sides: int = 0
    repeated: int = 0
    contradicting: int = 0
    """Pairs written that prefer the side which an earlier one rejects at the same prompt."""
    _seen: set[str] = field(default_factory=set)

    def takes(self, pair: Preference) -> bool:
        """Whether the pair is to be written; each pair is asked about once."""
        prompt, chosen, rejected = map(same_key, (pair.prompt, pair.chosen, pair.rejected))
        if chosen == rejected:
            self.equal_sides += 1
            return False
        key = content_hash(prompt + chosen + rejected)
        if key in self._seen:
            self.repeated += 1
            return False
        self._seen.add(key)
        self.contradicting += content_hash(prompt + rejected + chosen) in self._seen
        return True


def _write_array(path: Path, rows: Iterable[Row]) -> int:
    """A JSON array with one row per line; how many there were."""
    lines = ((b",\n" if at else b"") + orjson.dumps(row) for at, row in enumerate(rows))
    return write_file(path, chain([b"[\n"], lines, [b"\n]\n"])) - 2
