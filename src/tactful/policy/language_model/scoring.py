"""How likely a language model holds each of several answers to a prompt, without writing any of them.

The log-probability of an answer is the sum over all its tokens, the end of the turn included: no answer is then the
beginning of another, and those of different length compare. Prompts go through the model once, in batches, and what all
begin with (the instruction) once for all; the answers go on from what it kept of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Tokens = Sequence[int]
_WORTH = 16
"""Fewest tokens that are read once for all prompts."""
_AT_ONCE = 24_576
"""Most tokens kept for a batch: its prompts with what they share, padding included, once for each answer."""


def log_probabilities(model: Any, prompts: Sequence[Tokens], answers: Sequence[Sequence[Tokens]]) -> Floats:
    """(prompts, answers): log P(answer | prompt), natural, of each prompt's own answers; all have equally many.

    How prompts are batched changes nothing but the last digits.
    """
    found = np.empty((len(prompts), len(answers[0]) if answers else 0))
    shared = _shared(prompts)
    begun = _begun(model, prompts[0][:shared]) if shared else None
    rest = [prompt[shared:] for prompt in prompts]
    for places in _batches(rest, shared, found.shape[1]):
        found[places] = _scored(
            model, [rest[at] for at in places], [answers[at] for at in places], deepcopy(begun), shared
        )
    return found


def _shared(prompts: Sequence[Tokens]) -> int:
    """Tokens that all begin with, where it pays; each keeps one of its own."""
    if len(prompts) < 2:
        return 0
    first, *_, last = sorted(map(tuple, prompts))  # what these share is shared by all between them
    most = min(map(len, prompts)) - 1
    alike = next((at for at in range(most) if first[at] != last[at]), most)
    return alike if alike >= _WORTH else 0


def _begun(model: Any, prompt: Tokens) -> Any:
    """What the model keeps of the beginning."""
    import torch

    ids = torch.tensor([list(prompt)], device=next(model.parameters()).device)
    with torch.no_grad():
        return model(input_ids=ids, use_cache=True, logits_to_keep=1).cache


def _batches(prompts: Sequence[Tokens], shared: int, each: int) -> Iterator[list[int]]:
    """Positions of the prompts, those of like length together; each is kept after `shared` tokens, for `each` answers."""
    batch: list[int] = []
    for at in sorted(range(len(prompts)), key=lambda at: len(prompts[at])):
        if batch and (len(batch) + 1) * each * (shared + len(prompts[at])) > _AT_ONCE:
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch


def _scored(
    model: Any, prompts: Sequence[Tokens], answers: Sequence[Sequence[Tokens]], begun: Any, shared: int
) -> Floats:
    """Of one batch; `begun` is what the model kept of the `shared` tokens before all of them, None without any."""
    import torch

    device, each = next(model.parameters()).device, len(answers[0])
    longest = max(map(len, prompts))
    ids, own = _padded(prompts, longest, left=True)
    mask = torch.cat([torch.ones(len(prompts), shared, dtype=torch.long), own], 1)
    ends = [answer for of_one in answers for answer in of_one]
    written, filled = _padded(ends, max(map(len, ends)), left=False)
    if begun is not None:
        begun.batch_repeat_interleave(len(prompts))
    with torch.no_grad():
        seen = model(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            position_ids=(mask.cumsum(1) - 1).clamp(min=0)[:, shared:].to(device),
            cache=begun,
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
