"""Where a simulator is unlike people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tactful.api.gym.logs import EpisodesGiven, PeopleGiven, read_episodes, read_people
from tactful.api.runs import outside_loop

if TYPE_CHECKING:
    from tactful.gym.card.types import Card


def audit_gym(
    episodes: EpisodesGiven,
    *,
    against: PeopleGiven | None = None,
    out: Path | str | None = None,
    limit: int | None = None,
    seed: int = 0,
) -> Card:
    """The card of the simulator that played these episodes: each check with its figure, interval, limit and verdict.

    `against` is people's work to hold it against: a folder of traces, moments with or without reactions, imported
    activity, or several of them. `out` is a new folder for the page (`card.html`) and the same as JSON. `limit` takes
    the first episodes only.

    Raises DataError for anything that holds no episode or no work, UsageError when a card lies in `out` already.
    """
    from tactful.gym.card.page import refuse_existing, write_card
    from tactful.gym.card.pipeline import card_of

    if out is not None:
        refuse_existing(Path(out))
    played, source = read_episodes(episodes, limit=limit)
    people, name = (None, "") if against is None else read_people(against)
    found = outside_loop(lambda: card_of(played, people, source=source, against=name, seed=seed))
    if out is not None:
        write_card(found, Path(out))
    return found
