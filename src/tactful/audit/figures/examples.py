"""The conversations to read first: for each fault the clearest, each text once, with the turn marked."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

from tactful.audit.results import Example, Examples, Fault, Said
from tactful.audit.types import Finding, Passage, Subject
from tactful.text.quoting.shorten import shortened
from tactful.types import Conversation

MOST = 10
_AROUND = 3
"""Turns before and after the passage that are shown."""
_LONGEST = 900  # characters of a turn
_OF: Mapping[Subject, Fault] = {"an ignored constraint": "ignored constraint", "an error": "error"}
FAULTS: tuple[Fault, ...] = ("needless question", "wrong guess", "ignored constraint", "error")


class Gallery:
    """Keeps the clearest examples while a log goes by."""

    def __init__(self) -> None:
        self._heaps: dict[Fault, list[tuple[float, int, Example]]] = {fault: [] for fault in FAULTS}
        self._counts = dict.fromkeys(FAULTS, 0)
        self._texts: dict[Fault, set[int]] = {fault: set() for fault in FAULTS}
        self._seen = 0

    def add(self, conversation: Conversation, found: Sequence[tuple[Passage, Finding]]) -> None:
        """Consider a conversation: for each fault, its clearest turn."""
        best: dict[Fault, tuple[float, Passage, Finding]] = {}
        for passage, finding in found:
            fault, p = _fault(finding)
            if fault is None:
                continue
            self._counts[fault] += 1
            if fault not in best or p > best[fault][0]:
                best[fault] = (p, passage, finding)
        for fault, (p, passage, finding) in best.items():
            text = hash((passage.request, passage.answer, passage.reply))
            if text in self._texts[fault]:
                continue
            self._seen += 1
            heap = self._heaps[fault]
            if len(heap) < MOST or p > heap[0][0]:
                self._texts[fault].add(text)
                entry = (p, -self._seen, _example(conversation, passage, finding, p))
                (heapq.heappush if len(heap) < MOST else heapq.heapreplace)(heap, entry)

    def examples(self) -> tuple[Examples, ...]:
        """The clearest first."""
        return tuple(
            Examples(
                fault=fault,
                count=self._counts[fault],
                shown=tuple(entry[2] for entry in sorted(self._heaps[fault], reverse=True)),
            )
            for fault in FAULTS
        )


def _fault(finding: Finding) -> tuple[Fault | None, float]:
    if finding.is_needless:
        return "needless question", finding.needless or 0.0
    if finding.is_guess:
        return "wrong guess", finding.guess or 0.0
    if finding.subject is not None and finding.subject in _OF:
        return _OF[finding.subject], finding.complaint or 0.0
    return None, 0.0


def _example(conversation: Conversation, passage: Passage, finding: Finding, p: float) -> Example:
    turns = conversation.said
    start, end = max(0, passage.turn - _AROUND), min(len(turns), passage.turn + _AROUND + 1)
    shown = tuple(
        Said(
            role="user" if turn.role == "user" else "assistant",
            text=shortened(turn.content, _LONGEST),
            marked=at == passage.turn,
        )
        for at, turn in enumerate(turns[start:end], start=start)
    )
    why = finding.reason or finding.subject or ""
    return Example(
        conversation=conversation.id,
        user=conversation.user,
        turn=passage.turn,
        why=why,
        p=round(p, 3),
        turns=shown,
        left_out=len(turns) - len(shown),
    )
