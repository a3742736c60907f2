"""What is wrong with a set is found, by hand on a small one, and on the published one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tactful.annotation.published.audit import audit_published
from tactful.annotation.published.reading import read_published
from tactful.annotation.published.telling import audit_lines
from tactful.data.io import write_jsonl
from tactful.errors import DataError, UserError

DATA = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[3].parent / "shared" / "data"))
PUBLISHED = DATA / "proactivebench" / "reward_train.jsonl"
CATEGORIES = {
    (True, True): "Correct-Rejection (CR)",
    (True, False): "Missed-Need (MN)",
    (False, True): "Correct-Detection (CD)",
    (False, False): "False-Alarm (FA)",
}


def row(event, proposal, valid, votes, *, session="s", need=None, **more):
    return {
        "obs": [{"time": "1", "event": session}, {"time": "2", "event": event}],
        "pred_task": proposal,
        "valid": valid,
        "help_needed": need,
        "annotation": votes,
        "category": CATEGORIES[proposal is None, valid],
        **more,
    }


def audit(tmp_path, *files, **options):
    paths = []
    for number, rows in enumerate(files):
        paths.append(tmp_path / f"{number}.jsonl")
        write_jsonl(paths[-1], rows)
    return audit_published([read_published(path) for path in paths], **options)


def test_labels_are_held_against_the_majority_of_their_votes(tmp_path):
    found = audit(
        tmp_path,
        [
            row("a", None, True, [False, False, True]),
            row("b", None, True, [True, False]),
            row("c", None, True, [True, True, True]),
            row("d", None, True, []),
            row("e", "Sort.", False, [True, True, False]),
            row("f", "Sort.", False, [False]),
        ],
    ).files[0]
    by = {one.category: one for one in found.labels}
    silence, alarm = by["Correct-Rejection (CR)"], by["False-Alarm (FA)"]
    assert (silence.labels, silence.contradicted, silence.tied, silence.unvoted) == (4, 1, 1, 1)
    assert silence.share == pytest.approx(1 / 3)
    assert (alarm.labels, alarm.contradicted, alarm.tied) == (2, 1, 0)
    assert found.votes == {0: 1, 1: 1, 2: 1, 3: 3}
    assert found.all_silent == 1
    assert found.agreement["silence"].units == 3
    assert found.agreement["proposals"].single == 1


def test_silence_that_nobody_wrote_down_is_missed(tmp_path):
    found = audit(
        tmp_path,
        [
            row("a", "Sort.", False, [False, False]),
            row("a", "Copy.", False, [False, False]),
            row("b", "Sort.", False, [False, False]),
            row("b", None, True, [True, True]),
            row("c", "Sort.", False, [False, True]),
        ],
    ).files[0]
    assert (found.refused, found.refused_unsaid, found.all_silent) == (2, 1, 1)


def test_what_two_files_and_one_file_share_is_counted(tmp_path):
    train = [
        row("a", "Sort.", True, [True, True]),
        row("a", None, False, [False, False]),
        row("b", "Sort.", True, []),
    ]
    test = [
        row("a", "Sort.", True, [True, True]),
        row("a", "Copy.", False, [False, False]),
        row("c", "Copy.", False, [False, False]),
        row("c", "Copy.", True, [True, True]),
        row("a", "Copy.", False, [False, False], session="other"),
    ]
    found = audit(tmp_path, train, test)
    one = found.overlaps[0]
    assert (one.observations, one.items, one.of, one.rows, one.sessions) == (1, 2, 5, 1, 1)
    assert [(file.observations, file.shared, file.repeated, file.torn) for file in found.files] == [
        (2, 2, 0, 0),
        (3, 4, 1, 1),
    ]
    text = "\n".join(audit_lines(found))
    assert (
        "share 1 observation: 2 of 5 (40%) items of the second were seen in the first, 1 with the same"
        in text
    )


def leaking(sessions=10):
    """At every observation two proposals; where help was wanted both were accepted."""
    return [
        row(f"e{at}", text, at % 2 == 0, [at % 2 == 0] * 2, session=f"s{number}", need=at % 2 == 0)
        for number in range(sessions)
        for at in range(4)
        for text in ("Sort.", "Copy.")
    ]


def test_the_look_up_never_reads_the_proposal_and_wins_where_observations_leak(tmp_path):
    found = audit(tmp_path, leaking())
    look_up, always, never = found.files[0].baselines
    assert (look_up.name, look_up.accuracy.value, look_up.f1.value) == ("look-up", 1, 1)
    assert always.accuracy.value == never.accuracy.value == 0.5
    # each observation once: nothing to look up but the rates of the others, which say nothing of use
    alone = audit(tmp_path, leaking()[::2]).files[0].baselines[0]
    assert alone.accuracy.value <= 0.5


def test_of_two_files_the_look_up_of_the_second_knows_the_first_alone(tmp_path):
    rows = leaking()
    found = audit(tmp_path, rows[::2], rows[1::2])
    assert found.files[1].looked_up_in == found.files[0].name
    assert found.files[1].baselines[0].accuracy.value == 1
    other = [row(f"e{at}", "Sort.", False, [], session="new") for at in range(8)]
    assert audit(tmp_path, rows, other).files[1].baselines[0].accuracy.value < 1


def test_broken_rows_are_counted_and_shown_and_end_nothing(tmp_path):
    rows = [
        row("a", "Sort.", True, [True], category="False-Alarm (FA)"),
        row("b", "Sort.", True, ["yes"]),
        row("c", "Sort.", True, [True], category="New (N)"),
        {"obs": []},
        row("d", "Sort.", True, [True]),
    ]
    found = audit(tmp_path, rows)
    file = found.files[0]
    assert (file.items, file.bad, file.contradicting) == (3, 2, 2)
    assert "0.jsonl:2: moment has annotation" in file.problems[0]
    assert "0.jsonl:row 1: category 'False-Alarm (FA)', but it is hit" in file.contradictions[0]
    text = "\n".join(audit_lines(found))
    assert "unusable rows, left out: 2" in text
    assert "categories that contradict 'valid', which counts: 2" in text


def test_a_set_without_any_usable_row_has_no_figures(tmp_path):
    file = audit(tmp_path, [{"obs": []}]).files[0]
    assert (file.items, file.baselines, file.labels) == (0, (), ())
    assert file.agreement["all"].alpha.value is None
    assert file.agreement["all"].undefined["alpha"] == "no unit has two votes"


def test_what_is_no_file_of_rows_is_refused(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_published(tmp_path / "none.jsonl")
    (tmp_path / "a.json").write_text("[1, 2]\n")
    with pytest.raises(DataError, match="is a JSON array, expected one object per line"):
        read_published(tmp_path / "a.json")


@pytest.mark.slow
@pytest.mark.skipif(not PUBLISHED.exists(), reason="ProactiveBench's reward data is not there")
def test_the_published_training_set():
    found = audit_published([read_published(PUBLISHED)])
    file = found.files[0]
    assert (file.items, file.observations, file.sessions, file.bad, file.contradicting) == (
        1629,
        313,
        16,
        0,
        0,
    )
    assert (file.proposals, file.silences) == (1387, 242)
    assert [round(file.agreement[name].alpha.value, 3) for name in ("proposals", "silence", "all")] == [
        0.169,
        -0.214,
        0.145,
    ]
    assert [file.agreement[name].units for name in ("proposals", "silence", "all")] == [1387, 242, 1629]
    silence = {one.category: one for one in file.labels}["Correct-Rejection (CR)"]
    assert (silence.labels, silence.contradicted, silence.tied) == (149, 126, 19)
    assert sum(one.contradicted + one.tied for one in file.labels) == 126 + 19
    assert file.all_silent == 0
    assert file.votes == {2: 193, 3: 1436}
    # at 31 observations nobody accepted anything; the 11 of them without an item of silence were dropped from it
    assert (file.refused, file.refused_unsaid) == (31, 11)
    assert file.shared == 1629
    look_up, always, never = file.baselines
    assert look_up.accuracy.low > never.accuracy.high > always.accuracy.high
    assert look_up.f1.low > always.f1.high
