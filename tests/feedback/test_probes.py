"""The authored probes: enough of them, distinct, and read well by the untrained judge."""

from collections import Counter

import pytest

from tactful.evaluation.feedback.probes import Probe, load_probes
from tactful.feedback.embedded import open_embedded
from tactful.feedback.labels import LABELS, Label

PROBES = load_probes()
EARLY = [probe for probe in PROBES if probe.part != "late"]


def said(probes: list[Probe]) -> list[Label | None]:
    return [item.label for item in open_embedded("lexicon").judge_now([probe.turn() for probe in probes])]


def test_there_are_at_least_twenty_probes_per_label_and_language():
    counts = Counter((probe.lang, probe.label7) for probe in PROBES)
    assert all(counts[lang, label] >= 20 for lang in ("en", "zh") for label in LABELS)


def test_no_two_probes_are_alike():
    assert len({probe.id for probe in PROBES}) == len(PROBES)
    assert len({(probe.q_t, probe.user_next) for probe in PROBES}) == len(PROBES)


def test_the_untrained_judge_gets_at_least_four_fifths_of_all_probes():
    right = [label is probe.label7 for label, probe in zip(said(list(PROBES)), PROBES, strict=True)]
    assert sum(right) / len(right) >= 0.8


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("part", ["look", "check"])
def test_both_languages_and_both_early_parts_reach_four_fifths(lang, part):
    probes = [probe for probe in EARLY if (probe.lang, probe.part) == (lang, part)]
    right = [label is probe.label7 for label, probe in zip(said(probes), probes, strict=True)]
    assert sum(right) / len(right) >= 0.8


@pytest.mark.parametrize("trap", sorted({probe.trap for probe in PROBES if probe.trap}))
def test_the_judge_does_not_fall_for_traps(trap):
    probes = [probe for probe in PROBES if probe.trap == trap]
    wrong = [probe.id for probe, label in zip(probes, said(probes), strict=True) if label is not probe.label7]
    assert len(wrong) <= len(probes) // 4, wrong
