"""Annotations as what trains and measures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tactful.annotation.export.aggregate import Rule
    from tactful.annotation.export.pipeline import AnnotationsExport, Form
    from tactful.annotation.votes import Collected


def export_annotations(
    source: Collected | os.PathLike[str] | str,
    to: Form,
    out: Path | str,
    *,
    aggregate: Rule = "majority",
    min_votes: int = 2,
    test_share: float = 0.2,
    as_published: bool = False,
    seed: int = 0,
    skip_bad: bool = False,
) -> AnnotationsExport:
    """What was written into the new folder `out`: annotations in a form, with what the rule over votes kept and dropped.

    `source` is a database, an exported folder, or a file of labelled moments with votes. `to`: `votes` (everything as it
    is), `reward` and `proactivebench` (labelled moments), `feedback` (labelled turns), `states` (labelled requests) or
    `pairs` (preference pairs); all but `votes` as `train.jsonl` and `test.jsonl`, which share no session.

    Raises UsageError for a form or rule that does not fit; UserError where the rule keeps nothing, or for a folder that holds
    files; DataError for a bad row.

    >>> import tactful as tf
    >>> from pathlib import Path
    >>> row = '{"obs": [{"event": "opens %d.py"}], "pred_task": "Test it", "valid": true, "annotation": [true, true]}'
    >>> _ = Path("voted.jsonl").write_text("\\n".join(row % number for number in range(5)))
    >>> done = tf.export_annotations("voted.jsonl", "reward", "labels", aggregate="soft")
    >>> done.files, done.labels
    ({'train.jsonl': 8, 'test.jsonl': 2}, {'hit': 5, 'missed-need': 5})
    """
    from tactful.annotation.export.pipeline import ExportOptions, export_collected
    from tactful.annotation.reading import read_collected

    options = ExportOptions(aggregate, min_votes, test_share, published=as_published, seed=seed)
    given = (
        read_collected(os.fspath(source), skip_bad=skip_bad)
        if isinstance(source, str | os.PathLike)
        else source
    )
    return export_collected(given, to, out, options)
