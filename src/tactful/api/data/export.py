"""Preference pairs as trainers read them; episodes as traces or moments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.data.exporting.pairs import PairsExport
    from tactful.gym.traces import MomentsExport, TracesExport
    from tactful.utterance.export import UtteranceExport


@overload
def export(
    pairs: os.PathLike[str] | str,
    to: Literal["trl", "llama-factory", "openai"],
    out: Path | str,
    *,
    skip_bad: bool = False,
) -> PairsExport | UtteranceExport: ...
@overload
def export(
    pairs: os.PathLike[str] | str,
    to: Literal["traces"],
    out: Path | str,
    *,
    times: Literal["epoch", "text"] = "epoch",
) -> TracesExport: ...
@overload
def export(pairs: os.PathLike[str] | str, to: Literal["moments"], out: Path | str) -> MomentsExport: ...
@overload
def export(
    pairs: os.PathLike[str] | str,
    to: str,
    out: Path | str,
    *,
    times: Literal["epoch", "text"] = "epoch",
    skip_bad: bool = False,
) -> PairsExport | UtteranceExport | TracesExport | MomentsExport: ...
def export(
    pairs: os.PathLike[str] | str,
    to: str,
    out: Path | str,
    *,
    times: Literal["epoch", "text"] = "epoch",
    skip_bad: bool = False,
) -> PairsExport | UtteranceExport | TracesExport | MomentsExport:
    """What was written into the new folder `out`: preference pairs in a trainer's form, their provenance beside.

    `to`: `trl`, `llama-factory` or `openai`; `traces` or `moments` of episodes. `pairs` is a run of `pairs` or
    `synthesize`, or a file. Of `synthesize` also every chosen side for SFT. The hidden side of a task, and what a user
    wrote next, are never in a prompt. Pairs with two equal sides and repeated ones
    are left out and counted, as a reader sees them; of two that contradict each other both are written, and that is
    counted. To `traces`: the episodes of `gym run` as ProactiveBench's traces, their times in seconds
    since 1970 or as `Day 1, 9:00:05 AM`; to `moments`: their labelled moments.

    Raises UserError for an unknown form, no pairs, or a folder that holds files; DataError for a bad line.

    >>> import tactful as tf
    >>> run = tf.rollout(tf.states("coding", n=4), model="offline", out="runs/r", progress="off")
    >>> pairs = tf.pairs(tf.reward(run, out="runs/w"), out="runs/p")
    >>> done = tf.export(pairs, "trl", "training")
    >>> done.pairs + done.equal_sides + done.repeated == len(pairs.rows())
    True
    """
    from tactful.data.check import refuse_other_kind
    from tactful.data.exporting.forms import FORMS
    from tactful.data.exporting.pairs import export_pairs, pairs_file
    from tactful.utterance.export import export_utterance, holds_pairs

    source = Path(pairs)
    if to not in (known := (*FORMS, "traces", "moments")):
        raise UsageError(f"--to '{to}' is not known; choose one of: {', '.join(known)}")
    if times not in ("epoch", "text"):
        raise UsageError(f"--times '{times}' is not known; choose epoch or text")
    if times != "epoch" and to != "traces":
        raise UsageError(f"--times {times} belongs to --to traces")
    if to in ("traces", "moments"):
        return _episodes(source, to, out, times, skip_bad=skip_bad)
    if holds_pairs(source):
        return export_utterance(source, to, out, skip_bad=skip_bad)
    if skip_bad:
        raise UsageError(f"--skip-bad is for records of 'utterance synthesize'; {source} holds other pairs")
    refuse_other_kind(pairs_file(source), "pairs", given=source)
    return export_pairs(source, to, out)


def _episodes(
    source: Path, to: str, out: Path | str, times: Literal["epoch", "text"], *, skip_bad: bool
) -> TracesExport | MomentsExport:
    from tactful.data.check import refuse_other_kind
    from tactful.gym.traces import export_moments, export_traces
    from tactful.runs import resolve_input

    if skip_bad:
        raise UsageError("--skip-bad is for records of 'utterance synthesize'; a bad episode is nothing else")
    refuse_other_kind(resolve_input(source), "episodes", given=source)
    return export_traces(source, out, times) if to == "traces" else export_moments(source, out)
