"""One record: what it tells, a strip for each turn, why it failed, its raw lines; and its neighbours in the search."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tactful.types import Moment
from tactful.viewer.elsewhere import moment_before
from tactful.viewer.look import View
from tactful.viewer.stories.beats import Beat, Happened, Story, Told, TurnAt
from tactful.viewer.stories.kinds import story_of
from tactful.viewer.types import Listed, Query, Shown, Strip
from tactful.viewer.views.asked import listed, looking_at
from tactful.viewer.views.queries import MOST_OUTPUTS, PER_PAGE, link, number_in, query_of
from tactful.viewer.views.records import commands
from tactful.viewer.views.showing import view_page

router = APIRouter()
MOST_BEATS = 600
"""Of an output; the raw line has all of them."""
MOST_EVENTS = 30
"""Before a turn whose record does not hold them: as many as annotators see."""
LAST_PLACE = 2**53
_DEEPEST = 6


@dataclass(frozen=True)
class Output:
    """One output of a record on its page."""

    line: int
    raw: str
    """`file:line`; empty while it is not written."""
    story: Story
    beats: tuple[tuple[int, tuple[Happened, ...] | Beat], ...]
    """Each with how deep it lies in a tree; events that follow each other are one piece."""
    left_out: int
    """Beats that are too many for a page."""
    strips: dict[int, Strip]
    unplaced: tuple[Strip, ...]
    """Turns that no beat gives a place to."""

    @property
    def speaks(self) -> bool:
        """It shows messages, so that strips need not repeat what was said."""
        return any(not isinstance(one, tuple) and one.beat in ("said", "compared") for _, one in self.beats)


@router.get("/of/{key}/records/{ordinal}")
def record(request: Request, key: str, ordinal: int) -> Response:
    """The record at this place of the input. `at` says where it stands in the search, for its neighbours."""
    one, query = listed(request, key), query_of(request)
    first = number_in(request, "line", 0) // MOST_OUTPUTS * MOST_OUTPUTS
    with looking_at(request, key) as view:
        shown = _shown(view, ordinal)
        before, after = _neighbours(request, view, query, ordinal)
    at = number_in(request, "at", ordinal)
    return view_page(
        request,
        "view-record.html.j2",
        one=one,
        query=query,
        shown=shown,
        outputs=[
            output_of(shown, line, view.path)
            for line in range(len(shown.outputs))[first : first + MOST_OUTPUTS]
        ],
        first=first,
        per_page=MOST_OUTPUTS,
        before=before,
        after=after,
        back=link(key, query=query, **({"page": at // PER_PAGE + 1} if at >= PER_PAGE else {})),
        commands=_commands(one, shown),
    )


@router.get("/of/{key}/records/{ordinal}/raw")
def raw(request: Request, key: str, ordinal: int) -> Response:
    """Every output as JSON, with the file and line where it stands."""
    one, query = listed(request, key), query_of(request)
    with looking_at(request, key) as view:
        shown = _shown(view, ordinal)
    lines = [
        (line, shown.raw[line] if line < len(shown.raw) else "", row)
        for line, row in enumerate(shown.outputs)
    ]
    export = one.run is not None and one.run.standing != "going" and shown.outputs and not shown.raw
    return view_page(
        request,
        "view-raw.html.j2",
        command=f"tactful runs export {shlex.quote(one.path)}" if export else "",
        one=one,
        query=query,
        shown=shown,
        lines=lines,
    )


def _shown(view: View, ordinal: int) -> Shown:
    found = view.record(ordinal) if 0 <= ordinal < LAST_PLACE else None
    if found is None:
        raise HTTPException(404)
    return found


def _neighbours(request: Request, view: View, query: Query, ordinal: int) -> tuple[str, str]:
    """The addresses of the records before and after this one in the search; empty: there is none."""
    at = number_in(request, "at", ordinal)
    first = max(0, at - 1)
    around = view.page(query.model_copy(update={"offset": first, "limit": at - first + 2})).lines
    places = [line.ordinal for line in around]
    if ordinal not in places:  # the search finds other records by now
        return "", ""
    own, key = places.index(ordinal), request.path_params["key"]

    def address(place: int) -> str:
        there = 0 <= place < len(places)
        return link(key, "records", places[place], query=query, at=first + place) if there else ""

    return address(own - 1), address(own + 1)


def output_of(shown: Shown, line: int, path: Path | None = None) -> Output:
    """One output with its turns in their places; `path` is of its run, where what it leaves out may be looked up."""
    story = story_of(shown.outputs[line])
    before = moment_before(shown.outputs[line], story.kind, path) if path is not None else None
    if before is not None:
        story = story.model_copy(update={"beats": (*_beats_of(before, story.kind), *story.beats)})
    beats: list[tuple[int, tuple[Happened, ...] | Beat]] = []
    depth = 0
    for timeline, group in groupby(story.beats[:MOST_BEATS], lambda beat: isinstance(beat, Happened)):
        if timeline:
            beats.append((depth, tuple(beat for beat in group if isinstance(beat, Happened))))
            continue
        for beat in group:
            depth = min(beat.depth, _DEEPEST) if isinstance(beat, TurnAt) else depth
            beats.append((depth, beat))
    strips = {strip.turn: strip for strip in shown.strips if strip.line == line}
    placed = {beat.turn for beat in story.beats if beat.beat == "turn"}
    return Output(
        line=line,
        raw=shown.raw[line] if line < len(shown.raw) else "",
        story=story,
        beats=tuple(beats),
        left_out=max(0, len(story.beats) - MOST_BEATS),
        strips=strips,
        unplaced=tuple(strip for turn, strip in strips.items() if turn not in placed),
    )


def _beats_of(moment: Moment, kind: str) -> Iterator[Beat]:
    """The last events that were seen, and what was proposed, where the turn does not say it."""
    for event in moment.events[-MOST_EVENTS:]:
        yield Happened(at=event.at.isoformat() if event.at else event.time, text=event.text)
    if kind == "acceptances":
        yield Told(name="proposal", text=moment.proposal or "–")


def _commands(one: Listed, shown: Shown) -> tuple[tuple[str, str], ...]:
    """What may be done next with a record that failed or could not be judged."""
    if one.run is not None and shown.line.state == "damaged":
        return (("damaged", f"tactful runs show {shlex.quote(one.path)}"),)
    wanted = {"failed": "retry", "done": "unscored" if shown.line.unscored else ""}.get(shown.line.state, "")
    return tuple(found for found in commands(one.run) if found[0] == wanted)
