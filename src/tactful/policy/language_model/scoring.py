"""How likely a language model holds each of several answers to a prompt, without writing any of them.

The log-probability of an answer is the sum over all its tokens, the end of the turn included: no answer is then the
beginning of another, and those of different length compare. Prompts go through the model once, in batches; the answers
go on from what it kept of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Tokens = Sequence[int]
_AT_ONCE = 8192
"""Most tokens of prompts in a batch, padding included."""


def log_probabilities(model: Any, prompts: Sequence[Tokens], answers: Sequence[Sequence[Tokens]]) -> Floats:
    """(prompts, answers): log P(answer | prompt), natural, of each prompt's own answers; all have equally many.

    How prompts are batched changes nothing but the last digits.
    """
    found = np.empty((len(prompts), len(answers[0]) if answers else 0))
    for places in _batches(prompts):
        found[places] = _scored(model, [prompts[at] for at in places], [answers[at] for at in places])
    return found


def _batches(prompts: Sequence[Tokens]) -> Iterator[list[int]]:
    """Positions of the prompts, those of like length together."""
    batch: list[int] = []
    for at in sorted(range(len(prompts)), key=lambda at: len(prompts[at])):
        if batch and (len(batch) + 1) * len(prompts[at]) > _AT_ONCE:
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch


def _scored(model: Any, prompts: Sequence[Tokens], answers: Sequence[Sequence[Tokens]]) -> Floats:
    import torch

    device, each = next(model.parameters()).device, len(answers[0])
    longest = max(map(len, prompts))
    ids, mask = _padded(prompts, longest, left=True)
    ends = [answer for of_one in answers for answer in of_one]
    written, filled = _padded(ends, max(map(len, ends)), left=False)
    with torch.no_grad():
        seen = model(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            position_ids=(mask.cumsum(1) - 1).clamp(min=0).to(device),
            use_cache=True,
            logits_to_keep=1,
        )
        first = seen.logits[:, -1].float().log_softmax(-1).repeat_interleave(each, 0)
        found = first.gather(1, written[:, :1].to(device)).double()
        if written.shape[1] > 1:
            seen.cache.batch_repeat_interleave(each)
            before = mask.repeat_interleave(each, 0)
            steps = torch.arange(written.shape[1] - 1)
            after = model(
                input_ids=written[:, :-1].to(device),
                attention_mask=torch.cat([before, filled[:, :-1]], 1).to(device),
                position_ids=(before.sum(1, keepdim=True) + steps).to(device),
                cache=seen.cache,
                use_cache=True,
            )
            rest = after.logits.float().log_softmax(-1).gather(2, written[:, 1:, None].to(device))[..., 0]
            found = found + (rest.double() * filled[:, 1:].to(device)).sum(1, keepdim=True)
    scores: Floats = found.reshape(len(prompts), each).cpu().numpy()
    return scores


def _padded(rows: Sequence[Tokens], width: int, *, left: bool) -> tuple[Any, Any]:
    """Rows of tokens as one tensor, filled up with token 0, and 1 where a token stands."""
    import torch

    ids, mask = (
        torch.zeros(len(rows), width, dtype=torch.long),
        torch.zeros(len(rows), width, dtype=torch.long),
    )
    for at, row in enumerate(rows):
        place = slice(width - len(row), width) if left else slice(0, len(row))
        ids[at, place], mask[at, place] = torch.tensor(row), 1
    return ids, mask
