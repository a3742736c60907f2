"""`tactful policy`: train a policy on preference pairs, ask it, and see why it decides."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tactful.cli.options import JsonFlag, SeedOption, SkipBadFlag
from tactful.cli.output import emit_json, next_command, say
from tactful.errors import DataError, UsageError

if TYPE_CHECKING:
    from tactful.policy.embedded import EmbeddedPolicy
    from tactful.types import Policy, PreferencePair, State

LEVELS = ("LOW", "MID", "HIGH")

DomainOption = Annotated[
    str | None,
    typer.Option(
        "--domain",
        help="Domain of the request: which estimate of clarity is used; default: the one the policy was trained on.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the noun `policy`."""
    noun = typer.Typer(no_args_is_help=True, help="Which action now? Train, ask and explain a policy.")
    noun.command("train")(train)
    noun.command("act")(act)
    noun.command("explain")(explain)
    app.add_typer(noun, name="policy")


def train(
    pairs: Annotated[
        str,
        typer.Argument(metavar="PAIRS", help="A run of `calibrate pairs`, or JSONL of pairs; `-` is stdin."),
    ],
    out: Annotated[Path, typer.Option("--out", help="The policy file to write (JSON).")],
    head: Annotated[
        Literal["dpo", "ridge"],
        typer.Option(
            "--head", help="`dpo`: pairs weighted by margin; `ridge`: regression of rewards, to compare with."
        ),
    ] = "dpo",
    actions: Annotated[
        str | None,
        typer.Option(
            "--actions",
            help="The action space of the pairs, which orders its actions: needed for your own folder.",
        ),
    ] = None,
    l2: Annotated[
        float | None,
        typer.Option("--l2", help="Above 0; default: chosen by cross-validation over base tasks."),
    ] = None,
    folds: Annotated[int, typer.Option("--folds", min=2, help="Folds for choosing L2.")] = 5,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Train the embedded policy: a linear softmax over actions. Seconds on a CPU.

    Example: `tactful policy train runs/pairs --out policy.json`

    Train on all pairs (`calibrate pairs --select all`): best-against-worst pairs count wins, not their size.
    """
    from tactful.data import read_jsonl
    from tactful.data.check import refuse_other_kind
    from tactful.policy.embedded import save_policy
    from tactful.policy.fitting import fit_policy
    from tactful.policy.table import PairTable
    from tactful.runs import resolve_input
    from tactful.types import PreferencePair

    if out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    path = resolve_input(pairs)
    refuse_other_kind(path, "pairs", given=pairs)
    rows = read_jsonl(path, PreferencePair, skip_bad=skip_bad)
    found = list(rows)
    order = _space_order(actions, found)
    policy = fit_policy(PairTable.from_pairs(found, order), head=head, l2=l2, folds=folds, seed=seed)
    domains = sorted({pair.state.domain for pair in found})
    policy = replace(policy, training={**policy.training, "domains": domains})
    save_policy(policy, out)
    card = {key: value for key, value in policy.training.items() if key != "base_tasks"}
    if rows.bad:
        say(f"{rows.bad} unusable lines left out, the first: {rows.problems[0]}")
    say(
        f"trained on {card['pairs']} pairs of {card['groups']} base tasks; actions {', '.join(policy.actions)}; "
        f"L2 {policy.l2:g}"
    )
    if as_json:
        emit_json({"policy": str(out), "actions": policy.actions, "l2": policy.l2, "bad": rows.bad, **card})
    next_command(f"tactful policy act {shlex.quote(str(out))} --query 'Can you sort out my invoices?'")


def act(
    policy: Annotated[
        str,
        typer.Argument(metavar="POLICY", help="A policy file, or `rule`, `random`, `always-LOW` and so on."),
    ],
    state: Annotated[
        str | None, typer.Argument(metavar="[STATE]", help="JSONL of states; `-` is stdin. Or use --query.")
    ] = None,
    query: Annotated[str | None, typer.Option("--query", help="A request, in place of a file.")] = None,
    domain: DomainOption = None,
    actions: Annotated[
        str,
        typer.Option(
            "--actions", help="rule, random and always-…: the actions, by commas, least asking first."
        ),
    ] = ",".join(LEVELS),
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Print the action and the probabilities for a state, one line each.

    Example: `tactful policy act policy.json --query "Write a function that cleans my list" --domain coding`

    Clarity and complexity are estimated from the text where the state does not bring them. With --json, each line
    is an object of its own.
    """
    from tactful.types import seeded

    opened = _open(policy, _action_names(actions))
    for item in _states(state, query, _domain(opened, domain)):
        _warn_foreign(opened, item)
        decision = opened.act(item.public(), seeded(seed, item.id))
        if as_json:
            _emit_line(
                {
                    "id": item.id,
                    **decision.model_dump(),
                    "clarity": item.query_clarity,
                    "complexity": item.task_complexity,
                }
            )
            continue
        chances = "  ".join(f"{name} {chance:.2f}" for name, chance in decision.probabilities.items())
        typer.echo(
            f"{item.id}\t{decision.action}\t{chances}\tclarity {item.query_clarity:.2f}  complexity {item.task_complexity:.2f}"
        )


def explain(
    policy: Annotated[Path, typer.Argument(metavar="POLICY", help="A policy file of `policy train`.")],
    state: Annotated[
        str | None, typer.Argument(metavar="[STATE]", help="JSONL of states to explain the decision for.")
    ] = None,
    query: Annotated[str | None, typer.Option("--query", help="A request, in place of a file.")] = None,
    domain: DomainOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Say what the policy weighs; with a state, why it decides so.

    Example: `tactful policy explain policy.json --query "Make it nicer"`
    """
    from tactful.policy.embedded import load_policy

    opened = load_policy(policy)
    if state is None and query is None:
        _explain_weights(opened, as_json=as_json)
        return
    for item in _states(state, query, _domain(opened, domain)):
        _warn_foreign(opened, item)
        _explain_decision(opened, item, as_json=as_json)


def _emit_line(row: dict[str, Any]) -> None:
    """One of several results for a program: a JSON object on a line of its own."""
    typer.echo(json.dumps(row, ensure_ascii=False))


def _action_names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if len(set(names)) < max(2, len(names)):
        raise UsageError(
            f"--actions '{text}': expected at least two different names by commas, least asking first"
        )
    return names


def _space_order(actions: str | None, pairs: list[PreferencePair]) -> tuple[str, ...] | None:
    """The actions of the space from least to most asking; None: those of the bundled spaces order themselves.

    Raises UsageError when the pairs name actions of another space and none was given.
    """
    from tactful.calibration.play.actions import load_action_space

    if actions is not None and pairs:
        return load_action_space(actions, pairs[0].state.domain).names
    bundled = {"LOW", "MID", "HIGH", "Execute", "Clarify"}
    foreign = {name for pair in pairs for name in (pair.chosen_action, pair.rejected_action)} - bundled
    if foreign:
        raise UsageError(
            f"the pairs name the actions {', '.join(sorted(foreign))} of an action space of yours; "
            "say which with --actions FOLDER, so that they are in order of how much they ask"
        )
    return None


def _open(policy: str, actions: tuple[str, ...]) -> Policy:
    from tactful.policy import open_policy
    from tactful.policy.embedded import load_policy

    if policy in ("rule", "random") or policy.startswith("always-"):
        return open_policy(policy, actions)
    return load_policy(Path(policy.removeprefix("policy:")))


def _trained_on(policy: Policy) -> list[str]:
    """The domains of a trained policy's pairs; empty when there are none or its file does not say."""
    return list(getattr(policy, "training", {}).get("domains", []))


def _domain(policy: Policy, given: str | None) -> str:
    """The domain that a row without one is of: the one given, else the policy's own, else coding."""
    if given is not None:
        return given
    domains = _trained_on(policy)
    return domains[0] if len(domains) == 1 else "coding"


def _warn_foreign(policy: Policy, state: State) -> None:
    domains = _trained_on(policy)
    if domains and state.domain not in domains:
        say(
            f"warning: {state.id} is of domain '{state.domain}', the policy was trained on {', '.join(domains)}: "
            "what it says here was never measured"
        )


def _states(path: str | None, query: str | None, domain: str) -> list[State]:
    from tactful.calibration.tasks.state_rows import state_rows
    from tactful.calibration.tasks.states import complete_states
    from tactful.text import detect_lang
    from tactful.types import State

    if (path is None) == (query is None):
        raise UsageError("give either a file of states or --query, one of the two")
    if path is not None:
        found = complete_states(list(state_rows(path, domain=domain)))
        if not found:
            raise DataError.at(
                path, None, "holds no state", fix="write one JSON object with a 'query' per line"
            )
        return found
    assert query is not None
    if not query.strip():
        raise UsageError("--query is empty; give the request as the user wrote it")
    return complete_states([State(id="query", domain=domain, query=query, lang=detect_lang(query))])


def _explain_weights(policy: EmbeddedPolicy, *, as_json: bool) -> None:
    from tactful.policy.features import FEATURES

    centred = policy.weights - policy.weights.mean(axis=0)
    rows = {
        name: {action: float(centred[row, place]) for row, action in enumerate(policy.actions)}
        for place, name in enumerate(FEATURES)
    }
    if as_json:
        emit_json({"head": policy.head, "l2": policy.l2, "weights": rows, "training": policy.training})
        return
    typer.echo(
        f"{policy.name}: weight of each feature for each action, per standard deviation of the feature"
    )
    typer.echo(f"{'':<20}" + "".join(f"{action:>9}" for action in policy.actions))
    order = sorted(rows, key=lambda name: -max(map(abs, rows[name].values())))
    for name in order:
        cells = "".join(f"{weight:>+9.2f}" for weight in rows[name].values())
        typer.echo(f"{name:<20}{cells}   {FEATURES[name]}")


def _explain_decision(policy: EmbeddedPolicy, state: State, *, as_json: bool) -> None:
    from tactful.policy.features import FEATURES
    from tactful.types import seeded

    seen = state.public()
    decision = policy.act(seen, seeded(0))
    others = sorted(
        (name for name in policy.actions if name != decision.action),
        key=lambda name: -decision.probabilities[name],
    )
    parts = policy.contributions(seen, decision.action, others[0])
    if as_json:
        _emit_line({"id": state.id, "action": decision.action, "against": others[0], "contributions": parts})
        return
    typer.echo(
        f"{state.id}: {decision.action} rather than {others[0]} (probability {decision.probabilities[decision.action]:.2f})"
    )
    for name, move in sorted(parts.items(), key=lambda item: -abs(item[1])):
        if abs(move) >= 0.005:
            typer.echo(f"  {move:+.2f}  {FEATURES.get(name, 'how often each action was right in training')}")
