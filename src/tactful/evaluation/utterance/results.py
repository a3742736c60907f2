"""What an evaluation of next-message predictions found, as one record: the file that tables and the page are made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from tactful.stats import Estimate
from tactful.types import Provenance, Record

MODEL = "model"
"""Name of the system that is evaluated, beside the baselines."""


class SystemScores(Record):
    """One way of predicting: a model or a baseline."""

    name: str
    meaning: str
    kind: Literal["model", "baseline"]
    measures: Mapping[str, Estimate]
    """Measure → mean of dialogue means, with its 95% interval over dialogues."""


class Slice(Record):
    """All items, or those of one source or language."""

    name: str
    items: int
    dialogues: int
    systems: tuple[SystemScores, ...]
    differences: Mapping[str, Estimate]
    """Baseline → the model minus the baseline in `UtteranceEvaluation.headline_measure`, paired by item."""


class Sample(Record):
    """An item worth reading."""

    title: str
    id: str
    context: tuple[tuple[str, str], ...]
    """(role, text) of the last messages before the target."""
    gold: str
    predictions: tuple[tuple[str, float | None], ...]
    """Each with its similarity in the headline measure."""


class UtteranceEvaluation(Record):
    """Everything that an evaluation of next-message predictions found: the file `evaluation.json`."""

    format: Literal["tactful-utterance-evaluation-1"] = "tactful-utterance-evaluation-1"
    source: str
    """What was evaluated, as given."""
    k: int
    read: int
    items: int
    dialogues: int
    unparsable: int
    """Items whose reply held no prediction that could be read."""
    failed: int
    """Records for which the model gave no answer; in no figure."""
    skipped: int
    bad: int
    measures: Mapping[str, str]
    """Measure → what it means."""
    headline_measure: str
    readers: Mapping[str, str]
    """Language → the sentence encoder that read it, or why none did."""
    training: str
    """What the baselines learned from."""
    slices: tuple[Slice, ...]
    samples: tuple[Sample, ...]
    notes: tuple[str, ...]
    provenance: Provenance
    seed: int

    @property
    def caveats(self) -> tuple[str, ...]:
        """What belongs beside every figure: the notes, and that no language model spoke."""
        return (*self.notes, *(["A rehearsal, not a language model, spoke."] if self.rehearsal else []))

    @property
    def rehearsal(self) -> bool:
        """True when no language model spoke."""
        return self.provenance.generator == "offline"

    def counts(self) -> str:
        """How the input adds up, in a sentence."""
        return (
            f"{self.read} read = {self.items} evaluated + {self.failed} without an answer + {self.skipped} without a "
            f"possible target + {self.bad} unusable; {self.unparsable} of the evaluated hold no readable prediction"
        )

    def headline(self) -> str:
        """What the figures say against the best baseline, in a sentence; also when they say nothing."""
        whole = self.slices[0]
        name = self.headline_measure
        scores = {system.name: system.measures[name] for system in whole.systems}
        value = scores.pop(MODEL)
        if value.value is None:
            return f"Nothing could be scored by {name}."
        known = {baseline: score.value for baseline, score in scores.items() if score.value is not None}
        best = max(known, key=lambda baseline: known[baseline])
        difference = whole.differences[best]
        verdict = (
            "beats"
            if difference.above_zero
            else "falls behind"
            if difference.high is not None and difference.high < 0
            else "is NOT shown to beat"
        )
        return (
            f"{name} {value.text()}; the model {verdict} the best baseline ({best}): difference "
            f"{difference.text()} (95% interval, {whole.dialogues} dialogues)."
        )
