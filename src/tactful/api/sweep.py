"""Grids over any command: every combination is a run of its own, done once, and all of them are one table."""

from __future__ import annotations

import hashlib
import itertools
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from tactful.api.cells import Cell, runs_cells
from tactful.api.commands import Command
from tactful.api.contents import Contents
from tactful.api.options import ExecutorOptions, takes
from tactful.api.tables import Table
from tactful.errors import ConfigError, DataError

_KEYS = frozenset({"command", "out", "set", "grid", "show"})
_LONGEST_NAME = 150


@takes(ExecutorOptions)
def sweep(
    config: Path | str | Mapping[str, Any],
    *,
    say: Callable[[str], None] = lambda line: None,
    **options: Unpack[ExecutorOptions],
) -> Table:
    """Every combination of the grid, run in a process of its own where it has not been done, and their table.

    `config` is a TOML file or its content: `command` (the words after `tactful`, with the input), `out` (a folder),
    `[set]` (flags that all share; `false` says no, a list repeats the flag or is written with commas), `[grid]` (flag →
    list of values) and `show` (dotted keys of the command's `--json` result that the table shows; default: its numbers at the top). A
    combination that failed or was interrupted is taken up again by the next call, with `--resume` where its folder
    was begun; in a new folder, `run-2`, where the command has no such flag, or `limit` is smaller than before. One
    whose input has changed is done again. `say` hears what is run. With `executor="ray"` as many run at a time as
    there are workers.

    Raises ConfigError for a file that says something else; DataError, after all were tried, when some failed.
    """
    plan = _read(config)
    root = Path(plan["out"])
    rows: list[dict[str, Any]] = []
    failed: list[str] = []
    points = _points(plan["grid"])
    cells = _cells(plan, points)
    stored = {name: cell.done() for name, cell in cells.items()}

    def waiting() -> Iterator[Cell]:
        for name, cell in cells.items():
            if stored[name] is None:
                if changed := cell.changed():
                    say(f"{', '.join(changed)}: changed since '{name}' was done, which is done again")
                say(f"$ {' '.join(cell.call())}")
                yield cell

    with runs_cells(options) as run:
        outcomes = run(waiting())
        for name, point in points.items():
            result, problem = stored[name], ""
            if result is None:
                result, problem = next(outcomes)
            if result is None:
                failed.append(f"{name}: {problem}")
            else:
                rows.append(_row(point, _shown(result, plan.get("show"))))
    if failed:
        raise DataError(
            f"{root}: {len(failed)} of {len(failed) + len(rows)} combinations failed and are taken again by the same "
            f"command; the first: {failed[0]}"
        )
    for key in plan.get("show") or ():
        if all(row.get(key) is None and f"result.{key}" not in row for row in rows):
            say(f"show: no result has a value at '{key}'")
    heads = list(dict.fromkeys(key for row in rows for key in row))
    texts = [[_text(row.get(head)) for head in heads] for row in rows]
    return Table(heads, texts, rows)


def _read(config: Path | str | Mapping[str, Any]) -> dict[str, Any]:
    plan: dict[str, Any]
    name = "the sweep"
    if isinstance(config, Mapping):
        plan = dict(config)
    else:
        name = str(config)
        try:
            plan = tomllib.loads(Path(config).read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise DataError.at(
                config, None, f"cannot be read ({error.strerror})", fix="check the path"
            ) from error
        except ValueError as error:
            raise ConfigError(f"{config}: is no TOML: {error}") from error
    if unknown := sorted(set(plan) - _KEYS):
        raise ConfigError(
            f"{name}: has the unknown key '{unknown[0]}', expected some of {', '.join(sorted(_KEYS))}"
        )
    for key, kind in (("command", list), ("out", str), ("grid", dict)):
        if not isinstance(plan.get(key), kind) or not plan[key]:
            raise ConfigError(f"{name}: needs '{key}', for example {_EXAMPLES[key]}")
    show = plan.get("show")
    if show is not None and not (isinstance(show, list) and all(isinstance(key, str) for key in show)):
        raise ConfigError(f"{name}: show is {show!r}, expected a list of keys, for example ['done']")
    if not isinstance(plan.get("set", {}), dict):
        raise ConfigError(f"{name}: set is {plan['set']!r}, expected flags with their values, under [set]")
    for flag, values in plan["grid"].items():
        if not isinstance(values, list) or not values:
            raise ConfigError(f"{name}: grid.{flag} is {values!r}, expected a list of values")
    return plan


_EXAMPLES = {
    "command": 'command = ["calibrate", "reward", "runs/rollout"]',
    "out": 'out = "runs/sweep"',
    "grid": '[grid] with task-score = ["share", "all-or-nothing"]',
}


def _points(grid: Mapping[str, Sequence[Any]]) -> dict[str, dict[str, Any]]:
    """Name → the values of a combination."""
    points = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    return {"-".join(f"{flag}={value}" for flag, value in point.items()): point for point in points}


def _cells(plan: Mapping[str, Any], points: Mapping[str, Mapping[str, Any]]) -> dict[str, Cell]:
    root = Path(plan["out"])
    named = [str(word) for word in plan["command"]]
    command, contents = Command.of(named), Contents(root)
    cells: dict[str, Cell] = {}
    for name, point in points.items():
        folder = root / _folder_name(name)
        given = {**plan.get("set", {}), **point}
        words = [*named, *(word for flag, value in given.items() for word in command.words(flag, value))]
        cells[name] = Cell(
            folder,
            ("tactful", *words, "--out", str(folder / "run"), "--json"),
            contents.of(words[command.names :]),
            resumes="--resume" in command.flags,
        )
    return cells


def _folder_name(name: str) -> str:
    """A combination's name as any disk takes it; no two that differ have the same."""
    plain = re.sub(r"[^A-Za-z0-9._=-]+", "_", name)[:_LONGEST_NAME]
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _shown(result: Any, wanted: Sequence[str] | None) -> dict[str, Any]:
    if wanted is None:
        flat = result if isinstance(result, dict) else {}
        return {key: value for key, value in flat.items() if isinstance(value, int | float)}
    return {key: _at(result, key) for key in wanted}


def _row(point: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the grid, then what is shown; what differs from the grid's value of the same name stands beside."""
    row = dict(point)
    for key, value in shown.items():
        if key not in point:
            row[key] = value
        elif value != point[key]:
            row[f"result.{key}"] = value
    return row


def _at(result: Any, key: str) -> Any:
    """The value at a dotted key; in a list, a part is a number or `name=value`, the first row that has it."""
    found = result
    for part in key.split("."):
        if isinstance(found, dict):
            found = found.get(part)
        elif isinstance(found, list) and "=" in part:
            name, _, value = part.partition("=")
            found = next((row for row in found if str(row.get(name)) == value), None)
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def _text(value: Any) -> str:
    if isinstance(value, dict) and "value" in value:  # an estimate
        low, high = value.get("low"), value.get("high")
        between = "" if low is None or high is None else f" [{low:.3f}, {high:.3f}]"
        return "unscored" if value["value"] is None else f"{value['value']:.3f}{between}"
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)
