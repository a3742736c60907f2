"""`tactful feedback judge`: every follow-up message of a chat log gets a label and a reward."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.feedback.options import ConfidenceOption, TrainedOption, split_names
from tactful.cli.options import (
    DryRunFlag,
    JsonFlag,
    LogFlags,
    RunFlags,
    SamplesOption,
    SkipBadFlag,
    ThinkingFlags,
)
from tactful.cli.output import (
    emit_json,
    end_empty,
    next_command,
    print_lines,
    quoted,
    say,
    tell_bad,
    tell_failures,
    tell_forecast,
)
from tactful.text.counting import counted

if TYPE_CHECKING:
    from tactful.feedback.judging.panel import PanelReport
    from tactful.feedback.report.outcome import JudgingOutcome


def judge(
    source: Annotated[
        str,
        typer.Argument(
            metavar="CHATS", help="Chat log of any known format, or a folder of them; `-` is stdin."
        ),
    ],
    *,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="Model name; `embedded` needs no network; `offline` rehearses. Default: gpt-5-nano.",
        ),
    ] = None,
    reader: Annotated[
        str | None,
        typer.Option(
            "--reader",
            help="Instead of --model: a reader judges: `encoder`, `surface`, a folder, `MODEL` or `decisions:MODEL`.",
        ),
    ] = None,
    samples: SamplesOption = 5,
    judges: Annotated[
        str | None, typer.Option("--judges", help="A panel instead of --model: model names by commas.")
    ] = None,
    votes: Annotated[int, typer.Option("--votes", min=1, help="Draws from every judge.")] = 1,
    tau_c: Annotated[
        float | None,
        typer.Option("--tau-c", min=0, max=1, help="Confidence below which a judgement counts for nothing."),
    ] = None,
    config_file: Annotated[
        Path | None, typer.Option("--config", help="TOML with `tau_c` and the table `rewards`.")
    ] = None,
    trained: TrainedOption = None,
    confidence: ConfidenceOption = None,
    precision: Annotated[
        float | None,
        typer.Option(
            "--precision",
            min=0.01,
            max=1,
            help="τ_c as the precision that labels above it must have; needs --confidence.",
        ),
    ] = None,
    max_chars: Annotated[
        int | None,
        typer.Option(
            "--max-chars",
            min=500,
            help="--model, --judges: longest text that is sent whole; halved by itself where the model's context is too short.",
        ),
    ] = None,
    log: LogFlags,
    at: ThinkingFlags,
    run: RunFlags,
    skip_bad: SkipBadFlag = False,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Label every follow-up message of a chat log and turn it into a reward.

    Example: `tactful feedback judge chats.jsonl --model embedded --out runs/feedback`

    With a panel of models: `tactful feedback judge chats.jsonl --judges gpt-5-nano,gpt-4.1-mini --budget-usd 2`
    """
    from tactful.api.feedback import judge as judging

    chosen: judging.JudgingOptions = {
        "model": model,
        "reader": reader,
        "samples": samples,
        "judges": None if judges is None else split_names(judges),
        "votes": votes,
        "tau_c": tau_c,
        "config": config_file,
        "trained": trained,
        "confidence": confidence,
        "precision": precision,
        "max_chars": max_chars,
        "skip_bad": skip_bad,
        "reading": log.given(),
        **at.given(),
        **run.given(),
    }
    if dry_run:
        expected = judging.forecast_judge(source, **chosen)
        words = f"{expected.turns} turns; estimated, nothing was sent:"
        tell_forecast(expected, words, [(one.judge, one) for one in expected.judges], as_json=as_json)
        return
    _tell(judging.judge(source, **chosen).outcome, as_json=as_json)


def _tell(found: JudgingOutcome, *, as_json: bool) -> None:
    summary, shares, config = found.summary, found.shares, found.config
    if as_json:
        emit_json(found.as_dict())
    else:
        print_lines(*shares.lines())
    if "offline" in config.judges:
        say("a rehearsal: cues made these labels, no language model read anything")
    if warnings := found.warnings():
        say(
            f"warning: {'; '.join(warnings)}; this model may not have read the turns: look at some in {summary.folder.path}, "
            "and measure it with 'tactful feedback evaluate' before you trust its rewards"
        )
    _tell_counts(found)
    if found.panel is not None:
        _tell_panel(found.panel)
    if config.confidence and shares.not_fitted:
        sources = ", ".join(sorted(shares.sources_not_fitted))
        say(
            f"{shares.not_fitted} confidences stay as stated: {config.confidence} was not fitted on {sources}, and a "
            "fit does not carry over; label turns of it and run 'tactful feedback fit-confidence'"
        )
    tell_failures(summary)
    place = quoted(summary.folder.path)
    if shares.unscored:
        say(f"take the unscored again: tactful runs retry {place} --unscored")
    end_empty(summary)
    next_command(f"tactful feedback report {place} --out report.html")


def _tell_counts(found: JudgingOutcome) -> None:
    count, summary, shares = found.turns.count, found.summary, found.shares
    say(
        f"{counted(count.dialogues, 'dialogue')} with {counted(count.answers, 'answer')}: "
        f"{counted(count.turns, 'turn')}, {counted(count.no_follow_up, 'answer')} without a follow-up, "
        f"{counted(count.no_query, 'opening')} without a query"
    )
    if count.blank_user_messages:
        told = counted(count.blank_user_messages, "message")
        say(
            f"{told} of users without text (an image alone, say) left out; answers that one parted count as one"
        )
    tell_bad(found.turns.rows)
    mean = "" if shares.mean_reward is None else f", mean reward {shares.mean_reward:+.3f}"
    say(
        f"{summary.done} of {summary.read} turns judged ({shares.unscored} unscored), {summary.failed} failed; "
        f"{shares.updates} are above the cut{mean}; in {summary.folder.path}"
    )


def _tell_panel(panel: PanelReport) -> None:
    reliability = ", ".join(f"{name} {value:.2f}" for name, value in panel.reliability.items())
    agree = "" if panel.unanimous is None else f"unanimous on {panel.unanimous:.1%} of the turns, "
    agree += "" if panel.alpha is None else f"Krippendorff's alpha {panel.alpha:.2f}, "
    spread = "" if panel.disagreement is None else f"vote entropy {panel.disagreement:.2f} (0 = all agree)"
    say(f"panel: {agree}{spread}; {panel.unreadable_votes} of {panel.votes} votes unreadable")
    say(f"votes expected to be right, by the votes alone: {reliability or 'not estimable'}")
    if panel.votes > (panel.turns + panel.unscored) * len(panel.judges):
        say(
            "draws of one model repeat its mistakes, so these posteriors are too sure: "
            "correct them with 'tactful feedback fit-confidence' where there are labelled turns"
        )
    if not panel.converged:
        say(
            f"warning: the panel's model did not settle in {panel.iterations} iterations; read its posteriors with care"
        )
