"""What every record is made of: immutable records, private ones, messages, provenance, seeded randomness.

What a policy, a prompt or an export must not see lives in a `Private` record: it cannot be turned into text and
the prompt renderer refuses it.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

Role = Literal["system", "user", "assistant"]


class Record(BaseModel):
    """Base of every record: immutable, unknown keys refused, floats finite.

    The strings under the fields are for readers of the code. Where a model shall read them too, in the schema of its
    reply, the class says `use_attribute_docstrings=True`; for every record, reading the source costs 90 ms a start.
    A kind's validator is built when the first such record is made (`defer_build`): a command makes few of the kinds that it imports.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


TAG = "tactful"
"""The key, first in a row of ours, that says the row's kind: `{"tactful":"pairs",…`. No log of anyone's has it."""


class Written(Record):
    """A record that we write as a row of a file, and whose line says what it is.

    The kind belongs to the line, not to the record: equality, `model_dump` and hashes know nothing of it. Rows without
    it, of before, are read as they are; a row of another kind is refused.
    """

    row_kind: ClassVar[str]
    """By the names of `tactful data check`."""

    @model_validator(mode="before")
    @classmethod
    def _of_this_kind(cls, given: Any) -> Any:
        if not isinstance(given, dict) or TAG not in given:
            return given
        if given[TAG] != cls.row_kind:
            raise PydanticCustomError("other_kind", "expected '{wanted}'", {"wanted": cls.row_kind})
        return {key: value for key, value in given.items() if key != TAG}


def tagged(record: BaseModel, line: bytes) -> bytes:
    """The record's JSON object with its kind first, where it is a row of ours; any other as it is."""
    if not isinstance(record, Written):
        return line
    return b'{"%b":"%b",%b' % (TAG.encode(), record.row_kind.encode(), line[1:])


class Private(Record):
    """A record whose content must never reach a prompt, a policy or a training export."""

    def __str__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is private and cannot be turned into text")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is private and cannot be turned into text")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(<private>)"


class Message(Record):
    """One message of a dialogue."""

    role: Role
    content: str


def plain(messages: Iterable[Message]) -> list[dict[str, str]]:
    """Messages as endpoints, trainers and chat templates take them."""
    return [{"role": message.role, "content": message.content} for message in messages]


class Provenance(Record):
    """Where a record comes from."""

    model: str
    generator: Literal["endpoint", "offline", "rules", "human", "import"]
    """`offline` marks a rehearsal: no language model spoke."""
    prompt_hashes: Mapping[str, str] = {}
    """Prompt id → hash of the prompt file."""
    run_id: str = ""
    seed: int | None = None


AnyRecord = TypeVar("AnyRecord", bound=BaseModel)


def seeded(*parts: object) -> random.Random:
    """A generator seeded by the parts alone: equal parts give equal draws in every process and Python."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return random.Random(int.from_bytes(digest[:8]))


def content_hash(data: bytes | str) -> str:
    """SHA-256 in 32 hex digits: the identity of a record, a prompt or a configuration."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()[:32]
