"""At which event prefixes of an episode something is tried: after some of its rounds, drawn by seed and episode alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tactful.gym.trainset.types import Point
from tactful.gym.types import GymEpisode
from tactful.types import seeded


def points_of(episode: GymEpisode, most: int, seed: int) -> list[Point]:
    """At most `most` points, in order. A round without events is none; nor is the act that ends the work."""
    rounds = [at for at, step in enumerate(episode.open_rounds) if step.events]
    drawn = seeded("points", seed, episode.id).sample(rounds, k=min(most, len(rounds)))
    return [
        Point(id=f"{episode.id}#{at}", episode=episode.model_copy(update={"steps": episode.steps[: at + 1]}))
        for at in sorted(drawn)
    ]


class Points:
    """The points of many episodes, read as they are asked for; one episode is held at a time."""

    def __init__(self, episodes: Iterable[GymEpisode], most: int, seed: int) -> None:
        self.episodes = episodes
        self.most = most
        self.seed = seed

    def __iter__(self) -> Iterator[Point]:
        for episode in self.episodes:
            yield from points_of(episode, self.most, self.seed)
