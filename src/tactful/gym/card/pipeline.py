"""From episodes, and people's work beside them, to the card:

episodes ──▶ sessions, reactions ─┐
                                  ├─▶ users, persons, events, told apart ──▶ Card
people's recordings ──▶ the same ─┘
"""

from __future__ import annotations

from collections.abc import Sequence

from tactful.errors import DataError
from tactful.gym.card.log import Recorded, of_episodes
from tactful.gym.card.persons import person_checks
from tactful.gym.card.stream import stream_checks
from tactful.gym.card.telling import told_from_people
from tactful.gym.card.types import Card, Check, Log, Ranking, Telling
from tactful.gym.card.users import by_timing, user_checks
from tactful.gym.types import GymEpisode


def card_of(
    episodes: Sequence[GymEpisode],
    people: Recorded | None = None,
    *,
    source: str,
    against: str = "",
    ranked: tuple[Check, Sequence[Ranking]] | None = None,
    seed: int = 0,
) -> Card:
    """The card of who played these episodes; `ranked` is whether assistants rank otherwise under other users.

    Raises: DataError where there is no episode.
    """
    from tactful import __version__

    if not episodes:
        raise DataError.at(
            source, None, "holds no episode", fix="give a run of `gym run` that has finished some"
        )
    simulated = of_episodes(episodes)
    telling: tuple[Telling, ...] = ()
    checks = user_checks(episodes, simulated, people)
    persons, traits = person_checks(episodes, simulated, people, seed=seed)
    checks += [*persons, *stream_checks(simulated, people, seed=seed)]
    if people is not None and people.sessions:
        check, telling = told_from_people(simulated, people, seed=seed)
        checks.append(check)
    if ranked is not None:
        checks.append(ranked[0])
    return Card(
        source=source,
        episodes=len(episodes),
        scenes=len({one.group for one in episodes}),
        assistants=tuple(sorted({one.assistant for one in episodes})),
        generators=tuple(sorted({one.provenance.generator for one in episodes})),
        checks=tuple(checks),
        traits=traits,
        timings=by_timing(simulated.reactions),
        telling=telling,
        against=None if people is None else _log(people, against),
        rankings=() if ranked is None else tuple(ranked[1]),
        notes=() if people is None else people.notes,
        version=__version__,
    )


def _log(people: Recorded, name: str) -> Log:
    return Log(
        name=name,
        sessions=len(people.sessions),
        events=sum(len(one.events) for one in people.sessions),
        reactions=len(people.reactions),
        notes=people.notes,
    )
