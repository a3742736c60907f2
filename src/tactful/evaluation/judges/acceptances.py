"""Ways to get a judge's acceptances for a measurement: by session, and from a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tactful.errors import UserError
from tactful.reward.types import Acceptance, MomentJudge
from tactful.types import LabelledMoment, Moment


class BySession:
    """Judges each moment by the judge of its session, made when it is first needed. A `MomentJudge`.

    With judges trained without their session, attacks can be tried on judges that have not seen the moments.
    """

    def __init__(self, name: str, judge_for: Callable[[str], MomentJudge]) -> None:
        self._name = name
        self._judge_for = judge_for
        self._judges: dict[str, MomentJudge] = {}

    @property
    def name(self) -> str:
        """As tables name it."""
        return self._name

    async def judge(self, moment: Moment) -> Acceptance:
        """By the judge of the moment's session."""
        return (await self.judge_batch([moment]))[0]

    async def judge_batch(self, moments: Sequence[Moment]) -> list[Acceptance]:
        """In the order of `moments`; each session's moments in one batch."""
        places: dict[str, list[int]] = {}
        for at, moment in enumerate(moments):
            places.setdefault(moment.session, []).append(at)
        found: dict[int, Acceptance] = {}
        for session, mine in places.items():
            if session not in self._judges:
                self._judges[session] = self._judge_for(session)
            said = await self._judges[session].judge_batch([moments[at] for at in mine])
            found |= dict(zip(mine, said, strict=True))
        return [found[at] for at in range(len(moments))]


def match_judged(
    items: Sequence[LabelledMoment], judged: Iterable[Acceptance], *, source: str
) -> tuple[list[LabelledMoment], list[Acceptance], int]:
    """(items that were judged, their acceptances, judgements of moments that are not among `items`).

    Raises: UserError for two judgements of one moment, or when none fits.
    """
    found: dict[str, Acceptance] = {}
    for one in judged:
        if one.moment_id in found:
            raise UserError(f"{source}: judges the moment '{one.moment_id}' twice; keep one of the two")
        found[one.moment_id] = one
    both = [item for item in items if item.moment.id in found]
    if not both:
        raise UserError(
            f"{source}: judges none of these {len(items)} moments (the first is '{items[0].moment.id}'); "
            "judge the same file"
        )
    matched = [found[item.moment.id] for item in both]
    return both, matched, len(found) - len(both)


def seen_sessions(items: Sequence[LabelledMoment], trained_on: Iterable[str]) -> list[str]:
    """The sessions of `items` that a model was trained on, sorted."""
    return sorted({item.moment.session for item in items} & set(trained_on))
