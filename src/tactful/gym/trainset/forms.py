"""Judged points as what trainers read: the accepted answer, accepted against rejected, and every verdict as a moment.

The prompt is the assistant's in an episode, cut to a limit of tokens: whole events go, the oldest first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tactful.data.exporting.forms import Answered, Preference, said
from tactful.data.formats.episodes import SIMULATED
from tactful.errors import ConfigError
from tactful.gym.play.asking import MAX_CHARS
from tactful.gym.play.assistant import propose_prompt
from tactful.gym.trainset.offering import answer_text
from tactful.gym.trainset.types import JudgedPoint, Try
from tactful.text import estimate_tokens
from tactful.types import LabelledMoment, Message, MomentLabel

Count = Callable[[str], int]
"""Tokens of a text."""
MESSAGE_TOKENS = 8
"""What a chat template adds to each message, from above."""


@dataclass(frozen=True)
class Fit:
    """How long a row may be."""

    tokens: int = 4096
    """Most of prompt and answer together; the `cutoff_len` of the YAML that lies beside is no less."""
    count: Count = estimate_tokens
    max_chars: int = MAX_CHARS
    """Most characters of events, as the proposer was asked; an assistant in an episode sees no more."""

    def messages(self, point: JudgedPoint, answers: list[str]) -> tuple[Message, ...] | None:
        """The prompt with as many of the latest events as fit with the longest answer; None where not even one does."""
        longest = max(map(self.count, answers), default=0) + MESSAGE_TOKENS

        def made(max_chars: int) -> tuple[Message, ...]:
            return propose_prompt(point.seen, max_chars).messages

        def fits(messages: tuple[Message, ...]) -> bool:
            lengths = (self.count(message.content) + MESSAGE_TOKENS for message in messages)
            return sum(lengths) + longest <= self.tokens

        most = sum(len(event.text) + len(event.time) for event in point.moment.events)
        most = min(most, self.max_chars)
        if fits(whole := made(most)):
            return whole
        too_many = bisect_left(range(most), True, key=lambda max_chars: not fits(made(max_chars)))
        return made(too_many - 1) if too_many else None


def counter(tokenizer: Path | None) -> tuple[Count, str]:
    """How tokens are counted, and what that is called: by the `tokenizer.json` of a model, or estimated without one.

    Raises: ConfigError where there is no such file, or it cannot be read.
    """
    if tokenizer is None:
        return estimate_tokens, "estimated"
    from tokenizers import Tokenizer

    file = tokenizer / "tokenizer.json" if tokenizer.is_dir() else tokenizer
    try:
        loaded = Tokenizer.from_str(file.read_text(encoding="utf-8"))
    except Exception as error:  # the library raises bare ones
        raise ConfigError(
            f"{file}: no tokenizer can be read there ({error}); give a tokenizer.json, or the folder that holds it"
        ) from error
    return lambda text: len(loaded.encode(text).ids), str(file)


def answered(point: JudgedPoint, fit: Fit) -> Answered | None:
    """The accepted answer with its prompt; None without one, or where it does not fit."""
    if point.accepted is None:
        return None
    text = answer_text(point.accepted)
    messages = fit.messages(point, [text])
    return None if messages is None else Answered(point.id, messages, said(text))


def preferences(point: JudgedPoint, fit: Fit) -> Iterator[tuple[Preference, float | None]]:
    """The accepted answer against each rejected one at the same prefix, with the margin between them."""
    best = point.accepted
    if best is None or not point.rejected:
        return
    texts = [answer_text(one) for one in (best, *point.rejected)]
    messages = fit.messages(point, texts)
    if messages is None:
        return
    chosen = said(texts[0])
    for number, (one, text) in enumerate(zip(point.rejected, texts[1:], strict=True)):
        yield Preference(f"{point.id}/{number}", messages, chosen, said(text)), margin(best, one)


def margin(chosen: Try, rejected: Try) -> float | None:
    """Difference of the probabilities of acceptance where the judge gives them, else of the verdicts: 1.

    None where the probabilities say the opposite of the verdicts, as those of offers and of silence may, which are
    calibrated apart.
    """
    if chosen.p_accept is None or rejected.p_accept is None:
        return 1.0
    gap = round(chosen.p_accept - rejected.p_accept, 6)
    return gap if gap > 0 else None


def labelled(point: JudgedPoint) -> Iterator[LabelledMoment]:
    """Each verdict as a moment; unscored candidates are none. The session is the scene's group."""
    for number, one in enumerate(point.tries):
        if one.accepted is None:
            continue
        told = {"id": f"{point.id}/{number}", "proposal": one.proposal}
        yield LabelledMoment(
            moment=point.moment.model_copy(update=told),
            label=MomentLabel(accepted=one.accepted, help_needed=_needed(point, one), judge=point.judge),
        )


def _needed(point: JudgedPoint, one: Try) -> bool | None:
    """Whether help was wanted, as this judge knows it: of a model, what its verdict on silence or on taken help says."""
    if point.judge == SIMULATED:
        return point.help_wanted
    if one.proposal is None:
        return not one.accepted
    return True if one.accepted else None
