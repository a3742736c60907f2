"""Label in place: the form that annotators see, for a turn of a record. What is said is an annotation like any other."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tactful.annotation.services.accounts import single_person
from tactful.annotation.services.answering import WrongAnswer
from tactful.annotation.services.assigning import shown_order
from tactful.annotation.services.choosing import answer_chosen, said_of
from tactful.annotation.services.project import project_of
from tactful.annotation.store import Store
from tactful.annotation.types import Item
from tactful.annotation.views.answers import LONGEST_TEXT, answer_of
from tactful.annotation.views.who import Sent
from tactful.viewer.labelling import WhyNot, item_at
from tactful.viewer.types import Listed
from tactful.viewer.views.asked import library_of, listed, looking_at
from tactful.viewer.views.queries import number_in, record_link
from tactful.viewer.views.record import LAST_PLACE
from tactful.viewer.views.showing import view_page
from tactful.web.pages import lead_to, words_of

router = APIRouter()


@router.get("/of/{key}/records/{ordinal}/label")
def form(request: Request, key: str, ordinal: int) -> Response:
    """The question about this turn; without a database, how to give one."""
    one, store = listed(request, key), _store(request)
    found = _item(request, one, ordinal)
    item = found if isinstance(found, Item) else None
    said, order = None, tuple[int, ...]()
    if store is not None and item is not None:
        me = single_person(store).id
        said = said_of(store, me, item)
        with store.read() as connection:
            order = shown_order(project_of(connection), me, item, False)
    return view_page(
        request,
        "view-label.html.j2",
        one=one,
        item=item,
        why_not=found if item is None else "",
        order=order,
        answered=said[0] if said else None,
        comment=said[1] if said else "",
        store=store,
        shown_at=datetime.now(UTC).isoformat(),
        quoted=shlex.quote(str(library_of(request).path)),
        back=_back(request, key, ordinal),
    )


@router.post("/of/{key}/records/{ordinal}/label")
def keep(request: Request, key: str, ordinal: int, sent: Sent) -> Response:
    """Keep the answer, then back to the turn."""
    one, store = listed(request, key), _store(request)
    item = None if store is None else _item(request, one, ordinal)
    if store is None or not isinstance(item, Item):
        raise HTTPException(404)
    try:
        answer = answer_of(sent)
        answer_chosen(
            store,
            single_person(store).id,
            item,
            answer,
            comment=sent.get("comment", "")[:LONGEST_TEXT],
            shown_at=_shown_at(sent),
        )
    except WrongAnswer:
        raise HTTPException(422, words_of(request)("work.incomplete")) from None
    return lead_to(request, _back(request, key, ordinal), "view.label.kept")


def _store(request: Request) -> Store | None:
    found: Store | None = request.app.state.annotations
    return found


def _item(request: Request, one: Listed, ordinal: int) -> Item | WhyNot:
    line, turn = number_in(request, "line", 0), number_in(request, "turn", 0)
    with looking_at(request, one.key) as view:
        row = None
        if 0 <= ordinal < LAST_PLACE:
            row = view.rows_at([(ordinal, line, turn)]).get((ordinal, line))
        if row is None:
            raise HTTPException(404)
        return item_at(row, turn, source=one.name, path=view.path)


def _shown_at(sent: Sent) -> datetime | None:
    """When the form was shown, as it says itself; None where it says nothing of use."""
    try:
        at = datetime.fromisoformat(sent.get("shown_at", ""))
        return None if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _back(request: Request, key: str, ordinal: int) -> str:
    line, turn = number_in(request, "line", 0), number_in(request, "turn", 0)
    return f"{record_link(key, ordinal, line)}#l{line}t{turn}"
