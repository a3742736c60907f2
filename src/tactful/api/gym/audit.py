"""Where a simulator is unlike people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tactful.api.gym.logs import EpisodesGiven, PeopleGiven, read_episodes, read_people
from tactful.api.options import listed
from tactful.api.runs import outside_loop
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.gym.card.types import Card, Check, Ranking
    from tactful.gym.types import GymEpisode, Scene

ScenesGiven = Any
"""What is taken for scenes: a file, `bundled`, several of them, or `Scene`s."""
ASSISTANTS = ("none", "every:20", "every:5", "always")
"""Who is ranked where nobody is named."""


def audit_gym(
    episodes: EpisodesGiven,
    *,
    against: PeopleGiven | None = None,
    out: Path | str | None = None,
    scenes: ScenesGiven | None = None,
    parameters: Path | str | None = None,
    assistants: Sequence[str] = ASSISTANTS,
    cost_false_alarm: float = 0.25,
    cost_miss: float = 0.0,
    passes: int = 2,
    limit: int | None = None,
    seed: int = 0,
) -> Card:
    """The card of the simulator that played these episodes: each check with its figure, interval, limit and verdict.

    `against` is people's work to hold it against: a folder of traces, moments with or without reactions, imported
    activity, a run of the gym, several of them, or such records. `out` is a new folder for the page (`card.html`) and the same as JSON. `limit` takes
    the first episodes only.

    With `scenes` and `parameters` (of `tf.fit_gym_users`) the card also says whether `assistants` rank otherwise under
    fitted users: rules play every scene `passes` times under both; an accepted offer is worth 1, another costs
    `cost_false_alarm`, a round in which help was wanted and none offered `cost_miss`.

    Raises DataError for anything that holds no episode or no work, UsageError when a card lies in `out` already, or for
    one of `scenes` and `parameters` without the other.

    >>> import tactful as tf
    >>> run = tf.play("bundled", model="offline", assistant="every:5", out="runs/g", progress="off")
    >>> card = tf.audit_gym(run)
    >>> card.scenes, card.check("uniform timing").verdict
    (12, 'ok')
    """
    from tactful.data.page import refuse_existing
    from tactful.gym.card.page import DATA, PAGE, write_card
    from tactful.gym.card.pipeline import card_of

    if (scenes is None) != (parameters is None):
        raise UsageError(
            "--scenes and --parameters go together: assistants play these scenes under both kinds of users"
        )
    if out is not None:
        refuse_existing(Path(out), (PAGE, DATA))
    played, source = read_episodes(episodes, limit=limit)
    people, name = (None, "") if against is None else read_people(against)
    ranked = None
    if scenes is not None and parameters is not None:
        costs = (cost_false_alarm, cost_miss)
        ranked = _ranked(scenes, Path(parameters), assistants, costs=costs, passes=passes, seed=seed)
    found = outside_loop(
        lambda: card_of(played, people, source=source, against=name, ranked=ranked, seed=seed)
    )
    if out is not None:
        write_card(found, Path(out))
    return found


def _ranked(
    scenes: ScenesGiven,
    parameters: Path,
    assistants: Sequence[str],
    *,
    costs: tuple[float, float],
    passes: int,
    seed: int,
) -> tuple[Check, tuple[Ranking, ...]]:
    """Whether these assistants rank alike under the default users and under those of the file, and both rankings."""
    from tactful.api.gym.deciding import place_of
    from tactful.gym.card.ranking import ranking, ranking_check
    from tactful.gym.play.deciding import plain_decider

    if len(set(listed("assistants", assistants))) < 2:
        raise UsageError(
            "--assistant: a ranking takes two or more, such as --assistant none --assistant every:10"
        )
    for one in assistants:
        if plain_decider(one) is None and not place_of(one):
            raise UsageError(
                f"--assistant {one}: assistants are ranked by rules; name none, always, every:N, gate:FOLDER or policy:PATH"
            )
    known = _scenes(scenes)
    false_alarm, miss = costs
    default, fitted = (
        {one: _played(known, one, table, passes, seed) for one in dict.fromkeys(assistants)}
        for table in (None, parameters)
    )
    rankings = tuple(
        ranking(name, played, false_alarm=false_alarm, miss=miss)
        for name, played in (("default", default), (str(parameters), fitted))
    )
    return ranking_check(default, fitted, false_alarm=false_alarm, miss=miss, seed=seed), rankings


def _scenes(given: ScenesGiven) -> list[Scene]:
    """All of them; of scenes with one id the first. Raises: DataError."""
    from tactful.gym.scenes.reading import read_scenes
    from tactful.gym.types import Scene

    several = [given] if isinstance(given, Path | str | Scene) else list(given)
    found: dict[str, Scene] = {}
    for one in several:
        for scene in [one] if isinstance(one, Scene) else read_scenes(one):
            found.setdefault(scene.id, scene)
    return list(found.values())


def _played(
    scenes: Sequence[Scene], assistant: str, parameters: Path | None, passes: int, seed: int
) -> list[GymEpisode]:
    """The scenes played by rules, in a run folder that is thrown away."""
    from tempfile import TemporaryDirectory

    from tactful.api.gym.run import play

    with TemporaryDirectory(prefix="tactful-audit-") as folder:
        run = play(
            scenes,
            model="offline",
            assistant=assistant,
            parameters=parameters,
            passes=passes,
            seed=seed,
            out=Path(folder) / "run",
            progress="off",
        )
        return list(run)
