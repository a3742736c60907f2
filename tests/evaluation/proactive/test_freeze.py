"""A session frozen as one's own benchmark reads back, and cannot change unnoticed."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.evaluation.proactive_fixtures import a_label, a_trace

from tactful.data.formats.traces import Trace, read_splits, read_traces
from tactful.data.io import write_file
from tactful.errors import DataError, RunLocked, UsageError
from tactful.evaluation.proactive.freeze import Frozen, check_frozen, freeze, read_labels
from tactful.evaluation.proactive.points import scenes_of
from tactful.runs.store.lock import only_writer

MONDAY = a_trace("monday", ["opens the ledger", "searches for sums", "reads a page", "types a formula"])
TUESDAY = a_trace("tuesday", ["starts a letter", "looks up an address", "prints it"])
WEDNESDAY = a_trace("wednesday", ["waters the ferns", "counts the pots", "orders soil"])


def frozen(
    folder: Path, trace: Trace = MONDAY, *, add: bool = False, name: str = "", split: str = "own"
) -> Frozen:
    labels = [
        a_label(trace, 1, "Add up the months.", accepted=True, need=True),
        a_label(trace, 1, "Tell a joke.", accepted=False, need=True),
        a_label(trace, 2, None, accepted=True, need=False),
    ]
    return freeze(trace.events, labels, folder, name=name or trace.id, split=split, add=add)


def test_a_frozen_session_reads_back_in_the_same_form(tmp_path: Path) -> None:
    told = frozen(tmp_path / "mine")
    assert (told.events, told.labelled, told.needs_known, told.sessions) == (4, 3, 2, 1)
    traces = read_traces(tmp_path / "mine")
    assert traces[0].events == MONDAY.events
    assert traces[0].points[1].candidates == ("Add up the months.", "Tell a joke.")
    (scene,) = scenes_of(traces, read_labels(tmp_path / "mine"))
    assert [scene.need(at) for at in range(4)] == [None, True, False, None]
    assert scene.welcome_proposal(1) == "Add up the months."


def test_sessions_are_added_and_splits_name_their_files(tmp_path: Path) -> None:
    frozen(tmp_path / "mine")
    assert frozen(tmp_path / "mine", TUESDAY, add=True, split="letters").sessions == 2
    manifest = check_frozen(tmp_path / "mine")
    assert manifest is not None
    assert manifest.sessions == {"monday": 4, "tuesday": 3}
    splits = read_splits(tmp_path / "mine", read_traces(tmp_path / "mine"))
    assert splits == {"own": ("monday",), "letters": ("tuesday",), "all": ("monday", "tuesday")}
    assert {item.moment.session for item in read_labels(tmp_path / "mine")} == {"monday", "tuesday"}


def test_equal_sessions_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        frozen(tmp_path / name)
    for file in ("manifest.json", "reward.jsonl", "traces/monday.json", "splits.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


@pytest.mark.parametrize("file", ["traces/monday.json", "reward.jsonl", "splits.json"])
def test_a_changed_file_is_refused(tmp_path: Path, file: str) -> None:
    frozen(tmp_path / "mine")
    path = tmp_path / "mine" / file
    path.write_text(path.read_text(encoding="utf-8") + " ", encoding="utf-8")
    with pytest.raises(DataError, match="was changed since it was frozen"):
        check_frozen(tmp_path / "mine")
    with pytest.raises(DataError, match="was changed since it was frozen"):
        frozen(tmp_path / "mine", TUESDAY, add=True)


def test_a_lost_and_a_slipped_in_file_are_refused(tmp_path: Path) -> None:
    frozen(tmp_path / "mine")
    extra = tmp_path / "mine" / "traces" / "extra.json"
    extra.write_text("[]", encoding="utf-8")
    with pytest.raises(DataError, match=r"extra\.json: is not in the manifest"):
        check_frozen(tmp_path / "mine")
    extra.unlink()
    (tmp_path / "mine" / "reward.jsonl").unlink()
    with pytest.raises(DataError, match="is gone since it was frozen"):
        check_frozen(tmp_path / "mine")


def test_a_folder_without_a_manifest_is_no_frozen_benchmark(tmp_path: Path) -> None:
    assert check_frozen(tmp_path) is None
    with pytest.raises(UsageError, match="is no frozen benchmark"):
        frozen(tmp_path, add=True)


def test_the_same_session_is_not_frozen_twice(tmp_path: Path) -> None:
    frozen(tmp_path / "mine")
    with pytest.raises(DataError, match="has a session 'monday' already"):
        frozen(tmp_path / "mine", add=True)
    part = MONDAY.model_copy(update={"id": "part", "points": MONDAY.points[:3]})
    labels = [a_label(part, 0, "Other words.", accepted=False, need=None)]
    with pytest.raises(DataError, match="3 of the 3 events stand in the frozen session 'monday' too"):
        freeze(part.events, labels, tmp_path / "mine", name="part", split="own", add=True)


def test_a_label_of_other_events_is_refused(tmp_path: Path) -> None:
    labels = [a_label(TUESDAY, 1, None, accepted=True, need=False)]
    with pytest.raises(DataError, match=r"labelled moment 1 .* its event 1 is 'starts a letter'"):
        freeze(MONDAY.events, labels, tmp_path / "mine", name="x", split="own", add=False)
    assert not (tmp_path / "mine").exists()


def test_a_folder_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    frozen(tmp_path / "mine")
    with pytest.raises(UsageError, match="is there already"):
        frozen(tmp_path / "mine", TUESDAY)


def test_nothing_to_freeze_and_odd_names_are_refused(tmp_path: Path) -> None:
    labels = [a_label(MONDAY, 1, None, accepted=True, need=False)]
    with pytest.raises(DataError, match="has no event"):
        freeze([], labels, tmp_path / "x", name="x", split="own", add=False)
    with pytest.raises(DataError, match="has no labelled moment"):
        freeze(MONDAY.events, [], tmp_path / "x", name="x", split="own", add=False)
    with pytest.raises(UsageError, match="is no file name"):
        freeze(MONDAY.events, labels, tmp_path / "x", name="../x", split="own", add=False)


@pytest.mark.parametrize("name", ["manifest", "splits"])
def test_a_name_under_which_a_trace_would_not_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"the name '{name}' is that of another file"):
        frozen(tmp_path / "mine", name=name)
    assert not (tmp_path / "mine").exists()


KILLED = KeyboardInterrupt("killed")


@pytest.mark.parametrize("written", range(8))
def test_an_addition_that_is_killed_leaves_the_benchmark_whole_and_can_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """Killed after so many of its files: four beside the others, the same four in their places."""
    mine, done = tmp_path / "mine", []

    def dying(path: Path, chunks: Iterable[bytes]) -> None:
        if len(done) == written:
            raise KILLED
        write_file(path, chunks)
        done.append(path)

    frozen(mine)
    with monkeypatch.context() as patched:
        patched.setattr("tactful.evaluation.proactive.freeze.write_file", dying)
        with pytest.raises(KeyboardInterrupt):
            frozen(mine, TUESDAY, add=True)
    manifest = check_frozen(mine)
    assert manifest is not None
    sessions = ["monday"] if written < 4 else ["monday", "tuesday"]
    assert list(manifest.sessions) == [trace.id for trace in read_traces(mine)] == sessions
    assert list(read_splits(mine, read_traces(mine))["own"]) == sessions
    if written < 4:
        frozen(mine, TUESDAY, add=True)
    assert frozen(mine, WEDNESDAY, add=True).sessions == 3


def test_an_addition_that_was_cut_off_in_its_last_step_is_finished_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine"
    frozen(mine)
    with monkeypatch.context() as patched:
        patched.setattr("tactful.evaluation.proactive.freeze._settle", lambda folder: None)
        frozen(mine, TUESDAY, add=True)
    assert frozen(mine, WEDNESDAY, add=True).sessions == 3


def test_two_additions_at_once_do_not_lose_a_session(tmp_path: Path) -> None:
    frozen(tmp_path / "mine")
    with only_writer(tmp_path / "mine"), pytest.raises(RunLocked, match="wait for it"):
        frozen(tmp_path / "mine", TUESDAY, add=True)
    assert frozen(tmp_path / "mine", TUESDAY, add=True).sessions == 2


def test_an_interrupted_add_is_noticed(tmp_path: Path) -> None:
    """The manifest is written last: files that it does not hold yet are refused, not silently taken."""
    frozen(tmp_path / "mine")
    before = (tmp_path / "mine" / "manifest.json").read_bytes()
    frozen(tmp_path / "mine", TUESDAY, add=True)
    (tmp_path / "mine" / "manifest.json").write_bytes(before)
    with pytest.raises(DataError):
        check_frozen(tmp_path / "mine")
