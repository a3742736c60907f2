"""Action spaces: the actions in order of intensity, their question budgets and their behaviours, all from a folder.

A folder holds `space.toml` and the prompt files that it names. Bundled: `levels` (LOW, MID, HIGH) and
`clarify-execute`, each for coding and planning, in `spaces/<name>/<domain>/`. Your own folder may hold one space
directly or one sub-folder per domain; docs/concepts/users.md shows one.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from tactful.errors import ConfigError
from tactful.prompts import Prompt, read_prompt
from tactful.types import Record

Mode = Literal["single", "multi"]
SolutionKind = Literal["code", "text"]

SPACES = Path(__file__).parent / "spaces"
PROMPT_FIELDS = frozenset({"questions", "language"})
"""What a behaviour prompt may name: how many questions it may ask now, and the language to answer in."""


class ActionEntry(Record):
    """One `[[action]]` of space.toml."""

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")
    budget: int = Field(ge=0)
    """Questions per episode: the action asks only while fewer were put to the user in this task."""
    per_message: int = Field(default=0, ge=0)
    """Questions that one message may hold."""
    messages: int | None = Field(default=None, ge=1)
    """Asking messages that this action may send per episode; without it, as many as the budget allows."""
    outline: bool = False
    """The solution opens with a plan of 3 to 5 lines."""
    ask: str = ""
    """Prompt file for a message that only asks (multi)."""
    solve: str = ""
    """Prompt file for a message that solves."""
    single: str = ""
    """Prompt file for question and solution in one message (single); default: `solve`."""


class SpaceFile(Record):
    """The content of space.toml."""

    name: str = Field(min_length=1)
    domain: str = Field(min_length=1)
    modes: tuple[Mode, ...] = Field(min_length=1)
    solution: SolutionKind
    """`code`: the last fenced block is the solution; `text`: what is written beside the questions."""
    action: tuple[ActionEntry, ...] = Field(min_length=2)


@dataclass(frozen=True)
class Action:
    """One action with its prompts loaded; the fields are those of `ActionEntry`."""

    name: str
    budget: int
    per_message: int
    messages: int | None
    outline: bool
    ask: Prompt | None
    solve: Prompt | None
    single: Prompt | None


@dataclass(frozen=True)
class ActionSpace:
    """The actions of one domain, least intense first. Picklable."""

    name: str
    domain: str
    modes: tuple[Mode, ...]
    solution: SolutionKind
    actions: tuple[Action, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Action names in order of intensity."""
        return tuple(action.name for action in self.actions)

    def action(self, name: str) -> Action:
        """The action called `name`. Raises ConfigError naming the actions there are."""
        for action in self.actions:
            if action.name == name:
                return action
        raise ConfigError(f"action space '{self.name}': no action '{name}'; it has {', '.join(self.names)}")

    @property
    def solver(self) -> Action:
        """The least intense action that can solve: what an asking action becomes when it must solve."""
        return next(action for action in self.actions if action.solve is not None)

    @property
    def layout(self) -> dict[str, list[str | int]]:
        """Action → budget, questions per message, messages and prompts: what makes two spaces of one name differ."""
        return {
            action.name: [
                action.budget,
                action.per_message,
                action.messages or "",
                *(prompt.prompt_id if prompt else "" for prompt in (action.ask, action.solve, action.single)),
            ]
            for action in self.actions
        }

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """Every prompt of the space, once."""
        found = {
            prompt.prompt_id: prompt
            for action in self.actions
            for prompt in (action.ask, action.solve, action.single)
            if prompt is not None
        }
        return tuple(found.values())


def load_action_space(which: str | Path, domain: str) -> ActionSpace:
    """The space `levels`, `clarify-execute` or the one in a folder, for `domain`.

    Raises ConfigError with the file, the key and the value when there is none or it cannot be used.
    """
    return _load(_folder(which, domain), domain)


def space_domain(path: Path) -> str:
    """The domain that a space.toml is for. Raises ConfigError when the file cannot be used."""
    return _read(path).domain


def load_action_spaces(which: str | Path) -> dict[str, ActionSpace]:
    """Every domain of `levels`, `clarify-execute` or a folder: domain → its action space.

    Raises ConfigError as `load_action_space`.
    """
    root = _root(which)
    own = root / "space.toml"
    if own.is_file():
        return {(domain := _read(own).domain): _load(root, domain)}
    domains = sorted(path.parent.name for path in root.glob("*/space.toml"))
    if not domains:
        raise ConfigError(_nothing_there(which, root, "any domain"))
    return {domain: _load(root / domain, domain) for domain in domains}


def _root(which: str | Path) -> Path:
    bundled = SPACES / str(which)
    return bundled if _is_plain_name(str(which)) and bundled.is_dir() else Path(which)


def _nothing_there(which: str | Path, root: Path, domain: str) -> str:
    names = ", ".join(sorted(path.name for path in SPACES.iterdir() if path.is_dir()))
    place = f" in {root}" if root.is_dir() else ""
    return (
        f"action space '{which}': no space.toml for {domain}{place}; "
        f"use one of {names}, or a folder with 'DOMAIN/space.toml'"
    )


def _folder(which: str | Path, domain: str) -> Path:
    root = _root(which)
    for folder in (root / domain, root):
        if (folder / "space.toml").is_file():
            return folder
    raise ConfigError(_nothing_there(which, root, f"domain '{domain}'"))


def _is_plain_name(which: str) -> bool:
    return "/" not in which and which not in {".", ".."}


def _read(path: Path) -> SpaceFile:
    try:
        return SpaceFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    except ValidationError as error:
        raise ConfigError(f"{path}: {first_problem(error)}") from error


@lru_cache(maxsize=64)
def _load(folder: Path, domain: str) -> ActionSpace:
    path = folder / "space.toml"
    spec = _read(path)
    if spec.domain != domain:
        raise ConfigError(f"{path}: is for domain '{spec.domain}', the states are of domain '{domain}'")
    actions = tuple(_load_action(entry, spec, folder) for entry in spec.action)
    space = ActionSpace(spec.name, spec.domain, spec.modes, spec.solution, actions)
    _check(space, path)
    return space


def _load_action(entry: ActionEntry, spec: SpaceFile, folder: Path) -> Action:
    def load(name: str) -> Prompt | None:
        if not name:
            return None
        prompt = read_prompt(folder / name, prompt_id=f"{spec.name}/{spec.domain}/{Path(name).stem}")
        if unknown := sorted(prompt.fields - PROMPT_FIELDS):
            raise ConfigError(
                f"{folder / name}: names the fields {unknown}; known are {sorted(PROMPT_FIELDS)}"
            )
        return prompt

    return Action(
        name=entry.name,
        budget=entry.budget,
        per_message=entry.per_message,
        messages=entry.messages,
        outline=entry.outline,
        ask=load(entry.ask),
        solve=load(entry.solve),
        single=load(entry.single),
    )


def _check(space: ActionSpace, path: Path) -> None:
    if len(set(space.names)) < len(space.names):
        raise ConfigError(f"{path}: action names repeat in {', '.join(space.names)}; give each its own")
    if all(action.solve is None for action in space.actions):
        raise ConfigError(f"{path}: no action has a 'solve' prompt, so no episode could end with a solution")
    for action in space.actions:
        if (action.ask is not None) != (action.budget > 0 and action.per_message > 0):
            raise ConfigError(
                f"{path}: action '{action.name}' has ask={'set' if action.ask else 'none'}, budget={action.budget}, "
                f"per_message={action.per_message}; an asking action needs all three, a solving one none"
            )
        if action.ask is None and action.solve is None:
            raise ConfigError(f"{path}: action '{action.name}' has neither an 'ask' nor a 'solve' prompt")
        if "single" in space.modes and action.solve is None and action.single is None:
            raise ConfigError(
                f"{path}: action '{action.name}' has no 'single' or 'solve' prompt; give it one or drop 'single' from modes"
            )


def first_problem(error: ValidationError) -> str:
    """The first problem of a validation error as `key: value 'x': what is wrong`."""
    problem = error.errors(include_url=False)[0]
    key = ".".join(map(str, problem["loc"])) or "file"
    return f"'{key}' has the value {problem['input']!r:.80}: {problem['msg']}"
