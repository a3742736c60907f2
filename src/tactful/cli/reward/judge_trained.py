"""`tactful reward judge --model` and `--reader`: what a trained model says of one moment, of many, and of suggestions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tactful.cli.output import emit_json, next_command, print_lines, printable, quoted, say, tell_reading
from tactful.errors import UsageError, UserError

if TYPE_CHECKING:
    from tactful.reading.types import ReaderAtOnce
    from tactful.reward.types import Acceptance
    from tactful.types import Moment

_WIDTH = 54
"""Characters of a proposal on the terminal: with what stands before it, 80."""


def judge_one(
    folder: Path | str | ReaderAtOnce, events: list[str], proposal: str | None, *, as_json: bool
) -> None:
    """One moment, with the reason."""
    from tactful.api.reward.judge import moment_judge
    from tactful.data.formats.moments import parse_moment

    try:
        moment = parse_moment({"obs": [{"event": text} for text in events], "pred_task": proposal})
    except ValueError as error:
        raise UsageError(f"--event: {error}") from error
    said = moment_judge(folder).judge_now([moment], explain=True)[0]
    if as_json:
        emit_json(said.model_dump(mode="json"))
        return
    print_lines(_line(moment, said))
    print_lines(said.reason)
    if said.p_need is not None:
        say("need: the probability that silence would be wrong at this moment, whatever is offered")
    tell_reading(folder)


def judge_moments(
    folder: Path | str | ReaderAtOnce,
    data: str,
    out: Path | None,
    limit: int | None,
    *,
    explain: bool,
    skip_bad: bool,
    as_json: bool,
) -> None:
    """The moments of a file, a line each as they are judged. Raises: UserError when none could be."""
    from tactful.api.reward.judge import moment_judge
    from tactful.data.formats.moments import moment_rows
    from tactful.reward.judging.reading import ReadingMomentJudge
    from tactful.runs import begun, resolve_input

    judge = moment_judge(folder)
    rows = moment_rows(resolve_input(data), skip_bad=skip_bad)
    fix = "write one JSON object with 'obs' and 'pred_task' per line"
    moments = begun(islice(rows, limit), rows.name, what="moment", fix=fix)
    counts = Counter(accepted=0, rejected=0, unscored=0)

    def judged() -> Iterator[tuple[Moment, Acceptance]]:
        for moment, said in judge.judge_each(moments, explain=explain):
            counts["unscored" if said.accepted is None else "accepted" if said.accepted else "rejected"] += 1
            yield moment, said

    _tell_each(judged(), out, as_json=as_json)
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    say(f"{counts.total()} moments: {told}" + (f"; {rows.bad} unusable rows left out" if rows.bad else ""))
    for problem in rows.problems:
        say(f"  {problem}")
    tell_reading(folder)
    if counts["unscored"] == counts.total():
        raise UserError(f"{judge.name}: could judge none of these moments; see the reasons in the judgements")
    if isinstance(judge, ReadingMomentJudge):
        next_command("tactful reward train LABELLED.jsonl --out model")
        return
    next_command(
        f"tactful reward gate {quoted(str(folder))} LABELLED.jsonl --cost-false-alarm 2 --cost-miss 1"
    )


def judge_decisions(
    folder: Path,
    data: str,
    out: Path | None,
    limit: int | None,
    *,
    explain: bool,
    skip_bad: bool,
    as_json: bool,
) -> None:
    """Each suggestion of a file at its showing; verdicts in the file count for later suggestions alone.

    Raises: DataError for a file without a usable row.
    """
    from tactful.api.reward.suggestions import judge_suggestions

    said = judge_suggestions(data, folder, explain=explain, limit=limit, skip_bad=skip_bad)
    _tell_each(((None, one) for one in said), out, as_json=as_json)
    accepted = sum(one.accepted is True for one in said)
    left_out = f"; {said.bad} unusable rows left out" if said.bad else ""
    say(f"{len(said)} suggestions: {accepted} accepted, {len(said) - accepted} rejected{left_out}")
    if said.seen:
        say(f"the model was trained on {len(said.seen)} of these users: no figure on them is out of user")
    next_command(f"tactful bench suggestions {quoted(data)}")


def _tell_each(
    judged: Iterable[tuple[Moment | None, Acceptance]], out: Path | None, *, as_json: bool
) -> None:
    """Each judgement as it is made: into `out`, else a line of JSON, or one for a person; None: it is of a suggestion."""
    from tactful.data.io import to_line, write_jsonl

    if out is not None:
        write_jsonl(out, (said for _, said in judged))
        say(f"judgements: {out}")
        return
    for moment, said in judged:
        if as_json:
            print(to_line(said).decode().rstrip("\n"))
        else:
            print_lines(_suggestion_line(said) if moment is None else _line(moment, said))


def _line(moment: Moment, said: Acceptance) -> str:
    """One moment on one line of a terminal."""
    what = printable(moment.proposal) if moment.proposal is not None else "(silence)"
    shown = what if len(what) <= _WIDTH else what[: _WIDTH - 1] + "…"
    if said.p_accept is None:
        return f"unscored            {shown}: {printable(said.reason)}"
    need = "" if said.p_need is None else f" need {said.p_need:.2f}"
    return f"{'accepted' if said.accepted else 'rejected'} {said.p_accept:.2f}{need}  {shown}"


def _suggestion_line(said: Acceptance) -> str:
    why = f"  {said.influences[0].words}" if said.influences else ""
    return f"{'accepted' if said.accepted else 'rejected'} {said.p_accept:.2f}  {said.moment_id}{why}"
