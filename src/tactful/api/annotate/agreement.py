"""How far can annotators' votes be trusted?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.annotation.agreement.results import Agreement
    from tactful.annotation.votes import Collected

TEXT, DATA = "agreement.txt", "agreement.json"


def measure_agreement(
    *sources: os.PathLike[str] | str,
    out: Path | str | None = None,
    skip_bad: bool = False,
    resamples: int = 1000,
    seed: int = 0,
) -> Agreement:
    """Krippendorff's alpha, Fleiss' and Cohen's kappa, raw agreement beside chance: by question, setting and annotator.

    Each of `sources` is a database of annotations, an exported folder, or a file of labelled moments with votes. Intervals are 95% and go by session.
    A figure that is undefined has the value None, and `undefined` says why. `out` is a new folder for the tables as text
    and as JSON.

    Raises DataError for a source without votes and for its first bad row (with `skip_bad` these are counted), UsageError
    where some sources name annotators and others do not.
    """
    return told_agreement(read_votes(*sources, skip_bad=skip_bad), out=out, seed=seed, resamples=resamples)


def read_votes(*sources: os.PathLike[str] | str, skip_bad: bool = False) -> Collected:
    """What was collected in all of them. Raises: as `measure_agreement`."""
    from tactful.annotation.reading import merged, read_collected

    if not sources:
        raise UsageError("nothing to measure; give a folder of annotations or a file of labelled moments")
    return merged([read_collected(os.fspath(one), skip_bad=skip_bad) for one in sources])


def told_agreement(collected: Collected, *, out: Path | str | None, seed: int, resamples: int) -> Agreement:
    """The agreement, written to `out` where it is given. Raises: UsageError where it lies there already."""
    from tactful.annotation.agreement.measure import measure_agreement
    from tactful.annotation.agreement.telling import agreement_lines
    from tactful.data.page import refuse_existing, write_texts

    if out is not None:
        refuse_existing(Path(out), (TEXT, DATA))
    found = measure_agreement(collected, seed=seed, resamples=resamples)
    if out is not None:
        text = "".join(f"{line}\n" for line in agreement_lines(found))
        write_texts(Path(out), {TEXT: text, DATA: found.model_dump_json(indent=2) + "\n"})
    return found
