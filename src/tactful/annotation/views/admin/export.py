"""What was annotated, as files: first what each rule would keep and drop, then all of it as one zip."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tactful.annotation.export.aggregate import RULES
from tactful.annotation.export.pipeline import FORMS, AnnotationsExport, ExportOptions, export_collected
from tactful.annotation.queries.collected import collected
from tactful.annotation.views.admin.zipped import zipped
from tactful.annotation.views.who import Admin, store_of
from tactful.errors import TactfulError, UsageError
from tactful.web.pages import page

router = APIRouter(prefix="/export")
DEFAULTS: Mapping[str, str] = {
    "to": "votes",
    "aggregate": "majority",
    "min_votes": "2",
    "test_share": "20",
    "seed": "0",
    "as_published": "",
}


@router.get("")
def choose(request: Request, me: Admin) -> Response:
    """What and how; with a choice made, what would come of it."""
    given = {
        **DEFAULTS,
        **{name: request.query_params[name] for name in DEFAULTS if name in request.query_params},
    }
    done, wrong = None, ""
    if "to" in request.query_params:
        try:
            with TemporaryDirectory(prefix="tactful-export-") as folder:
                done = _exported(request, given, Path(folder))
        except TactfulError as error:
            wrong = str(error)
    return page(
        request,
        "admin-export.html.j2",
        422 if wrong else 200,
        me=me,
        forms=FORMS,
        rules=RULES,
        given=given,
        done=done,
        wrong=wrong,
    )


@router.get("/download")
def download(request: Request) -> Response:
    """The files, as `tactful annotate export` writes them."""
    given = {**DEFAULTS, **request.query_params}
    folder = TemporaryDirectory(prefix="tactful-export-")
    try:
        done = _exported(request, given, Path(folder.name))
    except BaseException:
        folder.cleanup()
        raise
    return StreamingResponse(
        _sent(folder, done.to),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="annotations-{done.to}.zip"'},
    )


def _sent(folder: TemporaryDirectory[str], name: str) -> Iterator[bytes]:
    """The zip, piece by piece; then, or when nobody takes it any more, its files are gone."""
    with folder:
        yield from zipped(Path(folder.name) / name)


def _exported(request: Request, given: Mapping[str, str], folder: Path) -> AnnotationsExport:
    to = given["to"]
    if to not in FORMS:
        raise UsageError(f"'{to}' cannot be exported to; choose one of: {', '.join(FORMS)}")
    options = ExportOptions(
        rule=given["aggregate"],  # type: ignore[arg-type]  # refused by the export where it is none
        fewest=_whole(given["min_votes"], "votes"),
        test_share=_percent(given["test_share"]),
        published=bool(given["as_published"]) and to == "proactivebench",
        seed=_whole(given["seed"], "seed"),
    )
    return export_collected(collected(store_of(request)), to, folder / to, options)


def _whole(given: str, what: str) -> int:
    if not given.isdecimal() or len(given) > 9:
        raise UsageError(f"{what}: '{given}' is no whole number from 0")
    return int(given)


def _percent(given: str) -> float:
    try:
        share = float(given.replace(",", ".")) / 100
    except ValueError:
        share = math.nan
    if not 0 <= share < 1:
        raise UsageError(f"test share: '{given}' is no percentage from 0 to below 100")
    return share
