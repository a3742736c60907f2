import pytest

from tactful.data.check import KINDS, check_file, detect_kind, refuse_other_kind
from tactful.data.io import read_jsonl
from tactful.errors import DataError, UsageError, UserError
from tactful.types import TAG, Message


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"query": "x"}, "states"),
        ({"id": "s", "persona": {}, "states": []}, "sessions"),
        ({"id": "t", "steps": [], "end": "completed", "persona": "p"}, "trajectories"),
        ({"trajectory": {}, "counts": []}, "rewarded"),
        ({"chosen_action": "LOW", "rejected_action": "MID"}, "pairs"),
        ({"id": "c", "complete": "x", "open": "y"}, "seed-tasks"),
        ({"task_id": 1, "text": "x", "test_list": []}, "mbpp"),
        ({"state_id": "s", "chosen_action": "MID", "rejected_action": "LOW", "margin": 1}, "provenance"),
        ({"branch": "low", "chosen_origin": "revised", "rejected_origin": None}, "utterance-provenance"),
        ({"prompt": [], "chosen": [], "rejected": []}, "trl"),
        ({"prompt": [], "completion": [], "label": True}, "trl-unpaired"),
        ({"input": {}, "preferred_output": [], "non_preferred_output": []}, "openai"),
        ({"kind": "pair", "part": "train", "prompt": [], "chosen": [], "rejected": []}, "feedback-rows"),
        ({"turn": {}, "judgement": {}}, "judged-turns"),
        ({"conversation": [], "user_next": "x", "label7": "pos_praise"}, "labelled-turns"),
        ({"id": "d", "conversation": []}, "dialogues"),
        ({"conversation": []}, "chats"),
        ({"messages": []}, "chats"),
        ({"q_t": "x", "a_t": "y", "user_next": "z"}, "chats"),
        ({"id": "r", "stage": "s", "attempts": 1, "input_hash": ""}, "failures"),
    ],
)
def test_the_kind_is_told_by_the_keys(write_rows, row, kind):
    assert detect_kind(write_rows('{"id": "torn', row)) == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('[[persona]]\nname = "x"\n', "personas"),
        ('name = "x"\n[[action]]\nname = "LOW"\n', "space"),
        ("alpha = 0.6\n", "reward-config"),
        ("tau_c = 0.6\n", "feedback-config"),
    ],
)
def test_the_kind_of_toml_is_told_by_its_keys(tmp_path, text, kind):
    (tmp_path / "a.toml").write_text(text)
    assert detect_kind(tmp_path / "a.toml") == kind


def test_documents_over_several_lines_are_recognised(tmp_path):
    (tmp_path / "a.json").write_text('{\n "format": "tactful-policy-1"\n}\n')
    assert detect_kind(tmp_path / "a.json") == "policy"
    (tmp_path / "b.json").write_text('[\n{"conversations": []}\n]\n')
    assert detect_kind(tmp_path / "b.json") == "llama-factory"


def test_toml_that_is_broken_or_unknown_is_said_to_be(tmp_path):
    (tmp_path / "a.toml").write_text("oh dear")
    with pytest.raises(UserError, match=r"a\.toml: is not valid TOML"):
        detect_kind(tmp_path / "a.toml")
    (tmp_path / "b.toml").write_text("mood = 1")
    with pytest.raises(UsageError, match=r"its keys are mood\); name it"):
        detect_kind(tmp_path / "b.toml")
    with pytest.raises(UserError, match="cannot be read"):
        detect_kind(tmp_path / "none.toml")


def test_csv_holds_states():
    assert detect_kind("a.CSV") == "states"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("id,query,domain\na,Sort it,coding\n", "states"),
        ("query,answer\nSort it,Done\n", "states"),
        ("id,mood\na,x\n", "states"),
        ("", "states"),
        ("conversation_id,role,content\na,user,Hi\n", "chats"),
        ("\ufeffprompt;response\nHi;Hello\n", "chats"),
    ],
)
def test_csv_that_is_a_log_holds_chats(tmp_path, text, kind):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    assert detect_kind(tmp_path / "a.csv") == kind


@pytest.mark.parametrize(
    ("row", "wanted", "message"),
    [
        (
            {"steps": [], "end": "completed"},
            "pairs",
            r"runs/x: holds trajectories of 'calibrate rollout', expected preference pairs; "
            r"run: tactful calibrate reward runs/x, then tactful calibrate pairs$",
        ),
        (
            {"chosen_action": "LOW", "rejected_action": "MID"},
            "rewarded",
            r"holds preference pairs of 'calibrate pairs', expected rewarded trajectories; "
            r"give what 'tactful calibrate reward' makes$",
        ),
        (
            {"prompt": [], "chosen": [], "rejected": []},
            "pairs",
            r"holds 'trl', expected preference pairs; give",
        ),
        (
            {"query": "x"},
            "scenes",
            r"holds states of 'calibrate states', expected scenes; give what 'tactful gym scenes' makes$",
        ),
        (
            {"setting": "writing", "entities": [], "example_events": []},
            "episodes",
            r"holds scenes of 'gym scenes', expected episodes; run: tactful gym run runs/x$",
        ),
        (
            {"query": "x"},
            "findings",
            r"holds states of 'calibrate states', expected 'findings'; give a file that holds 'findings'$",
        ),
    ],
)
def test_the_wrong_kind_of_file_is_named_with_the_way_to_the_right_one(write_rows, row, wanted, message):
    with pytest.raises(DataError, match=message):
        refuse_other_kind(write_rows(row), wanted, given="runs/x")


@pytest.mark.parametrize("wanted", [*KINDS, "a kind to come"])
def test_a_file_of_another_kind_is_refused_whatever_is_wanted(write_rows, wanted):
    held = "states" if wanted == "pairs" else "pairs"
    with pytest.raises(DataError, match=r"holds .*, expected "):
        refuse_other_kind(write_rows({TAG: held}), wanted)


def test_the_right_kind_and_a_file_that_tells_nothing_are_left_to_their_reader(write_rows):
    refuse_other_kind(write_rows({"query": "x"}), "states")
    refuse_other_kind(write_rows({"mood": "x"}), "states")
    refuse_other_kind("-", "states")


def test_an_unknown_kind_must_be_named(write_rows, tmp_path):
    with pytest.raises(UsageError, match=r"has the keys a, b\); name it: --type KIND, of the kinds in docs"):
        detect_kind(write_rows({"a": 1, "b": 2}))
    with pytest.raises(UsageError, match="no line is a JSON object"):
        detect_kind(write_rows("1"))
    with pytest.raises(UsageError, match="is empty; give a file with one record per line"):
        detect_kind(write_rows(""))
    with pytest.raises(DataError, match="is a JSON array"):
        detect_kind(write_rows("[1]"))
    with pytest.raises(UsageError, match="--type"):
        detect_kind("-")
    with pytest.raises(UserError, match="cannot be read"):
        detect_kind(tmp_path / "none.jsonl")


def test_a_report_counts_everything_and_names_the_first_problems(write_rows):
    good = {"role": "user", "content": "x"}
    path = write_rows(good, *["{"] * 30, good)
    report = check_file(path, "messages", lambda path: read_jsonl(path, Message, skip_bad=True))
    assert (report.read, report.good, report.bad) == (32, 2, 30)
    assert len(report.problems) == 20
    assert report.problems[0].startswith(f"{path}:2: not JSON")


def test_a_file_without_a_kind_is_refused_with_what_is_wrong_with_its_first_line(tmp_path):
    (tmp_path / "old.jsonl").write_bytes(b'{"a": "caf\xe9"}\n')
    with pytest.raises(UsageError, match="the first is not JSON: not UTF-8: byte 0xe9 at 11"):
        detect_kind(tmp_path / "old.jsonl")
    (tmp_path / "t.parquet").write_bytes(b"PAR1" + bytes(50) + b"PAR1")
    with pytest.raises(DataError, match="no Parquet from here on"):
        detect_kind(tmp_path / "t.parquet")
