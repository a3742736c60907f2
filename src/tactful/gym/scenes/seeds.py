"""Seeds: tasks from which scenes are built, in ProactiveBench's `seed_tasks.yaml` form and ours.

Theirs: `{codingassistant: {tasks: [text, …], sample_events: [text, …]}, …}`. Ours has our names of the settings, and a
task may be an object with sample events of its own: `{task, lang, sample_events}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from tactful.data.formats.yaml_items import DocumentRows, read_yaml
from tactful.data.io import describe, shorten
from tactful.errors import DataError
from tactful.gym.scenes.settings import THEIRS
from tactful.gym.types import SETTINGS, Setting
from tactful.text import detect_lang
from tactful.types import Record, content_hash

OURS = "ours"
"""What stands for the bundled seeds where a file may be given."""
SEEDS = Path(__file__).with_name("seeds.yaml")
_NAMES: Mapping[str, Setting] = {**THEIRS, **{setting: setting for setting in SETTINGS}}
_KEYS = ("tasks", "sample_events")
_FIX = "correct it; the form stands in docs/gym.md"


class Seed(Record):
    """A task from which scenes are built."""

    id: str = Field(min_length=1)
    """Made from setting and task: the group of its scenes."""
    setting: Setting
    task: str = Field(min_length=1)
    lang: str = "en"
    sample_events: tuple[str, ...] = ()
    """Of this task."""
    setting_events: tuple[str, ...] = ()
    """Of its setting in general."""


class _Task(Record):
    """A task as our form writes it."""

    task: str = Field(min_length=1)
    lang: str = ""
    sample_events: tuple[str, ...] = ()


class Seeds(DocumentRows[Seed]):
    """The seeds of a file; a place is the line of the task's setting.

    Raises DataError, whatever `skip_bad`, for a file that is no mapping of settings.
    """

    def __init__(self, path: Path | str, *, skip_bad: bool = False) -> None:
        place = SEEDS if str(path) == OURS else path
        super().__init__(place, _seed, skip_bad=skip_bad, kind="seed", key=lambda seed: seed.id)

    def _rows(self) -> Iterator[tuple[int, Any]]:
        items = read_yaml(self.path)
        if items and items[0].key is None:
            problem = "holds a list, expected a mapping of settings to tasks"
            raise DataError.at(
                self.path, items[0].line, problem, fix="scenes are played by: tactful gym run FILE"
            )
        for item in items:
            tasks = _tasks(self.path, item.line, str(item.key), item.value)
            for number, (task, shared) in enumerate(tasks, start=1):
                yield item.line, (str(item.key), number, task, shared)


def _tasks(path: str, line: int, key: str, value: Any) -> Iterator[tuple[Any, Any]]:
    """The tasks of a setting, each with the sample events of all. Raises: DataError for what is no setting."""
    if key not in _NAMES:
        wanted = ", ".join((*SETTINGS, *THEIRS))
        raise DataError.at(
            path, line, f"has the unknown setting '{key}', expected some of {wanted}", fix=_FIX
        )
    if not isinstance(value, Mapping):
        problem = f"'{key}' is {shorten(value)}, expected a mapping with 'tasks' and 'sample_events'"
        raise DataError.at(path, line, problem, fix=_FIX)
    unknown = next((name for name in value if name not in _KEYS), None)
    if unknown is not None:
        raise DataError.at(path, line, f"'{key}' has the unknown key '{unknown}', expected {_KEYS}", fix=_FIX)
    tasks = value.get("tasks")
    if not isinstance(tasks, list) or not tasks:
        problem = f"'{key}' has tasks {shorten(tasks)}, expected a list with at least one"
        raise DataError.at(path, line, problem, fix=_FIX)
    shared = value.get("sample_events") or ()
    yield from ((task, shared) for task in tasks)


def _seed(given: tuple[str, int, Any, Any]) -> Seed:
    key, number, row, shared = given
    place = f"'{key}' task {number}"
    if not isinstance(row, str | Mapping):
        raise ValueError(f"{place} is {shorten(row)}, expected text, or an object with 'task'")
    try:
        task = _Task.model_validate(row if isinstance(row, Mapping) else {"task": row})
        return Seed.model_validate(
            {
                "id": f"{_NAMES[key]}-{content_hash(task.task)[:8]}",
                "setting": _NAMES[key],
                "task": task.task,
                "lang": task.lang or _lang(task.task),
                "sample_events": task.sample_events,
                "setting_events": shared,
            }
        )
    except ValidationError as error:
        raise ValueError(describe(error, place)) from error


def _lang(task: str) -> str:
    return "zh" if detect_lang(task) == "zh" else "en"


def read_seeds(path: Path | str = OURS, *, skip_bad: bool = False) -> list[Seed]:
    """The seeds of a file, or the bundled ones.

    Raises: DataError for the first bad one, unless `skip_bad`, and for a file without any; UserError for one that
    cannot be read.
    """
    rows = Seeds(path, skip_bad=skip_bad)
    found = list(rows)
    if not found:
        why = f"; the first of {rows.bad} bad ones: {rows.problems[0]}" if rows.bad else ""
        raise DataError.at(rows.path, None, f"holds no seed{why}", fix=_FIX)
    return found
