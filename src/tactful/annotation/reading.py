"""What was collected, read from where it lies: a database, an exported folder, or labelled moments that hold the votes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tactful.annotation.types import Adjudication, Annotation, Item, Proposals, ProposalsAnswer
from tactful.annotation.votes import ADJUDICATIONS, ANNOTATIONS, ITEMS, Collected
from tactful.data.check import detect_kind
from tactful.data.formats.moments import labelled_rows, moment_row
from tactful.data.io import STDIN, Rows
from tactful.errors import DataError, MissingExtra, UsageError, UserError
from tactful.types import LabelledMoment

NO_TIME = datetime(1, 1, 1, tzinfo=UTC)
"""When votes were given of which no one noted the time."""
_SQLITE = b"SQLite format 3\x00"
_KINDS = frozenset({"annotation-items", "annotations", "adjudications"})
_TAKEN = f"give a folder with {ITEMS} and {ANNOTATIONS}, or labelled moments with votes in 'annotation'"


def read_collected(source: Path | str, *, skip_bad: bool = False) -> Collected:
    """Everything that was collected in a database (a file, an address), a folder, or a file of labelled moments with votes.

    Any file of a folder stands for the folder. Votes of labelled moments name nobody: `nameless`. With `skip_bad`, rows
    that cannot be used are left out and counted.
    Raises: UserError when it cannot be opened, DataError at the first bad row and where there are no votes.
    """
    path = Path(source)
    if _is_database(source):
        return _of_database(source)
    if path.is_dir() and (path / ANNOTATIONS).exists():
        return _of_folder(path, skip_bad)
    if path.is_dir() and not (path / "run.json").exists():
        raise DataError.at(path, None, f"holds no {ANNOTATIONS}", fix=_TAKEN)
    if str(source) != STDIN and path.is_file() and _kind(path) in _KINDS:
        return _of_folder(path.parent, skip_bad)
    return _of_moments(source, skip_bad)


def merged(parts: Sequence[Collected]) -> Collected:
    """All of them as one; what stands in several counts once. Raises: UsageError where some name annotators and some do not."""
    if len(parts) == 1:
        return parts[0]
    for one in parts:
        if one.nameless != parts[0].nameless:
            raise UsageError(
                f"one of {parts[0].name} and {one.name} holds votes without annotators, the other names them; "
                "give them one at a time"
            )
    answered = (each for one in parts for each in one.annotations)
    decided = sorted((each for one in parts for each in one.adjudications.values()), key=lambda each: each.at)
    return Collected(
        items={id: item for one in parts for id, item in one.items.items()},
        # ids are numbers of rows, the same in every database
        annotations=list({(each.annotator, each.item, each.id): each for each in answered}.values()),
        adjudications={each.item: each for each in decided},
        name=", ".join(one.name for one in parts),
        nameless=parts[0].nameless,
        bad=sum(one.bad for one in parts),
        problems=[problem for one in parts for problem in one.problems],
    )


def _kind(path: Path) -> str:
    try:
        return detect_kind(path)
    except UserError:  # its reader says what is wrong
        return ""


# ---------------------------------------------------------------- a database


def _is_database(source: Path | str) -> bool:
    """An address, a file of SQLite, or a name for one: told without the extra that opens it."""
    if "://" in str(source):
        return True
    path = Path(source)
    if not path.is_file():
        return path.suffix in (".sqlite", ".db") and not path.exists()
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def _of_database(place: Path | str) -> Collected:
    """Raises: UserError where there is none or it cannot be read; MissingExtra."""
    try:
        from tactful.annotation.queries.collected import collected
        from tactful.annotation.store import open_store
    except ImportError as error:
        raise MissingExtra("annotate", "a database of annotations") from error

    with open_store(place, create=False) as store:
        return collected(store)


# ---------------------------------------------------------------- a folder


def _of_folder(folder: Path, skip_bad: bool) -> Collected:
    """The three files of an export; annotators that are numbers, as of labelled moments that were exported, name nobody."""
    for name in (ITEMS, ANNOTATIONS):
        if not (folder / name).exists():
            raise DataError.at(folder, None, f"holds no {name}", fix=_TAKEN)

    def annotation(row: Any) -> Annotation:
        one = Annotation.model_validate(row)
        _refuse_unlike(one, items.get(one.item))
        return one

    def adjudication(row: Any) -> Adjudication:
        one = Adjudication.model_validate(row)
        if one.item not in items:
            raise ValueError(f"adjudication has item '{one.item}', which is not in {ITEMS}")
        return one

    shown = Rows(folder / ITEMS, Item.model_validate, skip_bad=skip_bad, kind="item", key=lambda one: one.id)
    items = {one.id: one for one in shown}
    answered = Rows(
        folder / ANNOTATIONS, annotation, skip_bad=skip_bad, kind="annotation", key=lambda one: one.id
    )
    annotations = list(answered)
    files: list[Rows[Any]] = [shown, answered]
    adjudications: dict[str, Adjudication] = {}
    if (folder / ADJUDICATIONS).exists():
        decided = Rows(folder / ADJUDICATIONS, adjudication, skip_bad=skip_bad, kind="adjudication")
        adjudications = {one.item: one for one in sorted(decided, key=lambda one: one.at)}
        files.append(decided)
    return Collected(
        items=items,
        annotations=annotations,
        adjudications=adjudications,
        name=str(folder),
        nameless=bool(annotations) and all(one.annotator.isdigit() for one in annotations),
        bad=sum(rows.bad for rows in files),
        problems=[problem for rows in files for problem in rows.problems],
    )


def _refuse_unlike(one: Annotation, item: Item | None) -> None:
    """Nothing, if it can be an answer to this item. Raises: ValueError."""
    if item is None:
        raise ValueError(f"annotation has item '{one.item}', which is not in {ITEMS}")
    for what, kind in (("kind", one.kind), ("an answer of kind", one.answer and one.answer.kind)):
        if kind not in (None, item.kind):
            raise ValueError(f"annotation has {what} '{kind}', expected '{item.kind}', as its item is")
    if isinstance(item.shown, Proposals) and isinstance(one.answer, ProposalsAnswer):
        given, wanted = len(one.answer.accepted), len(item.shown.candidates)
        if given != wanted:
            raise ValueError(
                f"annotation has {given} answers in 'accepted', but its item has {wanted} candidates"
            )


# ---------------------------------------------------------------- labelled moments


def _of_moments(source: Path | str, skip_bad: bool) -> Collected:
    """One item a row. A vote on silence tells whether help was wanted there, one on a proposal whether it was accepted."""
    rows = labelled_rows(source, skip_bad=skip_bad)
    items: dict[str, Item] = {}
    annotations: list[Annotation] = []
    for moment in rows:
        item = _item(moment, Path(rows.path).name)
        items[item.id] = item
        annotations += _annotations(moment, item)
    if not annotations:
        raise DataError.at(rows.name, None, "holds no votes", fix=_TAKEN)
    return Collected(
        items=items,
        annotations=annotations,
        name=rows.name,
        nameless=True,
        bad=rows.bad,
        problems=rows.problems,
    )


def _item(given: LabelledMoment, source: str) -> Item:
    moment = given.moment
    row = {key: value for key, value in moment_row(given).items() if key != "obs"}
    return Item(
        id=moment.id,
        session=moment.session,
        shown=Proposals(
            events=moment.events, candidates=() if moment.proposal is None else (moment.proposal,)
        ),
        source=source,
        origin={
            "moments": [row | {"candidate": None if moment.proposal is None else 0}],
            "user": moment.user,
            "history": None if moment.history is None else moment.history.model_dump(),
        },
    )


def _annotations(given: LabelledMoment, item: Item) -> list[Annotation]:
    silent = given.moment.proposal is None
    return [
        Annotation(
            id=f"{item.id}/{number}",
            item=item.id,
            kind="proposals",
            session=item.session,
            annotator=str(number),
            answer=ProposalsAnswer(
                accepted=() if silent else (vote,),
                help_wanted=not vote if silent else None,  # accepting silence: no help was wanted
            ),
            answered_at=NO_TIME,
        )
        for number, vote in enumerate(given.label.votes, start=1)
    ]
