"""What is wrong with a published set of judged moments?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.annotation.published.results import PublishedAudit


def audit_proactivebench(
    *files: os.PathLike[str] | str, resamples: int = 1000, seed: int = 0
) -> PublishedAudit:
    """Leaks, session groups, labels against votes, missing silence, agreement beside chance, and what a look-up scores.

    `files` hold rows in ProactiveBench's form (`obs`, `pred_task`, `valid`, `help_needed`, `annotation`, `category`). Of
    several the first is the training file: the look-up of the others knows it alone; that of the first leaves out the item
    that it judges. Rows that cannot be read are counted, and so are categories that contradict `valid`.

    Raises UserError when a file cannot be opened, DataError where it is no JSON lines.
    """
    from tactful.annotation.published.audit import audit_published
    from tactful.annotation.published.reading import read_published

    if not files:
        raise UsageError("nothing to audit; give a file in ProactiveBench's form")
    return audit_published([read_published(os.fspath(one)) for one in files], seed=seed, resamples=resamples)
