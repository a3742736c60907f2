"""What is this file? Our own kinds by the kind that their rows name, else by their keys, and files that are no JSON lines at all.

So that a refusal can say what was given and what takes it, and no advice leads in a circle. Chat logs, whoever wrote them,
are recognised where they are read, in `data.logs`.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tactful.types import TAG

# Kind → keys that no other kind has together. Looked up in this order in the first line that is an object, where it names no kind.
MARKS: Mapping[str, frozenset[str]] = {
    "rewarded": frozenset({"trajectory", "counts"}),
    "scenes": frozenset({"setting", "entities", "example_events"}),
    "judged-points": frozenset({"tries", "moment", "judge"}),
    "episodes": frozenset({"scene_id", "steps", "end"}),
    "trajectories": frozenset({"steps", "end"}),
    "trees": frozenset({"nodes", "held_out"}),
    "provenance": frozenset({"state_id", "chosen_action", "margin"}),
    "utterance-provenance": frozenset({"branch", "chosen_origin", "rejected_origin"}),
    "pairs": frozenset({"chosen_action", "rejected_action"}),
    "sessions": frozenset({"persona", "states"}),
    "seed-tasks": frozenset({"complete", "open"}),
    "mbpp": frozenset({"task_id", "test_list"}),
    "utterance": frozenset({"tree", "chosen", "gold"}),
    "predictions": frozenset({"predictions", "hindsight"}),
    "judged-predictions": frozenset({"system", "item_id"}),
    "judged-turns": frozenset({"turn", "judgement"}),
    "labelled-turns": frozenset({"user_next", "label7"}),
    "labelled-requests": frozenset({"text", "label", "context"}),
    "feedback-rows": frozenset({"kind", "part", "prompt"}),
    "trl": frozenset({"prompt", "chosen", "rejected"}),
    "trl-unpaired": frozenset({"prompt", "completion", "label"}),
    "trl-completions": frozenset({"prompt", "completion", "weight"}),
    "openai": frozenset({"preferred_output", "non_preferred_output"}),
    "reasoned-moments": frozenset({"moment", "thought", "category"}),
    "acceptances": frozenset({"moment_id", "p_accept"}),
    "labelled-moments": frozenset({"obs", "pred_task", "valid"}),
    "moments": frozenset({"obs", "pred_task"}),
    "findings": frozenset({"conversation", "turn", "asked", "unjudged"}),
    "replayed": frozenset({"policy", "against", "asked", "asks"}),
    "failures": frozenset({"stage", "attempts", "input_hash"}),
    "suggestions": frozenset({"user", "shown_time", "decided_time", "accepted"}),
    "work-sessions": frozenset({"events", "lasted_s"}),
    "annotation-items": frozenset({"session", "shown", "gold"}),
    "annotations": frozenset({"annotator", "answered_at"}),
    "adjudications": frozenset({"item", "answer", "by"}),
    "advice": frozenset({"choice", "treated", "action"}),
    "observations": frozenset({"advice", "outcome", "how"}),
    "offers": frozenset({"made", "check", "waiting"}),
    "states": frozenset({"query"}),
    "conversations": frozenset({"id", "turns", "format"}),
    "dialogues": frozenset({"id", "conversation"}),
    "chats": frozenset({"conversation"}),
}
LOGS = frozenset({"conversations", "dialogues", "chats"})
"""Kinds that the readers of logs take: a row of theirs that they do not know is a bad row, and no other file."""
TAKEN_BY: Mapping[str, str] = {
    "rewarded": "calibrate pairs",
    "trajectories": "calibrate reward",
    "pairs": "policy train",
    "sessions": "calibrate rollout",
    "seed-tasks": "calibrate states",
    "mbpp": "data import mbpp",
    "utterance": "data export",
    "predictions": "utterance evaluate",
    "judged-turns": "feedback pairs",
    "labelled-turns": "feedback evaluate",
    "labelled-requests": "reader evaluate",
    "reasoned-moments": "data export",
    "labelled-moments": "reward train",
    "moments": "reward judge",
    "suggestions": "bench suggestions",
    "annotations": "annotate agreement",
    "annotation-items": "annotate serve",
    "adjudications": "annotate agreement",
    "states": "calibrate rollout",
    "scenes": "gym run",
    "seeds": "gym scenes",
    "episodes": "gym trainset",
    "judged-points": "gym trainset",
    "conversations": "feedback judge",
    "dialogues": "feedback judge",
    "chats": "feedback judge",
}
"""Kind → the command that goes on from there."""

_BYTES: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "gzip", "unpack it: gunzip -c {path} > {new}, and give {new}"),
    (b"\xff\xfe", "UTF-16", "write it as UTF-8: iconv -f UTF-16 -t UTF-8 {path} > {new}, and give {new}"),
    (b"\xfe\xff", "UTF-16", "write it as UTF-8: iconv -f UTF-16 -t UTF-8 {path} > {new}, and give {new}"),
    (b"PK\x03\x04", "a zip archive", "unpack it, and give the file inside"),
    (b"(\xb5/\xfd", "zstd", "unpack it: zstd -dc {path} > {new}, and give {new}"),
    (b"PAR1", "a Parquet file", "write its rows as JSON lines, and give those"),
    (b"SQLite format 3\x00", "an SQLite database", "write its rows as JSON lines, and give those"),
    (b"%PDF", "a PDF", "give a file with one JSON object per line"),
    (b"<!DOCTYPE", "an HTML page", "export the conversations as JSON, and give that"),
    (b"<!doctype", "an HTML page", "export the conversations as JSON, and give that"),
    (b"<html", "an HTML page", "export the conversations as JSON, and give that"),
    (b"BZh", "bzip2", "unpack it: bzcat {path} > {new}, and give {new}"),
    (b"\xfd7zXZ\x00", "xz", "unpack it: xzcat {path} > {new}, and give {new}"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it, and give the file inside"),
    (b"Rar!\x1a\x07", "a RAR archive", "unpack it, and give the file inside"),
    (b"\x04\x22M\x18", "lz4", "unpack it: lz4 -dc {path} > {new}, and give {new}"),
    (b"ARROW1", "an Arrow file", "write its rows as JSON lines, and give those"),
    (b"FEA1", "a Feather file", "write its rows as JSON lines, and give those"),
    (b"<HTML", "an HTML page", "export the conversations as JSON, and give that"),
    (b"<?xml", "XML", "export the conversations as JSON, and give that"),
    (b"{\\rtf", "a text document", "export the conversations as JSON, and give that"),
    (b"\x89PNG", "a picture", "export the conversations as JSON, and give that"),
    (b"\xff\xd8\xff", "a picture", "export the conversations as JSON, and give that"),
    (b"\x7fELF", "a program", "give a file with one JSON object per line"),
    (b"version https://git-", "a pointer of Git LFS", "fetch the file itself with git lfs pull, and give that"),
    (b"data: ", "a stream of server events", "store the conversations, not the wire: one JSON object per line"),
)  # fmt: skip
_OPENED = frozenset({"gzip", "UTF-16", "a zip archive", "a Parquet file", "bzip2", "xz"})
"""Of these, what the readers of logs open."""
_LARGEST = 200_000_000
"""Bytes of a document that are read to say what it holds."""


@dataclass(frozen=True)
class Recognised:
    """What a file is, and what to do with it."""

    name: str
    fix: str


def kind_of(row: Mapping[str, Any]) -> str | None:
    """Our kind of a row: the one that it names, else, in files of before and of others, the one with its keys. None: none of ours."""
    told = row.get(TAG)
    if isinstance(told, str) and told in MARKS:
        return told
    if "needs_clarification" in row or ("text" in row and row.get("label") in ("open", "complete")):
        return "labelled-requests"
    return next((kind for kind, marks in MARKS.items() if marks <= row.keys()), None)


def named(kind: Any) -> str:
    """What a row is that names this kind: `is of the kind 'pairs', which 'tactful policy train' takes`."""
    if not isinstance(kind, str) or kind not in MARKS:
        return f"names the unknown kind '{kind}'"
    taker = TAKEN_BY.get(kind)
    return f"is of the kind '{kind}'" + (f", which 'tactful {taker}' takes" if taker else "")


def refuse_named(row: Mapping[str, Any], wanted: str) -> None:
    """Nothing, unless the row names its kind: rows of `wanted` name none. Raises: ValueError that says what it is."""
    if TAG in row:
        raise ValueError(f"the row {named(row[TAG])}; expected one of {wanted}")


def foreign_row(row: Mapping[str, Any], path: Path | str) -> Recognised | None:
    """Which other kind of ours a row is that no reader of logs knows, or a log of activity. None: not told."""
    if isinstance(row.get("buckets"), Mapping | list):
        return _told("is an export of ActivityWatch", "run: tactful data import activitywatch {path}", path)
    kind = kind_of(row)
    if kind is None or kind in LOGS:
        return None
    taker = TAKEN_BY.get(kind)
    fix = f"run: tactful {taker} {{path}}" if taker else "give a file of dialogues"
    return _told(f"is a file of ours that holds '{kind}'", fix, path)


def foreign_bytes(start: bytes, path: Path | str) -> Recognised | None:
    """What a file is that begins so and that no reader of logs opens. None: not told."""
    name, fix = _marked(start)
    return _told(f"is {name}", fix, path) if name and name not in _OPENED else None


def foreign_file(line: bytes, path: Path | str) -> Recognised | None:
    """What a file is whose first line is no JSON object: packed, in another encoding, or one document. None: not told."""
    name, fix = _marked(line)
    if name:
        return _told(f"is {name}, expected JSON lines", fix, path)
    if b"\x00" in line[:200]:
        return Recognised(
            "is UTF-16 or binary, expected JSON lines in UTF-8", "write it as UTF-8, one JSON object per line"
        )
    bare = line.removeprefix(b"\xef\xbb\xbf").strip()
    if bare.startswith(b"["):
        fix = "write it so: jq -c '.[]' {path} > {new}, and give {new}; if it is a chat log, run: tactful data import chats {path}"
        return _told("is a JSON array, expected one object per line", fix, path)
    if bare == b"{":
        fix = "write it so: jq -c . {path} > {new}, and give {new}"
        return _told("is JSON over several lines, expected one object per line", fix, path)
    return None


def _marked(start: bytes) -> tuple[str, str]:
    """What a file is that begins so, and what to do with it; both empty where that is not told."""
    return next(((name, fix) for mark, name, fix in _BYTES if start.startswith(mark)), ("", ""))


def _told(name: str, fix: str, path: Path | str) -> Recognised:
    """`fix` with the quoted name of the file, and of one to be made of it."""
    return Recognised(name, fix.format(path=_quoted(path), new=_new(path)))


def document(path: Path | str) -> Any:
    """The JSON document that a whole file is; None where it is none, cannot be read or is too large to be looked at."""
    try:
        if Path(path).stat().st_size > _LARGEST:
            return None
        return orjson.loads(Path(path).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None


def _new(path: Path | str) -> str:
    """The name of a file beside, for what is made of `path`; never its own."""
    return shlex.quote("lines.jsonl" if str(path) == "-" else f"{Path(path).stem}.lines.jsonl")


def _quoted(path: Path | str) -> str:
    return "FILE" if str(path) == "-" else shlex.quote(str(path))
