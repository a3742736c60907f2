"""The corpora that the readers learn from: written for Tactful by several writers, labelled again by blind readers.

`requests.jsonl` has a row per text, `followups.jsonl` a row per exchange, `sessions.jsonl` a row per work session;
`DATASHEET.md` says who wrote them, how they were labelled, and how little their surface tells. `HELD_OUT` writers
are for measuring: nothing that ships was trained on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from tactful.data.corpora.types import FollowUpRow, MomentRow, RequestRow
from tactful.types import Event, LabelledMoment, Moment, MomentLabel

FOLDER = Path(__file__).parent
HELD_OUT: frozenset[str] = frozenset(
    {"w16", "w17", "w18", "w27", "w35", "w41", "w47", "w48", "w55", "w56", "w57", "w70", "w73"}
    | {"w104", "w105", "w106", "w107", "w124", "w125", "w134", "w135", "w136", "w142"}
    | {"w144", "w149"}
)
"""Writers whose texts no shipped reader was trained on."""
CALIBRATION: frozenset[str] = frozenset(
    {"w14", "w15", "w28", "w34", "w36", "w71", "w72", "w77", "w85", "w87", "w88", "w89", "w90", "w91"}
)
"""Writers whose texts only fit the probabilities and limits of the shipped reader."""


def _rows(name: str) -> Iterator[dict[str, Any]]:
    for line in (FOLDER / name).read_bytes().split(b"\n"):
        if line:
            yield orjson.loads(line)


@cache
def load_requests() -> tuple[RequestRow, ...]:
    """All requests."""
    return tuple(RequestRow.model_validate(row) for row in _rows("requests.jsonl"))


@cache
def load_followups() -> tuple[FollowUpRow, ...]:
    """All follow-ups, exchange by exchange."""
    rows = []
    for exchange in _rows("followups.jsonl"):
        shared = {key: value for key, value in exchange.items() if key not in {"id", "next"}}
        for at, one in enumerate(exchange["next"]):
            rows.append(FollowUpRow.model_validate({"id": f"{exchange['id']}-{at}", **shared, **one}))
    return tuple(rows)


@cache
def load_moments() -> tuple[MomentRow, ...]:
    """All moments, session by session: what was offered, or the silence, after the events seen so far."""
    rows = []
    for session in _rows("sessions.jsonl"):
        events = tuple(Event(text=text, time=time) for time, text in session["events"])
        for at, offer in enumerate(session["offers"]):
            moment = Moment(
                id=f"{session['id']}-{at}",
                session=session["id"],
                events=events[: offer["after"]],
                proposal=offer["proposal"],
            )
            needed = None if offer["proposal"] is not None else not offer["accepted"]
            label = MomentLabel(accepted=offer["accepted"], help_needed=needed)
            rows.append(
                MomentRow(
                    writer=session["writer"],
                    lang=session["lang"],
                    domain=session["domain"],
                    reason=offer.get("reason", ""),
                    labelled=LabelledMoment(moment=moment, label=label),
                )
            )
    return tuple(rows)


@cache
def load_words() -> dict[str, str]:
    """Chinese word → plain English gloss: what the encoder's vocabulary is widened by."""
    return _glosses(FOLDER / "words.zh.tsv")


@cache
def load_glosses() -> dict[str, dict[str, str]]:
    """Language → word → plain English gloss, for the languages that the encoder reads in English."""
    return {path.stem: _glosses(path) for path in sorted((FOLDER / "glosses").glob("*.tsv"))}


def _glosses(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if line)
