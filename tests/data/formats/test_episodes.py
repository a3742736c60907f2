"""Episodes of the gym are read wherever labelled moments are."""

import json

import pytest
from tests.gym.made import episode, step

import tactful as tf
from tactful.data.formats.labelled import read_either, read_moments
from tactful.data.formats.moments import labelled_rows, moment_row, moment_rows
from tactful.data.io import to_line, write_jsonl
from tactful.errors import DataError, UsageError, UserError

DAY = episode(
    "s",
    step(0, 0, 5, wanted=False),
    step(1, 9, offer="Help?", verdict="accepted", wanted=True, done=(10, 11)),
    step(2, 20, offer="More?", verdict="ignored", wanted=None),
    step(3, 30, offer="Held back", shown=False, wanted=True),
    step(4, 40, wanted=None),
)
"""A right silence, a hit, a false alarm, a missed need; the last round tells nothing."""


@pytest.fixture
def file(tmp_path):
    write_jsonl(tmp_path / "episodes.jsonl", [DAY, DAY.model_copy(update={"id": "s/p1"})])
    return tmp_path / "episodes.jsonl"


def test_an_episode_gives_a_moment_for_each_offer_and_each_silence_that_is_told(file):
    found = list(labelled_rows(file))
    assert [item.category for item in found] == [
        *("correct-silence", "hit", "false-alarm", "missed-need"),
    ] * 2
    # events seen: 2; 3; then two of the assistant and one more; then one more
    assert [len(item.moment.events) for item in found[:4]] == [2, 3, 6, 7]
    assert [item.moment.id for item in found[:4]] == ["s/p0#0", "s/p0#1", "s/p0#2", "s/p0#3"]
    assert {item.moment.session for item in found} == {"s"}
    assert [item.label.help_needed for item in found[:4]] == [False, True, None, True]
    assert found == [*DAY.moments(), *DAY.model_copy(update={"id": "s/p1"}).moments()]


def test_an_episode_in_memory_gives_its_moments_whatever_it_is_called():
    unnamed = DAY.model_copy(update={"id": ""})
    assert [item.label for item in unnamed.moments()] == [item.label for item in DAY.moments()]
    untold = episode("s", step(0, 0, wanted=None), group="")
    assert list(untold.moments()) == []


@pytest.mark.parametrize("key", ["id", "group"])
def test_an_episode_in_a_file_names_itself_and_its_group(tmp_path, key):
    write_jsonl(tmp_path / "e.jsonl", [DAY.model_copy(update={key: ""})])
    with pytest.raises(DataError, match=f"moment has {key} ''"):
        list(labelled_rows(tmp_path / "e.jsonl"))


def test_every_reader_of_moments_takes_episodes(file):
    labelled = list(labelled_rows(file))
    assert list(moment_rows(file)) == [item.moment for item in labelled]
    assert list(read_moments(file).moments) == list(read_either(file).moments) == labelled
    assert list(tf.moments(file)) == labelled


def test_episodes_that_another_program_wrote_again_are_episodes_still(file, tmp_path):
    rows = [dict(reversed(json.loads(line).items())) for line in file.read_text().splitlines()]
    (tmp_path / "again.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    assert list(labelled_rows(tmp_path / "again.jsonl")) == list(labelled_rows(file))


def test_moments_written_as_rows_read_back_equal(file, tmp_path):
    labelled = list(labelled_rows(file))
    write_jsonl(tmp_path / "moments.jsonl", map(moment_row, labelled))
    again = list(labelled_rows(tmp_path / "moments.jsonl"))
    assert [moment_row(item) for item in again] == [moment_row(item) for item in labelled]
    assert [item.moment.events for item in again] == [item.moment.events for item in labelled]


def test_a_damaged_episode_is_named_by_its_line_and_may_be_left_out(file):
    with file.open("ab") as more:
        more.write(to_line(DAY).replace(b'"index":1', b'"index":"one"').replace(b"s/p0", b"s/p2"))
    with pytest.raises(DataError, match=r"episodes.jsonl:3: .*index"):
        list(labelled_rows(file))
    rows = labelled_rows(file, skip_bad=True)
    assert (len(list(rows)), rows.bad) == (8, 1)


def test_an_episode_that_stands_twice_is_told(file):
    with file.open("ab") as more:
        more.write(to_line(DAY))
    with pytest.raises(DataError, match="the id 's/p0#0' of line 1"):
        list(labelled_rows(file))


def test_the_moments_of_a_run_are_exported_in_the_form_of_others(file, tmp_path):
    done = tf.export(file, "moments", tmp_path / "out")
    assert done.moments == 8
    assert done.categories == {"correct-silence": 2, "false-alarm": 2, "hit": 2, "missed-need": 2}
    again = labelled_rows(tmp_path / "out" / "moments.jsonl")
    assert [moment_row(item) for item in again] == [moment_row(item) for item in labelled_rows(file)]
    with pytest.raises(UserError, match="not an empty folder"):
        tf.export(file, "moments", tmp_path / "out")
    with pytest.raises(UsageError, match="--times text belongs to --to traces"):
        tf.export(file, "moments", tmp_path / "other", times="text")
