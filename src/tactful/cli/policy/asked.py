"""What a policy is asked about: rows of a file, or one request typed on the command line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tactful.cli.options import ReaderFlags
from tactful.cli.output import say
from tactful.errors import DataError, UsageError

if TYPE_CHECKING:
    from tactful.types import Policy, State

DomainOption = Annotated[
    str | None,
    typer.Option(
        "--domain",
        help="Domain of rows that name none; default: the one the policy was trained on, else `coding`.",
    ),
]
StateArgument = Annotated[
    str | None, typer.Argument(metavar="[STATE]", help="JSONL of states; `-` is stdin. Or use --query.")
]
LEVELS = ("LOW", "MID", "HIGH")


@dataclass(frozen=True, kw_only=True)
class QueryFlags:
    """One request in place of a file, and what is known of its dialogue."""

    query: Annotated[str | None, typer.Option("--query", help="A request, in place of a file.")] = None
    clarity: Annotated[
        float | None,
        typer.Option("--clarity", min=0, max=1, help="--query: 1 = clear; default: estimated from its text."),
    ] = None
    complexity: Annotated[
        float | None,
        typer.Option(
            "--complexity", min=0, max=1, help="--query: 1 = complex; default: estimated from its text."
        ),
    ] = None
    turn: Annotated[
        int | None,
        typer.Option(
            "--turn", min=0, help="--query: finished exchanges so far; default: those of --history, or 0."
        ),
    ] = None
    rejected: Annotated[
        int, typer.Option("--rejected", min=0, help="--query: questions of this task that the user rejected.")
    ] = 0
    history: Annotated[
        Path | None,
        typer.Option(
            "--history", help="--query: the messages after it, JSON or JSONL of `role` and `content`."
        ),
    ] = None

    def row(self) -> dict[str, Any]:
        """The request as a row of a states file. Raises UsageError for an empty one."""
        from tactful.policy.talk import put_questions

        if not (self.query or "").strip():
            raise UsageError("--query is empty; give the request as the user wrote it")
        history = [] if self.history is None else _messages(self.history)
        turns = sum(message["role"] == "assistant" for message in history)
        turn = turns if self.turn is None else self.turn
        row: dict[str, Any] = {
            "id": "query",
            "query": self.query,
            "dialogue_turn": max(turn, self.rejected),
            **put_questions(history, self.rejected),
            "history": history,
        }
        given = {"query_clarity": self.clarity, "task_complexity": self.complexity}
        return row | {name: value for name, value in given.items() if value is not None}

    def refuse_with_a_file(self) -> None:
        """Raises UsageError where something is said of a request although a file is asked about."""
        if self != QueryFlags():
            raise UsageError("--clarity, --complexity, --turn, --rejected and --history belong to --query")


def _messages(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
        found = (
            json.loads(text)
            if text.lstrip()[:1] == "["
            else [json.loads(line) for line in text.splitlines() if line]
        )
    except OSError as error:
        raise DataError.at(path, None, f"cannot be read ({error.strerror})", fix="check the path") from error
    except ValueError as error:
        raise DataError.at(path, None, f"is not JSON ({error})", fix="write a list of messages") from error
    for number, one in enumerate(found, start=1):
        if not isinstance(one, dict) or not all(isinstance(one.get(key), str) for key in ("role", "content")):
            problem = f"message {number} is {json.dumps(one, ensure_ascii=False):.60}"
            raise DataError.at(path, None, problem, fix="write objects with 'role' and 'content'")
    return list(found)


def asked_states(
    path: str | None, asked: QueryFlags, policy: Policy, domain: str | None, by: ReaderFlags
) -> list[State]:
    """The states to decide on, complete; a warning for each of a domain that the policy was not trained on."""
    from tactful.api.calibrate.states import states
    from tactful.policy import domain_for

    if (path is None) == (asked.query is None):
        raise UsageError("give either a file of states or --query, one of the two")
    if path is not None:
        asked.refuse_with_a_file()
    rows = [asked.row()] if path is None else Path(path)
    found = states(rows, domain=domain_for(policy, domain), reader=by.reader, **by.options())
    if domain is not None:
        _warn_unvalued(policy, domain)
    elif path is None:
        _say_assumed(policy, found[0].domain)
    for state in found:
        _warn_foreign(policy, state)
    return list(found)


def _warn_foreign(policy: Policy, state: State) -> None:
    from tactful.policy import trained_on

    domains = trained_on(policy)
    if domains and state.domain not in domains:
        say(
            f"warning: {state.id} is of domain '{state.domain}', the policy was trained on {', '.join(domains)}: "
            "what it says here was never measured"
        )


def _warn_unvalued(policy: Policy, domain: str) -> None:
    """Of costs learned from a log, where a question in this domain has no value of its own."""
    from tactful.policy import CostPolicy

    if isinstance(policy, CostPolicy) and policy.training and domain not in policy.costs.value:
        other = policy.costs.otherwise
        known = ", ".join(sorted(policy.costs.value)) or "none"
        say(
            f"mind: the policy has no value of its own for the domain '{domain}' (it has: {known}); "
            f"that of any other, {other if isinstance(other, float) else other[0]:g}, counts"
        )


def _say_assumed(policy: Policy, domain: str) -> None:
    """Of costs, which differ by domain, where nobody said which one the request is of."""
    from tactful.policy import CostPolicy, trained_on

    if isinstance(policy, CostPolicy) and trained_on(policy) != [domain]:
        say(
            f"mind: no --domain is given, so a question is worth what it is in '{domain}'; of free chat: --domain chat"
        )


def weighed(policy: Policy, state: State) -> dict[str, Any]:
    """What the policy `cost` weighed, for JSON, and the p(need) from which it asks here; nothing of other policies."""
    from tactful.policy import CostPolicy

    if not isinstance(policy, CostPolicy):
        return {}
    seen = state.public()
    return {"missing": state.missing, **asdict(policy.weigh(seen)), "asks_from_need": policy.tips_at(seen)}
