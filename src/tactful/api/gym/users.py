"""Simulated people by a log of real ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tactful.api.gym.logs import PeopleGiven, read_people
from tactful.api.options import listed
from tactful.api.runs import outside_loop
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.gym.fitting.types import FittedUsers
    from tactful.gym.types import Setting


def fit_gym_users(
    people: PeopleGiven,
    *,
    out: Path | str | None = None,
    settings: Sequence[Setting] | None = None,
    seed: int = 0,
) -> FittedUsers:
    """The parameters of the rules that a log of people at work shows, each beside its default, with an interval.

    `people`: as `against` in `tf.audit_gym`; labelled moments say when help is wanted and how offers are taken. `out` is
    a new TOML file for `tf.play(…, parameters=out)`. `settings`: whose work it is; default: all. What the log does not
    show stays at its default: `.left` names it with the reason.

    Raises DataError where there is no recorded work, UsageError when `out` exists.

    >>> import tactful as tf
    >>> found = tf.fit_gym_users(tf.moments(), out="users.toml")
    >>> {"need.boundary", "need.flow", "need.stuck"} <= {one.key for one in found.fitted}
    True
    """
    from tactful.gym.fitting.fit import fit_users
    from tactful.gym.fitting.writing import write_parameters
    from tactful.gym.rules.parameters import load_parameters
    from tactful.gym.types import SETTINGS

    if unknown := sorted(set(listed("settings", settings) or ()) - {*SETTINGS}):
        raise UsageError(f"--setting '{unknown[0]}' is not known; choose among {', '.join(SETTINGS)}")
    if out is not None and Path(out).exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    recorded, source = read_people(people)
    start = load_parameters()
    found = outside_loop(
        lambda: fit_users(recorded, start, source=source, settings=settings or SETTINGS, seed=seed)
    )
    if out is not None:
        write_parameters(found, Path(out))
    return found
