"""The audit against other judgements of the same turns: a prompted judge, ratings in the log, annotations of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydantic import AliasChoices, ConfigDict, Field

from tactful.audit.results import Agreement, Difference
from tactful.audit.types import Finding, Passage
from tactful.errors import DataError
from tactful.stats import Estimate
from tactful.stats.agreement import alpha
from tactful.stats.shares import GroupSums, share_over
from tactful.text.counting import counted
from tactful.text.quoting.shorten import shortened
from tactful.types import Conversation, Rating, Record

RATINGS = "ratings"
"""`--labels ratings`: those in the log itself."""
MOST_DIFFERENCES = 20
_SHOWN = 5
_FAULTS = {"needless": "needless questions", "guess": "guesses"}
_LONGEST = 600


@dataclass
class Pairs:
    """Two verdicts on the same things, with the group of each."""

    what: str
    fault: str
    rows: list[tuple[str, bool, bool]] = field(default_factory=list)
    """(conversation, the audit's verdict, the other's)."""

    def agreement(self) -> Agreement:
        """How far both agree; shares have intervals over conversations."""
        times = Counter((ours, theirs) for _, ours, theirs in self.rows)
        counts = np.array(
            [[ours + theirs, 2 - ours - theirs] for _, ours, theirs in self.rows], dtype=float
        ).reshape(len(self.rows), 2)
        return Agreement(
            what=self.what,
            fault=self.fault,
            both=times[True, True],
            only_audit=times[True, False],
            only_other=times[False, True],
            neither=times[False, False],
            precision=_share(self.rows, of=1),
            recall=_share(self.rows, of=2),
            alpha=alpha(counts),
        )


def _share(rows: Sequence[tuple[str, bool, bool]], *, of: int) -> Estimate:
    """Share of those that one side names which the other names too; `of`: 1 the audit, 2 the other."""
    groups = GroupSums()
    for row in rows:
        if row[of]:
            groups.add(row[0], row[1] and row[2])
    return share_over(groups.values())


class SecondOpinion:
    """A prompted judge beside the reader: counts where both agree, keeps where they differ."""

    def __init__(self, reader: str, model: str) -> None:
        what = f"The prompted judge {model} and the reader {reader}"
        self._pairs = {name: Pairs(what, fault) for name, fault in _FAULTS.items()}
        self.differences: list[Difference] = []

    def add(self, passage: Passage, read: Finding, said: Finding) -> None:
        """One passage, as both see it."""
        name, ours, theirs = (
            ("needless", said.needless, read.needless) if passage.asked else ("guess", said.guess, read.guess)
        )
        if ours is not None and theirs is not None:
            self._pairs[name].rows.append((passage.conversation, ours >= 0.5, theirs >= 0.5))
        one, other = verdict(read), verdict(said)
        if one != other and passage.reply is not None and len(self.differences) < MOST_DIFFERENCES:
            self.differences.append(
                Difference(
                    conversation=passage.conversation,
                    turn=passage.turn,
                    request=shortened(passage.request, _LONGEST),
                    answer=shortened(passage.answer, _LONGEST),
                    reply=shortened(passage.reply, _LONGEST),
                    reader=one,
                    model=other,
                )
            )

    def agreements(self) -> tuple[Agreement, ...]:
        """Needless questions and guesses; none where nothing was judged by both."""
        return tuple(pairs.agreement() for pairs in self._pairs.values() if pairs.rows)


def verdict(finding: Finding) -> str:
    """A finding in a word or two."""
    if finding.asked:
        return "not judged" if finding.needless is None else "needless" if finding.is_needless else "needed"
    if finding.is_guess:
        return "a wrong guess"
    if finding.is_complaint:
        return f"complains of {finding.subject}" if finding.subject else "complains"
    return "not judged" if finding.guess is None else "fine"


class Labels:
    """Judgements of people: annotations in a file, or the ratings in the log."""

    def __init__(self, source: str) -> None:
        self._rated: dict[str, list[tuple[str, bool, float]]] = {}
        """Name of a rating → (conversation, whether the audit names a fault, the rating). Each name has a scale of its own."""
        self._given = {} if source == RATINGS else read_annotations(Path(source))
        what = f"Measured against the annotations in {Path(source).name}"
        self._pairs = {name: Pairs(what, fault) for name, fault in _FAULTS.items()}
        self._source = source
        self._unmet = {(id, turn, name) for id, said in self._given.items() for name, turn in said}
        self._count = len(self._unmet)

    def add(self, conversation: Conversation, found: Sequence[tuple[Passage, Finding]]) -> None:
        """One conversation, with what the audit found."""
        if self._source == RATINGS:
            self._rate(conversation.id, conversation.ratings, [finding for _, finding in found])
            for passage, finding in found:
                self._rate(conversation.id, passage.ratings, [finding])
            return
        for (name, turn), true in self._given.get(conversation.id, {}).items():
            ours = [_names(finding, name) for _, finding in found if turn in (None, finding.turn)]
            known = [one for one in ours if one is not None]
            if known:
                self._pairs[name].rows.append((conversation.id, any(known), true))
                self._unmet.discard((conversation.id, turn, name))

    def _rate(self, conversation: str, ratings: Sequence[Rating], found: Sequence[Finding]) -> None:
        faulty = any(one.is_needless or one.is_guess or one.is_complaint for one in found)
        for rating in ratings:
            if rating.value is not None:
                self._rated.setdefault(rating.name, []).append((conversation, faulty, rating.value))

    def limits(self) -> tuple[str, ...]:
        """What was annotated of no turn that could be judged, in a sentence; nothing where all was met."""
        if not self._unmet:
            return ()
        unmet = sorted(self._unmet, key=lambda one: (one[0], -1 if one[1] is None else one[1]))
        shown = ", ".join(id if turn is None else f"{id} turn {turn}" for id, turn, _ in unmet[:_SHOWN])
        more = ", …" if len(unmet) > _SHOWN else ""
        return (
            f"{len(unmet)} of {counted(self._count, 'annotation')} belong to no turn that could be judged and are left out "
            f"({shown}{more}): turns are counted from 0, the user's with the assistant's, as in findings.jsonl.",
        )

    def agreements(self) -> tuple[Agreement, ...]:
        """How far the audit agrees with them, ratings by their names. Raises: DataError when nothing in the log is labelled."""
        pairs = list(self._pairs.values())
        for name, rated in self._rated.items():
            values = [value for *_, value in rated]
            bad = _badly(min(values), max(values))
            what = f"Measured against {len(values)} ratings '{name}' in the log ({bad:g} and less is bad)"
            rows = [(group, faulty, value <= bad) for group, faulty, value in rated]
            pairs.append(Pairs(what, "turns and conversations that were rated badly", rows))
        found = tuple(one.agreement() for one in pairs if one.rows)
        if not found:
            raise DataError(
                f"labels {self._source}: none of them belongs to a turn of this log that could be judged; "
                "an annotation names `conversation` (and `turn`) as findings.jsonl does"
            )
        return found


class Annotation(Record):
    """One line of annotations, keyed as `findings.jsonl` is; what is missing or null says nothing."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    conversation: str = Field(validation_alias=AliasChoices("conversation", "id"))
    turn: int | None = None
    """None: it is about the whole conversation."""
    needless: bool | None = None
    """Whether a question there was needless."""
    guess: bool | None = None
    """Whether an answer there was a wrong guess."""


def read_annotations(path: Path) -> dict[str, dict[tuple[str, int | None], bool]]:
    """Conversation → (`needless` or `guess`, turn or None) → what the annotator says. Raises: UserError, DataError."""
    from tactful.data.io import read_jsonl

    found: dict[str, dict[tuple[str, int | None], bool]] = {}
    for one in read_jsonl(path, Annotation):
        for name, said in (("needless", one.needless), ("guess", one.guess)):
            if said is None:
                continue
            if found.setdefault(one.conversation, {}).setdefault((name, one.turn), said) != said:
                place = one.conversation if one.turn is None else f"{one.conversation}, turn {one.turn}"
                raise DataError.at(
                    path, None, f"says both yes and no to '{name}' of {place}", fix="keep one of them"
                )
    if not found:
        raise DataError.at(
            path,
            None,
            "no line says `needless` or `guess`",
            fix='write {"conversation": …, "turn": …, "needless": true}',
        )
    return found


def _names(finding: Finding, fault: str) -> bool | None:
    """Whether the audit names the fault; None: it could not judge. An answer is no needless question, a question no guess."""
    if fault == "needless":
        return None if finding.asked and finding.needless is None else finding.is_needless
    return None if not finding.asked and finding.guess is None else finding.is_guess


def _badly(lowest: float, highest: float) -> float:
    """Up to which value a rating is bad: -1 where any is below zero, as thumbs are, else two fifths of the highest of its name.

    A log whose ratings are all 1 has none that is bad: nothing tells the worst of five stars from a thumb up.
    """
    return -1.0 if lowest < 0 else 0.4 * highest
