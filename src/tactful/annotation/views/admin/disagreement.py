"""Where annotators disagree most, and what is decided about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tactful.annotation.queries.disagreement import Disputed
from tactful.annotation.queries.judged import decided_items, glimpses, judged, numbers_of
from tactful.annotation.services.accounts import Person
from tactful.annotation.services.adjudicating import decide
from tactful.annotation.services.answering import WrongAnswer
from tactful.annotation.views.admin.measured import Measured, figures
from tactful.annotation.views.admin.paging import Paging, page_number
from tactful.annotation.views.answers import LONGEST_TEXT, answer_of
from tactful.annotation.views.who import Admin, Sent, store_of
from tactful.web.pages import lead_to, page

router = APIRouter()
_MOST = 25
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
"""Of an item in the database, as every database takes it."""
_FIELDS = ("kind", "question", "setting", "source")


@dataclass(frozen=True)
class Wanted:
    """Which disagreements are looked at; an empty field takes all."""

    kind: str = ""
    question: str = ""
    setting: str = ""
    source: str = ""
    left: str = ""
    """`1`: without those that are decided."""

    @property
    def query(self) -> str:
        """As a part of an address; empty where everything is wanted."""
        return urlencode({name: value for name, value in asdict(self).items() if value})

    def of(self, found: Sequence[Disputed], decided: frozenset[str]) -> list[Disputed]:
        """Those that are wanted, in their order."""
        fields = [(name, value) for name in _FIELDS if (value := getattr(self, name))]
        return [
            one
            for one in found
            if all(getattr(one, name) == value for name, value in fields)
            and not (self.left and one.item in decided)
        ]


def _wanted(given: Mapping[str, str], before: str = "") -> Wanted:
    """From the fields of an address; those of the form of an item begin with `before`, beside its answer."""
    return Wanted(**{name: given.get(before + name, "")[:300] for name in (*_FIELDS, "left")})


@router.get("/disagreement")
def disagreement(request: Request, me: Admin) -> Response:
    """The list, the strongest first."""
    store, measured, wanted = store_of(request), figures(request), _wanted(request.query_params)
    found = measured.disputed if measured else ()
    decided = decided_items(store)
    rows = wanted.of(found, decided)
    number = page_number(request)
    here = rows[(number - 1) * _MOST : number * _MOST]
    return page(
        request,
        "admin-disagreement.html.j2",
        me=me,
        measured=measured,
        wanted=wanted,
        choices={name: sorted({getattr(one, name) for one in found}) for name in _FIELDS},
        rows=here,
        glimpses=glimpses(store, {one.item for one in here}),
        decided=decided,
        paging=Paging(request, number, _MOST, len(rows)),
    )


@router.get("/items/{number}")
def item(request: Request, me: Admin, number: Number) -> Response:
    """One item with every vote, to be decided."""
    return _item(request, me, number, _wanted(request.query_params))


@router.post("/items/{number}")
def decided(request: Request, me: Admin, number: Number, sent: Sent) -> Response:
    """The decision, then the next disagreement of the list that nobody has decided."""
    wanted = _wanted(sent, "by_")
    store = store_of(request)
    try:
        own = decide(store, me.id, number, answer_of(sent), note=sent.get("note", "")[:LONGEST_TEXT])
    except WrongAnswer as error:
        return _item(request, me, number, wanted, wrong=str(error), note=sent.get("note", ""))
    following = _around(request, own, wanted, figures(request), skip_decided=True)[1]
    to = "/admin/disagreement" if following is None else f"/admin/items/{following}"
    key = "admin.item.decided" if following is not None else "admin.item.decided_last"
    return lead_to(request, f"{to}?{wanted.query}" if wanted.query else to, key)


def _item(
    request: Request,
    me: Person,
    number: int,
    wanted: Wanted,
    *,
    wrong: str = "",
    note: str = "",
) -> Response:
    found = judged(store_of(request), number)
    if found is None:
        raise HTTPException(404)
    measured = figures(request)
    before, after = _around(request, found.item.id, wanted, measured)
    count = len(getattr(found.item.shown, "candidates", ())) or (2 if found.item.kind == "replies" else 0)
    return page(
        request,
        "admin-item.html.j2",
        422 if wrong else 200,
        me=me,
        judged=found,
        item=found.item,
        order=tuple(range(count)),
        answered=found.decisions[0].answer if found.decisions else None,
        disputed=[one for one in measured.disputed if one.item == found.item.id] if measured else [],
        wanted=wanted,
        before=before,
        after=after,
        wrong=wrong,
        note=note,
    )


def _around(
    request: Request, own: str, wanted: Wanted, measured: Measured | None, *, skip_decided: bool = False
) -> tuple[int | None, int | None]:
    """Numbers of the items before and after this one in the list; None at its ends."""
    if measured is None:
        return None, None
    store = store_of(request)
    decided = decided_items(store)
    ids = list(dict.fromkeys(one.item for one in wanted.of(measured.disputed, decided - {own})))
    if own not in ids:
        return None, None
    at = ids.index(own)
    later = [id for id in ids[at + 1 :] if not (skip_decided and id in decided)]
    wrapped = [id for id in ids[:at] if id not in decided] if skip_decided and not later else []
    before, after = ids[at - 1] if at else "", next(iter(later + wrapped), "")
    numbers = numbers_of(store, (before, after))
    return numbers.get(before), numbers.get(after)
