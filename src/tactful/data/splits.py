"""Splits in which no group (base task, user, session, dialogue) stands on both sides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tactful.errors import UsageError
from tactful.stats.folds import shuffled_groups


@dataclass(frozen=True)
class Split:
    """Named parts of a sequence, as sorted positions, and what they were grouped by."""

    parts: Mapping[str, tuple[int, ...]]
    grouped_by: str
    groups: Mapping[str, int]
    """Part → number of groups in it."""

    def describe(self) -> str:
        """`train 80 items of 40 groups, test 20 of 10 (grouped by base task)`."""
        sizes = ", ".join(
            f"{name} {len(items)} items of {self.groups[name]} groups" for name, items in self.parts.items()
        )
        return f"{sizes} (grouped by {self.grouped_by})"


def split_by_group(
    groups: Sequence[str],
    shares: Mapping[str, float] | None = None,
    *,
    seed: int = 0,
    grouped_by: str,
) -> Split:
    """Parts with about these shares of the groups (default train 0.8, valid 0.1, test 0.1), each at least one.

    Raises: UsageError when the shares do not sum to 1 or there are fewer groups than parts.
    """
    shares = shares or {"train": 0.8, "valid": 0.1, "test": 0.1}
    if abs(sum(shares.values()) - 1) > 1e-9 or min(shares.values()) <= 0:
        raise UsageError(f"the shares {dict(shares)} must be positive and sum to 1")
    order = shuffled_groups(groups, seed)
    if len(order) < len(shares):
        raise UsageError(f"{len(shares)} parts need as many groups, found {len(order)} (by {grouped_by})")
    sizes = _sizes(len(order), list(shares.values()))
    part_of: dict[str, str] = {}
    start = 0
    for name, size in zip(shares, sizes, strict=True):
        part_of.update(dict.fromkeys(order[start : start + size], name))
        start += size
    positions: dict[str, list[int]] = defaultdict(list)
    for at, group in enumerate(groups):
        positions[part_of[group]].append(at)
    return Split(
        parts={name: tuple(positions[name]) for name in shares},
        grouped_by=grouped_by,
        groups=dict(zip(shares, sizes, strict=True)),
    )


def _sizes(total: int, shares: list[float]) -> list[int]:
    """Whole numbers ≥ 1 that sum to `total` and follow the shares (largest remainder)."""
    free = total - len(shares)
    exact = [max(0.0, share * total - 1) for share in shares]
    scale = free / sum(exact) if sum(exact) else 0.0
    exact = [value * scale for value in exact]
    sizes = [int(value + 1e-9) for value in exact]
    by_remainder = sorted(range(len(shares)), key=lambda at: exact[at] - sizes[at], reverse=True)
    for at in by_remainder[: free - sum(sizes)]:
        sizes[at] += 1
    return [size + 1 for size in sizes]
