"""Fine-tune the whole encoder with all its heads on labelled texts. Needs the extra `[train]`; runs on a CPU.

One network, five heads: `need` and `gaps` read requests, `reaction` follow-ups, `accept` and `silence` moments. Texts
of one contrast group stand in one batch, and beside the cross-entropy a ranking term asks that the open one of a pair
scores above the complete one, and an offer at its good moment above the same offer at its bad moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tactful.reading.encoder.examples import Example
from tactful.reading.encoder.training.torch_network import as_tensors
from tactful.types import Record, seeded
from tactful.weights.extras import need, quick_in_bf16


class LearningSettings(Record):
    """How the network is trained."""

    epochs: int = 4
    learning_rate: float = 1.5e-4
    batch: int = 32
    smoothing: float = 0.05
    """Share of the target that goes to the other classes."""
    ranking: float = 0.5
    """Weight of the ranking term."""
    seed: int = 0
    threads: int = 1
    """One is the least work: two wait for each other more than they help on batches this small."""


@dataclass
class Learnt:
    """A trained network (torch) and how training went."""

    network: Any
    losses: list[dict[str, float]] = field(default_factory=list)
    """Mean loss per task, one entry an epoch."""
    seconds: float = 0.0


def fit(
    network: Any,
    examples: Sequence[Example],
    settings: LearningSettings,
    *,
    on_step: Callable[[int, int], None] | None = None,
) -> Learnt:
    """Train what of `network` asks for gradients; its forward is that of `torch_network`."""
    (torch,) = need("torch", what="training a reader")
    torch.set_num_threads(settings.threads)
    learns = [weight for weight in network.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(learns, lr=settings.learning_rate, weight_decay=0.01, fused=True)
    plan = [_batches(examples, settings, epoch) for epoch in range(settings.epochs)]
    total = sum(map(len, plan))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / (0.08 * total)) * max(0.02, 1 - step / total)
    )
    learnt, began, done = Learnt(network), time.monotonic(), 0
    for batches in plan:
        network.train()
        losses: dict[str, list[float]] = {}
        for batch in batches:
            chosen = [examples[at] for at in batch]
            loss = _loss(torch, network, chosen, settings)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learns, 1.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
            losses.setdefault(chosen[0].task, []).append(float(loss.detach()))
            done += 1
            if on_step:
                on_step(done, total)
        learnt.losses.append({task: float(np.mean(values)) for task, values in losses.items()})
    learnt.seconds = time.monotonic() - began
    network.eval()
    return learnt


def _batches(examples: Sequence[Example], settings: LearningSettings, epoch: int) -> list[list[int]]:
    """Indices per batch: one task each, whole groups, like lengths together, in random order."""
    rng = seeded("batches", settings.seed, epoch)
    made: list[list[int]] = []
    tasks = sorted({example.task for example in examples})
    for task in tasks:
        groups: dict[str, list[int]] = {}
        for at, example in enumerate(examples):
            if example.task == task:
                groups.setdefault(example.group, []).append(at)
        order = sorted(
            groups.values(),
            key=lambda group: (
                float(np.mean([len(examples[at].shown.ids) for at in group])) * rng.uniform(0.75, 1.33)
            ),
        )
        made += list(_filled(order, settings.batch))
    rng.shuffle(made)
    return made


def _filled(groups: Sequence[list[int]], size: int) -> Iterator[list[int]]:
    batch: list[int] = []
    for group in groups:
        batch = batch + group
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


def _loss(torch: Any, network: Any, chosen: Sequence[Example], settings: LearningSettings) -> Any:
    """Weighted cross-entropy with smoothing, plus the ranking and gap terms."""
    functional = torch.nn.functional
    place = next(network.parameters()).device
    given = [one.to(place) for one in as_tensors(torch, [one.shown for one in chosen])]
    with torch.autocast(place.type, torch.bfloat16, enabled=quick_in_bf16(place.type)):
        outputs = network(*given)
    task = chosen[0].task
    logits = outputs[task].float().cpu()
    target = torch.tensor([one.target for one in chosen])
    smooth = target * (1 - settings.smoothing) + settings.smoothing / target.shape[1]
    weight = torch.tensor([one.weight for one in chosen])
    each = -(smooth * functional.log_softmax(logits, dim=1)).sum(dim=1)
    loss = (each * weight).sum() / weight.sum()
    pairs = _pairs(chosen)
    if pairs and settings.ranking:
        score = logits[:, 1] - logits[:, 0]
        high, low = torch.tensor(pairs).T
        loss = loss + settings.ranking * functional.softplus(1 - (score[high] - score[low])).mean()
    known = [at for at, one in enumerate(chosen) if one.gaps]
    if known:
        wanted = torch.tensor([chosen[at].gaps for at in known])
        loss = loss + 0.2 * functional.binary_cross_entropy_with_logits(
            outputs["gaps"][known].float().cpu(), wanted
        )
    return loss


def _pairs(chosen: Sequence[Example]) -> list[tuple[int, int]]:
    """(higher, lower) places of examples with one rival key and different classes; two classes only."""
    by_rival: dict[str, list[int]] = {}
    for at, one in enumerate(chosen):
        if one.rival and len(one.target) == 2:
            by_rival.setdefault(one.rival, []).append(at)
    return [
        (high, low)
        for places in by_rival.values()
        for high in places
        for low in places
        if chosen[high].target[1] > chosen[low].target[1]
    ]
