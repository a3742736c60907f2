"""What labelled turns are good for: a judge of your own, what its confidence means, and how good it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, get_args

from tactful.api.options import one_of, spec_of, takes
from tactful.api.runs import Run, outside_loop
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.evaluation.feedback.pipeline import JudgeChoice, Judged, Labelled
    from tactful.evaluation.feedback.results import FeedbackEvaluation
    from tactful.feedback.embedded.linear import LinearModel
    from tactful.feedback.judging.confidence import ConfidenceMap


class ChoiceOptions(TypedDict, total=False):
    """Who judges labelled turns."""

    model: str
    """`embedded` (default), `offline` or the name of a model."""
    trained: Path | str | None
    """embedded: what `train_feedback_judge` saved, a reader's name or folder, or `lexicon`; default: the bundled reader."""
    judged: Run[Any] | Path | str | None
    """A run of `judge` on these turns, in place of judging them now."""
    cross_fit: int | None
    """embedded: train in so many folds by dialogue, judge what was left out."""
    base_url: str | None
    api_key_env: str
    timeout: float | None
    cache: Path | str | None
    seed: int


def labelled_turns(
    source: Labelled | Path | str | Sequence[Path | str], *, skip_bad: bool = False
) -> Labelled:
    """The labelled turns of some files (`label7` in each row), `.turns`, and what was left out. `probes` ships.

    Raises: DataError for a row that cannot be used (unless `skip_bad`); UserError when no turn is labelled.
    """
    from tactful.evaluation.feedback.pipeline import Labelled, read_labelled

    if isinstance(source, Labelled):
        return source
    return read_labelled([source] if isinstance(source, str | os.PathLike) else source, skip_bad=skip_bad)


def train_feedback_judge(
    labelled: Labelled | Path | str | Sequence[Path | str], *, seed: int = 0, skip_bad: bool = False
) -> LinearModel:
    """An embedded judge that has learnt from labelled turns; `.save(path)` for `judge(…, trained=path)`.

    Seconds on a CPU. It never says a label that no turn has. Raises: UserError for one label only.

    >>> import tactful as tf
    >>> model = tf.train_feedback_judge("probes")
    >>> model.save("judge.npz")
    >>> model.card["turns"] > 100
    True
    """
    from tactful.feedback.embedded.linear import train_linear

    return train_linear(labelled_turns(labelled, skip_bad=skip_bad).turns, seed=seed)


@takes(ChoiceOptions)
def fit_confidence(
    labelled: Labelled | Path | str | Sequence[Path | str],
    *,
    method: Literal["auto", "platt", "isotonic"] = "auto",
    tolerant: bool = False,
    skip_bad: bool = False,
    **by: Unpack[ChoiceOptions],
) -> ConfidenceMap:
    """What a judge's confidence means: the probability in [0, 1] of being right, per source, out of fold.

    `.save(path)` for `judge(…, confidence=path)`. `tolerant` counts a label listed in `accept` as right.

    Raises: UserError when no source has enough turns; UsageError for `cross_fit` without a trained judge.

    >>> import tactful as tf
    >>> found = tf.fit_confidence("probes")
    >>> found.judge.partition(':')[0]
    'embedded'
    """
    return fitted_confidence(labelled, method=method, tolerant=tolerant, skip_bad=skip_bad, **by)[0]


def fitted_confidence(
    labelled: Labelled | Path | str | Sequence[Path | str],
    *,
    method: Literal["auto", "platt", "isotonic"] = "auto",
    tolerant: bool = False,
    skip_bad: bool = False,
    **by: Unpack[ChoiceOptions],
) -> tuple[ConfidenceMap, dict[str, str], Judged]:
    """`fit_confidence` with (source → why it has no map) and the judgements that it rests on."""
    from tactful.evaluation.feedback.pipeline import judged_by
    from tactful.feedback.judging.confidence import Method
    from tactful.feedback.judging.confidence import fit_confidence as fit

    one_of("method", method, get_args(Method))
    if by.get("cross_fit") is not None and by.get("trained") is None:
        raise UsageError("--cross-fit fits the confidence of a trained judge; name it with --trained")
    choice, read = _choice(by), labelled_turns(labelled, skip_bad=skip_bad)
    judged = outside_loop(lambda: judged_by(read, choice, stated=True))
    found, skipped = fit(
        judged.turns,
        judged.judgements,
        judge=judged.judge,
        method=method,
        tolerant=tolerant,
        seed=choice.seed,
    )
    return found, skipped, judged


@takes(ChoiceOptions)
def evaluate_feedback_judge(
    labelled: Labelled | Path | str | Sequence[Path | str],
    *,
    confidence: Path | str | None = None,
    attacks: bool = False,
    skip_bad: bool = False,
    **by: Unpack[ChoiceOptions],
) -> FeedbackEvaluation:
    """A judge against labels of people: by source, beside baselines, with intervals by dialogue.

    With `cross_fit` and several sources it is also trained on each and tested on the others. `attacks` also tries to
    buy praise (`.attacks`) from the embedded judge.

    Raises: UsageError for a judge that was trained on these turns, and for attacks on another one; ProviderError, StopRun.

    >>> import tactful as tf
    >>> found = tf.evaluate_feedback_judge("probes")
    >>> found.results[0].rows[0].name.partition(':')[0]
    'embedded'
    """
    from tactful.evaluation.feedback.pipeline import evaluate_judge

    choice, read = _choice(by), labelled_turns(labelled, skip_bad=skip_bad)
    fitted = None if confidence is None else Path(confidence)
    return outside_loop(lambda: evaluate_judge(read, choice, confidence=fitted, attacks=attacks))


def _choice(by: ChoiceOptions) -> JudgeChoice:
    from tactful.evaluation.feedback.pipeline import JudgeChoice
    from tactful.feedback.judging.judge import EMBEDDED, MAX_TOKENS, SCRIPTS

    name, judged = by.get("model", EMBEDDED), by.get("judged")
    trained, cache = by.get("trained"), by.get("cache")
    asked = None if name == EMBEDDED else spec_of(name, SCRIPTS, {"max_tokens": MAX_TOKENS, **by}, seed=0)
    return JudgeChoice(
        model=asked,
        trained=None if trained is None else Path(trained),
        cross_fit=by.get("cross_fit"),
        judged=judged.folder if isinstance(judged, Run) else judged,
        cache=None if cache is None else Path(cache),
        seed=by.get("seed", 0),
    )
