"""A judge is not measured by its own word: where it gave the labels, or selected what an assistant learnt, its verdict says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from tactful.errors import UsageError
from tactful.types import LabelledMoment


def same_judge(one: str, other: str) -> bool:
    """Whether two names mean one judge: `GPT-4.1-mini`, `openai/gpt-4.1-mini` and `./models/gpt-4.1-mini/` do."""
    return bool(one and other) and PurePath(one.casefold()).name == PurePath(other.casefold()).name


def refuse_own_word(
    items: Sequence[LabelledMoment], judge: str, *, allow: bool, called: str = ""
) -> tuple[str, ...]:
    """What to warn of; nothing where no label of `items` was given by `judge`, an identity as `MomentLabel.judge` has it.

    Raises: UsageError where one was, unless `allow`.
    """
    own = sum(same_judge(item.label.judge, judge) for item in items)
    if not own:
        return ()
    if not allow:
        raise UsageError(
            f"{called or judge}: gave {own} of the {len(items)} labels in these data itself, so that what it says of them "
            "measures nothing; give labels by people or by another judge, or --allow-seen, which marks them"
        )
    return (
        f"{called or judge} gave {own} of these {len(items)} labels itself: these figures measure NOTHING",
    )


def refuse_selecting(
    judge: str, selected_by: Sequence[str], assistant: str, *, allow: bool
) -> tuple[str, ...]:
    """What to warn of; nothing unless `judge` is one of those that selected what `assistant` was trained on.

    Raises: UsageError where it is, unless `allow`.
    """
    if not any(same_judge(judge, one) for one in selected_by):
        return ()
    if not allow:
        raise UsageError(
            f"{assistant}: was trained on answers that '{judge}' selected, so that the same judge's verdict on it measures "
            "nothing; judge by another one, or --allow-seen, which marks it"
        )
    return (f"{assistant} was trained on answers that '{judge}' selected: its figures measure NOTHING",)
