"""ProactiveBench's own figures of a reward model, by its rules and with its quirks. Nothing here is corrected.

- The positive class is `accepted`; what counts as true is the people's verdict (`valid`).
- An unreadable judgement is no verdict in the accuracy of its category: it counts as wrong.
- In TP, FP, TN and FN an unreadable judgement falls to 'not accepted'. One on a moment that people rejected is thus a
  true negative, and Accuracy can exceed the mean over the categories.
- No interval, no weights: the published test set held 30 moments of each category, other data do not.

Source: the scoring of reward models in the code of arXiv:2410.12361. There an empty category or an empty row of the
table stops the program; here the figure is None.
"""

from __future__ import annotations

from collections.abc import Sequence

from tactful.evaluation.judges.results import CATEGORIES, PublishedRow
from tactful.types import LabelledMoment


def as_published(
    items: Sequence[LabelledMoment],
    said: Sequence[float | None],
    *,
    name: str,
    baseline: bool = False,
) -> PublishedRow:
    """The published figures. `said` is 1 (accepted), 0 (rejected), None (unreadable), or a share: expected counts."""
    right = dict.fromkeys(CATEGORIES, 0.0)
    count = dict.fromkeys(CATEGORIES, 0)
    tp = fp = tn = fn = 0.0
    for item, verdict in zip(items, said, strict=True):
        valid, yes = item.label.accepted, verdict or 0.0
        count[item.category] += 1
        if verdict is not None:
            right[item.category] += verdict if valid else 1 - verdict
        if valid:
            tp, fn = tp + yes, fn + 1 - yes
        else:
            fp, tn = fp + yes, tn + 1 - yes
    return PublishedRow(
        name=name,
        baseline=baseline,
        category_accuracy={key: right[key] / count[key] for key in CATEGORIES if count[key]},
        tp=tp,
        fp=fp,
        tn=tn,
        fn=fn,
        accuracy=_ratio(tp + tn, len(items)),
        precision=_ratio(tp, tp + fp),
        recall=_ratio(tp, tp + fn),
        f1=_ratio(2 * tp, 2 * tp + fp + fn),
    )


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
