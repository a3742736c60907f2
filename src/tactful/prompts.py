"""Prompt files: load, render strictly, hash.

A prompt is a Markdown file in the `prompts/` folder of the room that fills it. Its parts are opened by a line
`<!-- system -->`, `<!-- user -->` or `<!-- assistant -->`; text before the first such line is a comment for
the reader of the file and is not sent. Placeholders are `{{ name }}`.

Rendering fails on a missing or surplus value, refuses anything that is not text or a number (so that a private
record cannot slip in), and never looks again at what it inserted.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tactful.errors import ConfigError
from tactful.types import Message, Role

_PART = re.compile(r"^<!--\s*(system|user|assistant)\s*-->\s*$", re.MULTILINE)
_FIELD = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")

_HOUSE = Path(__file__).parent

Value = str | int | float


@dataclass(frozen=True)
class Rendered:
    """A prompt with its values filled in: what is sent, and which prompt it came from.

    `prompt_id` ("calibration/mid") names the file, `prompt_hash` its content; both go into the record.
    """

    messages: tuple[Message, ...]
    prompt_id: str
    prompt_hash: str

    def followed_by(self, messages: tuple[Message, ...] | list[Message]) -> Rendered:
        """The same prompt with the messages of a conversation appended."""
        return Rendered((*self.messages, *messages), self.prompt_id, self.prompt_hash)


@dataclass(frozen=True)
class Prompt:
    """One prompt file. Frozen and made of text only, so it can be pickled and hashed."""

    prompt_id: str
    source: str
    fields: frozenset[str]

    @cached_property
    def hash(self) -> str:
        """First 16 hex digits of the SHA-256 of the file's text."""
        return hashlib.sha256(self.source.encode()).hexdigest()[:16]

    @cached_property
    def _parts(self) -> tuple[tuple[Role, str], ...]:
        pieces = _PART.split(self.source)
        pairs = zip(pieces[1::2], pieces[2::2], strict=True)
        return tuple((role, text.strip()) for role, text in pairs)  # type: ignore[misc]

    def render(self, **values: Value) -> Rendered:
        """Fill in every placeholder once. Raises ConfigError on a missing, surplus or non-text value."""
        if values.keys() != self.fields:
            missing = sorted(self.fields - values.keys())
            surplus = sorted(values.keys() - self.fields)
            raise ConfigError(f"prompt '{self.prompt_id}': missing {missing}, surplus {surplus}")
        for name, value in values.items():
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                raise ConfigError(
                    f"prompt '{self.prompt_id}': field '{name}' is a {type(value).__name__}, expected text or a number"
                )

        def insert(match: re.Match[str]) -> str:
            return str(values[match[1]])

        messages = tuple(Message(role=role, content=_FIELD.sub(insert, text)) for role, text in self._parts)
        return Rendered(messages, self.prompt_id, self.hash)


def read_prompt(path: Path, *, prompt_id: str, fields: set[str] | frozenset[str] | None = None) -> Prompt:
    """The prompt in `path`. `fields` is what the caller will fill in; None accepts what the file names.

    Raises ConfigError when the file is missing, has no part, or names other fields than the caller.
    """
    try:
        source = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the prompt file ({error.strerror})") from error
    named = frozenset(_FIELD.findall(source))
    if fields is not None and named != fields:
        raise ConfigError(f"{path}: names the fields {sorted(named)}, but the code fills in {sorted(fields)}")
    prompt = Prompt(prompt_id=prompt_id, source=source, fields=named)
    if not prompt._parts:
        raise ConfigError(f"{path}: holds no '<!-- system -->' or '<!-- user -->' part")
    return prompt


def load_prompt(module_file: str, name: str | None = None, *, fields: set[str] | frozenset[str]) -> Prompt:
    """The prompt `prompts/<name>.md` beside the module `module_file` (default name: the module's own).

    Its id is the room, whichever of the room's own rooms holds the file, and the name: `calibration/rubric`.
    """
    module = Path(module_file)
    stem = name or module.stem
    inside = module.is_relative_to(_HOUSE)
    room = module.relative_to(_HOUSE).parts[0] if inside else module.parent.name
    return read_prompt(module.parent / "prompts" / f"{stem}.md", prompt_id=f"{room}/{stem}", fields=fields)
