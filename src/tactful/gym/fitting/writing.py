"""The fitted values as a file of parameters, with what each was and what it was counted on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tactful.gym.fitting.types import Fitted, FittedUsers, Number
from tactful.runs.store.files import make_folder, write_atomic

Row = tuple[str, ...]


def parameters_text(found: FittedUsers) -> str:
    """TOML over the table of what the rules suppose about people; `load_parameters` reads it."""
    lines = [
        f"# Fitted by Tactful to {_line(found.source)}: {found.sessions} sessions, {found.events} events, "
        f"{found.reactions} reactions.",
        "# What is not here stays as in the bundled table:",
        *(f"#   {key}: {_line(why)}" for key, why in found.left.items()),
    ]
    parts: dict[str, list[Fitted]] = {}
    for one in found.fitted:
        parts.setdefault(one.key.rpartition(".")[0], []).append(one)
    for part, fitted in parts.items():
        lines += ["", f"[{part}]"]
        for one in fitted:
            name = one.key.rpartition(".")[2]
            lines.append(
                f"{name} = {_value(one.value)}  # {_interval(one)}was {_value(one.was)}; {_line(one.by)}"
            )
    return "\n".join(lines) + "\n"


def write_parameters(found: FittedUsers, path: Path) -> None:
    """Write the file whole or not at all."""
    make_folder(path.parent)
    write_atomic(path, [parameters_text(found).encode()])


def fitted_rows(found: FittedUsers) -> list[Row]:
    """Each value beside what it was, for a terminal."""
    rows: list[Row] = [("parameter", "fitted", "interval", "default", "by")]
    rows += [
        (one.key, _value(one.value), _interval(one).rstrip("; "), _value(one.was), one.by)
        for one in found.fitted
    ]
    return rows


def _interval(one: Fitted) -> str:
    low, high = one.estimate.low, one.estimate.high
    return "" if low is None or high is None else f"[{low:.3g}, {high:.3g}]; "


def _value(value: Number) -> str:
    return f"[{', '.join(map(_number, value))}]" if isinstance(value, tuple) else _number(value)


def _number(value: Any) -> str:
    """With a point where it is no whole number by its kind, as TOML tells them apart."""
    return str(value) if isinstance(value, int) else repr(round(float(value), 4))


def _line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
