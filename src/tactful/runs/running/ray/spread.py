"""Work that is no run, on Ray: one function of an actor over many items, whatever dies meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Generic, Self, TypeVar

from tactful.errors import TactfulError, UserError
from tactful.runs.running.ray.cluster import join, leave

A = TypeVar("A")
R = TypeVar("R")

_AT_A_WORKER = 2
"""Items that a worker has while it works on one of them."""
_MOST_DEATHS = 6
"""Of workers, over one item."""


class Spread(Generic[A, R]):
    """`workers` actors of one kind; each that dies is replaced and its items are taken again. A context manager.

    An actor has `run(item)`, which gives a result, or a `TactfulError` that is raised at the driver. What it needs for
    that, a reader or a cage, it opens once, at its first item.
    """

    def __init__(
        self,
        kind: type,
        *given: Any,
        workers: int,
        address: str | None = None,
        cpus: float = 1,
    ) -> None:
        self._kind = kind
        self._given = given
        self._workers = workers
        self._address = address
        self._cpus = cpus
        self._actors: list[Any] = []

    def __enter__(self) -> Self:
        join(self._address, self._workers)
        self._actors = [self._new() for _ in range(self._workers)]
        return self

    def __exit__(self, *exception: object) -> None:
        import ray

        for actor in self._actors:
            ray.kill(actor)
        leave()

    def map(self, items: Iterable[A], *, ahead: int | None = None) -> Iterator[tuple[A, R]]:
        """Each item with what came of it, in their order.

        `ahead`: items that are read beyond the one that is awaited, by default four for each worker. Raises: what a
        worker answers; UserError where workers keep dying.
        """
        import ray

        most = ahead or 2 * _AT_A_WORKER * self._workers
        rest = enumerate(items)
        under_way: dict[Any, tuple[int, int, Any]] = {}  # answer → number, place, actor
        given: dict[int, A] = {}
        deaths: dict[int, int] = {}
        come: dict[int, R] = {}
        wanted, more = 0, True

        def hand(number: int) -> None:
            busy = [place for _, place, _ in under_way.values()]
            place = min(range(self._workers), key=busy.count)
            actor = self._actors[place]
            under_way[actor.run.remote(given[number])] = number, place, actor

        while True:
            while more and len(given) < most and len(under_way) < _AT_A_WORKER * self._workers:
                number, item = next(rest, (-1, None))
                more = number >= 0
                if more:
                    given[number] = item  # type: ignore[assignment]
                    hand(number)
            while wanted in come:
                yield given.pop(wanted), come.pop(wanted)
                wanted += 1
            if not given:
                if more:
                    continue
                return
            if not under_way:
                continue
            for answer in ray.wait(list(under_way), num_returns=1)[0]:
                number, place, actor = under_way.pop(answer)
                found = self._found(answer, place, actor)
                if found is None:
                    deaths[number] = deaths.get(number, 0) + 1
                    if deaths[number] >= _MOST_DEATHS:
                        raise UserError(
                            f"the workers died {_MOST_DEATHS} times in a row over one piece of work; is there memory left?"
                        )
                    hand(number)
                else:
                    come[number] = found[0]

    def _found(self, answer: Any, place: int, actor: Any) -> tuple[R] | None:
        """The answer; None where its worker has died, which is replaced. Raises what the worker answers."""
        import ray
        from ray.exceptions import RayActorError

        try:
            found: R | TactfulError = ray.get(answer)
        except RayActorError:
            if self._actors[place] is actor:
                self._actors[place] = self._new()
            return None
        if isinstance(found, TactfulError):
            raise found
        return (found,)

    def _new(self) -> Any:
        import ray

        options: dict[str, Any] = {"num_cpus": self._cpus, "scheduling_strategy": "SPREAD"}
        return ray.remote(self._kind).options(**options).remote(*self._given)
