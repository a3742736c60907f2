from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from tests.evaluation.utterance_fixtures import item
from tests.utterance.predict.test_published import HISTORY, RAW, SYNTHESIZED, pref_row

from tactful.errors import DataError, UsageError, UserError
from tactful.evaluation.utterance.items import read_items
from tactful.llm import ModelSpec
from tactful.runs import RunOptions, run_job
from tactful.utterance.dialogues import Examples, parse_targets
from tactful.utterance.pipeline import SCRIPTS, SynthesizeConfig, synthesize_job
from tactful.utterance.predict.predictor import SCRIPTS as PREDICT_SCRIPTS
from tactful.utterance.predict.predictor import PredictConfig, predict_job

RULE = parse_targets("sample:1")


def write(path: Path, *rows: object) -> Path:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    short = {"id": "short", "conversation": RAW["conversation"][:2]}
    opening = {"role": "user", "content": "A hostel in the south?"}
    other = {"id": "other", "conversation": [opening, *RAW["conversation"][1:]]}
    return write(tmp_path / "talks.jsonl", RAW, other, short)


@pytest.fixture
def predicted(talks: Path, tmp_path: Path) -> Path:
    spec = ModelSpec(name="offline", scripts=(PREDICT_SCRIPTS,))
    job = predict_job(PredictConfig(assistant=spec), Examples(talks, RULE))
    run_job(job, RunOptions(out=tmp_path / "predicted", progress="off"))
    return tmp_path / "predicted"


@pytest.fixture
def synthesized(talks: Path, tmp_path: Path) -> Path:
    spec = ModelSpec(name="offline", scripts=(SCRIPTS,))
    job = synthesize_job(SynthesizeConfig(assistant=spec), Examples(talks, RULE))
    run_job(job, RunOptions(out=tmp_path / "synthesized", progress="off"))
    return tmp_path / "synthesized"


def test_a_run_of_predict_accounts_for_everything_it_read(predicted: Path) -> None:
    found = read_items([predicted])
    assert (found.read, len(found.items), found.failed, found.skipped) == (3, 2, 0, 1)
    assert found.notes == ()
    from_file = read_items([predicted / "records.jsonl"])
    assert from_file.items == found.items


def test_labels_come_from_a_synthesis_of_the_same_messages(predicted: Path, synthesized: Path) -> None:
    found = read_items([predicted], labels=synthesized)
    assert all(one.hindsight.category is not None for one in found.items)
    assert all(one.hindsight.view is not None for one in found.items)


def test_labels_of_other_messages_are_refused(synthesized: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "p.jsonl", item("stranger", "x", ("y",)).model_dump(mode="json"))
    with pytest.raises(UsageError, match="labels none of the predictions"):
        read_items([other], labels=synthesized)
    pair = orjson.loads((synthesized / "records.jsonl").read_bytes().splitlines()[0])
    same_id = item("7", "quite another message", ("y",), turn=pair["turn"])
    assert same_id.id == pair["id"]
    with pytest.raises(DataError, match="another gold message"):
        read_items([write(tmp_path / "q.jsonl", same_id.model_dump(mode="json"))], labels=synthesized)


def test_a_bad_line_of_the_labels_is_named_or_left_out_and_counted(
    predicted: Path, synthesized: Path
) -> None:
    rows = [orjson.loads(line) for line in (synthesized / "records.jsonl").read_bytes().splitlines()]
    labels = write(synthesized / "labels.jsonl", *rows, {"bad": 1}, rows[0])
    with pytest.raises(DataError, match=r"labels\.jsonl:3: .*--skip-bad"):
        read_items([predicted], labels=labels)
    found = read_items([predicted], labels=labels, skip_bad=True)
    assert all(one.hindsight.view is not None for one in found.items)
    assert found.notes == ("2 unusable lines of the labels were left out.",)
    assert "labels.jsonl:4: " in found.problems[1]  # the first line's id once more
    assert found.bad == 0  # of the predictions


def test_chosen_sides_of_a_synthesis_come_with_a_warning_however_they_were_chosen(synthesized: Path) -> None:
    rows = [orjson.loads(line) for line in (synthesized / "records.jsonl").read_bytes().splitlines()]
    for origin, warning in (
        ("revised", "2 of the predictions were revised with the gold message in sight"),
        (
            "as_is",
            "2 of the predictions were written knowing the category of the gold message, and chosen because",
        ),
    ):
        pairs = [row | {"chosen": row["chosen"] | {"origin": origin}} for row in rows]
        found = read_items([write(synthesized / "pairs.jsonl", *pairs)])
        assert len(found.items) == 2
        assert [note.startswith(warning) for note in found.notes] == [True]


def test_published_rows_come_with_what_they_knew(tmp_path: Path) -> None:
    path = write(tmp_path / "LMSYS.jsonl", SYNTHESIZED)
    insight = read_items([path])
    assert insight.items[0].source == "LMSYS"
    assert "knowing the category" in insight.notes[0]
    assert "gold message in sight" in read_items([path], side="chosen").notes[0]


def test_processed_files_need_the_raw_dialogues(tmp_path: Path, talks: Path) -> None:
    path = tmp_path / "pref.json"
    path.write_bytes(orjson.dumps([pref_row(), {"chosen": 1}]))
    with pytest.raises(UsageError, match="--dialogues"):
        read_items([path])
    with pytest.raises(DataError, match=r"pref\.json: row 2: the row has no conversations.*--skip-bad"):
        read_items([path], dialogues=talks)
    found = read_items([path], dialogues=talks, skip_bad=True)
    assert (found.read, len(found.items), found.bad) == (2, 1, 1)


def test_rows_of_an_array_that_hold_their_gold_messages_are_read_as_lines_are(tmp_path: Path) -> None:
    plain = {"id": "a", "context": RAW["conversation"][:2], "gold": "Book it", "predictions": ["Book it"]}
    ours = item("b", "x", ("y",)).model_dump(mode="json")
    path = tmp_path / "rows.json"
    path.write_bytes(orjson.dumps([plain, SYNTHESIZED, ours]))
    found = read_items([path])
    lines = read_items([write(tmp_path / "rows.jsonl", plain, SYNTHESIZED, ours)])
    assert (found.items, found.notes) == (lines.items, lines.notes)
    path.write_bytes(orjson.dumps([plain, plain, {"id": "c", "context": "text", "gold": "x"}]))
    with pytest.raises(DataError, match=r"rows\.json: row 2: an earlier row has its id 'a'"):
        read_items([path])
    found = read_items([path], skip_bad=True)
    assert (found.read, len(found.items), found.bad) == (3, 1, 2)


def test_raw_dialogues_without_ids_are_told_apart_as_predict_tells_them(tmp_path: Path) -> None:
    rows = [{"conversation": RAW["conversation"]}, {"conversation": [dict(m) for m in RAW["conversation"]]}]
    rows[1]["conversation"][0]["content"] = "A hostel in the south?"
    path = tmp_path / "pref.json"
    history = HISTORY.replace("A hotel in the north?", "A hostel in the south?")
    path.write_bytes(orjson.dumps([pref_row(), pref_row(history)]))
    found = read_items([path], dialogues=write(tmp_path / "raw.jsonl", *rows))
    assert [one.id for one in found.items] == ["dialogue-1#1/1", "dialogue-2#1/2"]
    assert [one.dialogue_id for one in found.items] == ["dialogue-1", "dialogue-2"]


def test_bad_lines_are_named_or_counted(tmp_path: Path) -> None:
    good = item("a", "x", ("y",)).model_dump(mode="json")
    path = write(tmp_path / "p.jsonl", good, {"id": 3}, good)
    with pytest.raises(DataError, match=r"p\.jsonl:2: the row has no context"):
        read_items([path])
    found = read_items([path], skip_bad=True)
    assert (found.read, len(found.items), found.bad) == (3, 1, 2)  # the third repeats the first one's id
    assert "has the id 'a#1' of line 1" in found.problems[1]


def test_two_sources_with_one_id_and_sources_without_predictions_are_refused(tmp_path: Path) -> None:
    row = item("a", "x", ("y",)).model_dump(mode="json")
    one, other = write(tmp_path / "one.jsonl", row), write(tmp_path / "two.jsonl", row)
    with pytest.raises(UsageError, match=r"'a#1' is in .*one\.jsonl and in .*two\.jsonl"):
        read_items([one, other])
    for given in (str(one), one):
        with pytest.raises(UsageError, match=r"'a#1' is in .*one\.jsonl and in .*one\.jsonl.*each once"):
            read_items([given, given])
    with pytest.raises(UsageError, match=r"no predictions.*tactful utterance predict"):
        read_items([write(tmp_path / "empty.jsonl")])
    with pytest.raises(UserError, match="no such file or run folder"):
        read_items([tmp_path / "missing.jsonl"])
