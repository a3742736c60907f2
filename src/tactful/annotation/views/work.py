"""The page on which people judge: one item, its answer, the next item."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tactful.annotation.queries.standing import Overall, said_before, standing
from tactful.annotation.services.accounts import Person
from tactful.annotation.services.answering import NotYours, WrongAnswer, give_answer, skip, undo
from tactful.annotation.services.assigning import Assigned, assign
from tactful.annotation.views.answers import LONGEST_TEXT, answer_of
from tactful.annotation.views.who import Me, Sent, signed_in, store_of
from tactful.types import content_hash
from tactful.web.pages import is_part, lead_to, page, words_of

router = APIRouter(dependencies=[Depends(signed_in)])
REASONS = ("unclear", "language", "sensitive", "broken", "other")
"""Why an item is skipped."""


@router.get("/work")
def work(request: Request, me: Me) -> Response:
    """The item that is open, on any browser, else a new one."""
    return _shown(request, me)


@router.post("/work/answer")
def answer(request: Request, me: Me, sent: Sent) -> Response:
    """Keep the answer, or the reason for skipping; then the next item."""
    store, slot = store_of(request), _slot(sent)
    comment = sent.get("comment", "")[:LONGEST_TEXT]
    try:
        if "skip" in sent:
            if sent["skip"] not in REASONS:
                raise HTTPException(422)
            new = skip(store, me.id, slot, sent["skip"], comment=comment)
        else:
            new = give_answer(store, me.id, slot, answer_of(sent), comment=comment)
    except WrongAnswer:
        raise HTTPException(422, words_of(request)("work.incomplete")) from None
    except NotYours:
        return _next(request, me, "work.gone")
    return _next(request, me, None if new else "work.stands")


@router.post("/work/undo")
def take_back(request: Request, me: Me) -> Response:
    """The last answer again, as it was given."""
    undone = undo(store_of(request), me.id)
    return _next(request, me, None if undone else "work.nothing_to_undo")


def _slot(sent: Sent) -> int:
    slot = sent.get("slot", "")
    if not (slot.isascii() and slot.isdecimal() and len(slot) <= 9):
        raise HTTPException(422)
    return int(slot)


def _next(request: Request, me: Person, told: str | None = None) -> Response:
    if is_part(request):
        return _shown(request, me, told)
    return lead_to(request, "/work", told) if told else RedirectResponse("/work", 303)


def _shown(request: Request, me: Person, told: str | None = None) -> Response:
    store, now = store_of(request), datetime.now(UTC)
    given = assign(store, me.id, now=now)
    overall: Overall = request.app.state.overall
    before, draft, left_s = None, "", 0
    with store.read() as connection:
        mine = standing(connection, me.id, now)
        if isinstance(given, Assigned):
            before = said_before(connection, me.id, given.item.id, given.repeat)
            draft = content_hash(f"{me.id}\n{given.item.id}\n{given.repeat}")
            left_s = max(0, round((given.leased_until - now).total_seconds()))
    return page(
        request,
        "item.html.j2" if is_part(request) else "work.html.j2",
        me=me,
        given=given,
        left_s=left_s,
        draft=draft,
        told=told,
        before=before,
        answered=before.answer if before else None,
        standing=mine,
        overall=overall(),
        reasons=REASONS,
    )
