"""`tactful reward train` and `evaluate` as users call them."""

import json
import sys
from pathlib import Path

import pytest
from tests.cli.bench.test_suggestions import some_rows
from tests.reward.synthetic import make_items

from tactful.data.formats.moments import moment_row
from tactful.reward.embedded.model import load_model
from tactful.reward.suggestions.model import load_suggestion_model


def write(path: Path, rows) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return path


def some_moments(sessions=3, steps=5):
    return [moment_row(item) for item in make_items(sessions, steps)]


@pytest.fixture
def moments(tmp_path: Path) -> Path:
    return write(tmp_path / "moments.jsonl", some_moments())


@pytest.fixture
def decisions(tmp_path: Path) -> Path:
    return write(tmp_path / "decisions.jsonl", some_rows())


@pytest.mark.slow
def test_a_model_with_its_card_is_written_and_the_next_command_told(tactful, moments, tmp_path):
    out = tmp_path / "model"
    done = tactful("reward", "train", moments, "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == f"trained on {len(some_moments())} moments of 3 sessions"
    for words in ("balanced accuracy", "always-accept", "look-up", "AUROC", "F1", "ECE", "gap by session"):
        assert words in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert f"next: tactful reward judge NEW_MOMENTS.jsonl --model {out}" in done.stderr
    assert len(load_model(out).sessions) == 3
    card = (out / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "always-accept" in card
    assert "Not measured" not in card
    shown = next(line.split("  ")[1] for line in done.stdout.splitlines() if "(1)" in line)
    assert shown in card


@pytest.mark.slow
def test_json_alone_goes_to_stdout(tactful, moments, tmp_path):
    out = tmp_path / "model"
    done = tactful("reward", "train", moments, "--out", out, "--json")
    found = json.loads(done.stdout)
    assert found["model"] == str(out / "model.json")
    assert found["sessions"] == 3
    assert found["unusable_rows"] == 0
    assert found["data_hash"] == load_model(out).data_hash
    rows = {row["name"] for row in found["leave_one_session_out"]["rows"]}
    assert {"always-accept", "look-up", "random"} <= rows


@pytest.mark.slow
def test_what_was_trained_passes_the_check_and_a_changed_digit_does_not(
    tactful, moments, decisions, tmp_path
):
    for data, name, file, kind in (
        (moments, "model", "model.json", "reward-model"),
        (decisions, "suggestions", "suggestions.json", "suggestion-model"),
    ):
        tactful("reward", "train", data, "--out", tmp_path / name, "--no-evaluate")
        path = tmp_path / name / file
        for given in (tmp_path / name, path):
            done = tactful("data", "check", given)
            assert done.stdout == f"{path}: {kind}: 1 read = 1 good + 0 bad\n", done.stderr
        path.write_text(path.read_text(encoding="utf-8").replace('"seed": 0', '"seed": 1'), encoding="utf-8")
        done = tactful("data", "check", tmp_path / name)
        assert done.returncode == 1
        assert "does not match its hash" in done.stderr


@pytest.mark.slow
def test_equal_seeds_give_equal_models(tactful, moments, tmp_path):
    for name in ("one", "two"):
        tactful("reward", "train", moments, "--out", tmp_path / name, "--no-evaluate")
    one, two = ((tmp_path / name / "model.json").read_bytes() for name in ("one", "two"))
    assert one == two


@pytest.mark.slow
def test_what_takes_seconds_is_announced_before_it_starts(tactful, tmp_path, monkeypatch):
    monkeypatch.setattr("tactful.evaluation.judges.training._FITTED_PER_S", 20)
    data = write(tmp_path / "m.jsonl", some_moments())
    done = tactful("reward", "train", data, "--out", tmp_path / "model", "--json")
    assert done.stderr.startswith("judging each of 3 sessions by a model without it, about ")
    json.loads(done.stdout)


@pytest.mark.slow
def test_a_model_that_is_there_is_replaced_only_on_request(tactful, moments, tmp_path):
    out = tmp_path / "model"
    words = ("reward", "train", moments, "--out", out, "--no-evaluate")
    assert tactful(*words).returncode == 0
    before = (out / "model.json").read_bytes()
    refused = tactful(*words, "--seed", 1)
    assert refused.returncode == 2
    assert "exists already; give --out a new folder, or --replace" in refused.stderr
    assert (out / "model.json").read_bytes() == before
    assert tactful(*words, "--seed", 1, "--replace").returncode == 0
    assert load_model(out).seed == 1


@pytest.mark.slow
def test_without_figures_the_card_says_why(tactful, moments, tmp_path):
    tactful("reward", "train", moments, "--out", tmp_path / "one", "--no-evaluate")
    assert "trained with --no-evaluate" in (tmp_path / "one" / "MODEL_CARD.md").read_text()
    two = write(tmp_path / "two.jsonl", some_moments(2))
    done = tactful("reward", "train", two, "--out", tmp_path / "two")
    assert done.returncode == 0, done.stderr
    assert "not evaluated: 2 sessions, and leaving one out must leave 2" in done.stderr
    assert "2 sessions, and leaving one out" in (tmp_path / "two" / "MODEL_CARD.md").read_text()


def test_sessions_that_cannot_be_left_out_give_a_model_without_figures(tactful, tmp_path):
    rows = some_moments()
    first = rows[0]["session"]
    for row in rows:  # all that is accepted, and all need, is in the first session
        good = row["session"] == first and row["pred_task"] is not None
        row.update(valid=good, help_needed=good, annotation=[good], category=None)
    for row in rows:
        if row["pred_task"] is None:
            row["valid"] = not row["help_needed"]
    data = write(tmp_path / "m.jsonl", rows)
    done = tactful("reward", "train", data, "--out", tmp_path / "model")
    assert done.returncode == 0, done.stderr
    assert "not evaluated: with one session left out, cannot learn from these" in done.stderr
    assert load_model(tmp_path / "model").proposals is not None


def test_unusable_rows_are_left_out_on_request_and_counted(tactful, tmp_path):
    data = write(tmp_path / "m.jsonl", [{"a": 1}, *some_moments()])
    done = tactful("reward", "train", data, "--out", tmp_path / "model", "--no-evaluate", "--skip-bad")
    assert done.returncode == 0, done.stderr
    assert "1 unusable row left out" in done.stdout
    assert "1 unusable rows were left out" in (tmp_path / "model" / "MODEL_CARD.md").read_text()


def test_moments_come_through_a_pipe(tactful, tmp_path):
    text = "".join(json.dumps(one) + "\n" for one in some_moments())
    out = tmp_path / "model"
    done = tactful("reward", "train", "-", "--out", out, "--no-evaluate", stdin=text.encode())
    assert done.returncode == 0, done.stderr
    assert "`<stdin>`" in (out / "MODEL_CARD.md").read_text()


# ---------------------------------------------------------------- bad input


def one_sided(rows, value):
    return [
        {**row, "valid": value, "help_needed": not value, "annotation": [], "category": None} for row in rows
    ]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "holds no labelled moment; give rows with 'obs', 'pred_task' and 'valid'"),
        (
            [{"prompt": "x", "chosen": "y"}],
            ":1: moment has no 'obs' and no 'pred_task'; its keys are prompt, chosen",
        ),
        (
            [{"obs": [], "pred_task": "x", "valid": True}],
            ":1: moment has obs [], expected a list with at least one",
        ),
        (
            [{"obs": [{"event": "x"}], "pred_task": "y"}],
            ":1: moment has no 'valid', expected true (accepted) or",
        ),
        ([*some_moments()[:1], [1]], ":2: moment is [1], expected an object"),
        (some_moments()[:1] * 2, ":2: row has the id"),
        (some_moments(1), "1 session to train on"),
        (
            [row for row in one_sided(some_moments(), True) if row["pred_task"]],
            "outcomes are true: there is nothing to tell apart; give data with both",
        ),
        (
            [row for row in one_sided(some_moments(), False) if row["pred_task"]],
            "outcomes are false: there is nothing to tell apart; give data with both",
        ),
        (some_moments()[:1] + some_rows()[:1], ":2: moment has no 'obs'"),
        (some_rows()[:1] + some_moments()[:1], ":2: suggestion has no 'user'"),
    ],
)
def test_a_file_that_cannot_be_learnt_from_gives_one_clear_sentence(tactful, tmp_path, lines, sentence):
    data, out = write(tmp_path / "m.jsonl", lines), tmp_path / "model"
    done = tactful("reward", "train", data, "--out", out)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"tactful: {data}")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not out.exists()


def test_a_line_that_is_no_json_is_named(tactful, tmp_path):
    data = tmp_path / "m.jsonl"
    data.write_text("nonsense\n", encoding="utf-8")
    done = tactful("reward", "train", data, "--out", tmp_path / "model")
    assert done.returncode == 1
    assert f"{data}:1: not JSON" in done.stderr
    assert f"tactful data check {data}" in done.stderr
    skipped = tactful("reward", "train", data, "--out", tmp_path / "model", "--skip-bad")
    assert "the first of 1 unusable rows" in skipped.stderr


def test_a_missing_file_and_a_folder_are_named(tactful, tmp_path):
    missing = tactful("reward", "train", tmp_path / "no.jsonl", "--out", tmp_path / "model")
    assert missing.returncode == 1
    assert "no.jsonl: cannot be read (No such file or directory); check the path" in missing.stderr
    folder = tactful("reward", "train", tmp_path, "--out", tmp_path / "model")
    assert folder.returncode == 1
    assert "not a run folder" in folder.stderr


def test_a_file_in_the_place_of_the_folder_is_left_alone(tactful, moments, tmp_path):
    out = tmp_path / "notes.txt"
    out.write_text("mine", encoding="utf-8")
    done = tactful("reward", "train", moments, "--out", out)
    assert done.returncode == 2
    assert "is a file; give --out the name of a folder" in done.stderr
    assert out.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("verb", ["train", "evaluate"])
def test_without_the_extra_an_encoder_is_refused_with_the_line_to_type(
    tactful, moments, tmp_path, monkeypatch, verb
):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    monkeypatch.chdir(tmp_path)
    done = tactful("reward", verb, moments, "--likeness", "some-encoder")
    assert done.returncode == 1
    assert done.stderr.startswith("tactful: the sentence encoder 'some-encoder'")
    assert "pip install '.[encoder]'" in done.stderr
    assert not (tmp_path / "model").exists()


# ---------------------------------------------------------------- suggestions in an editor


@pytest.mark.slow
def test_decisions_about_suggestions_are_known_by_their_first_row(tactful, decisions, tmp_path):
    out = tmp_path / "model"
    done = tactful("reward", "train", decisions, "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("trained on 48 decisions about suggestions, of 4 users, 16 accepted\n")
    for words in ("AUROC", "Brier", "ECE", "the others' rate", "confidence alone", "floor"):
        assert words in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert f"next: tactful bench suggestions {decisions}" in done.stderr
    assert load_suggestion_model(out).users == ("0", "1", "2", "3")
    assert "48 decisions of 4 users (32 rejected, 16 accepted)" in (out / "MODEL_CARD.md").read_text()


@pytest.mark.slow
def test_a_model_of_suggestions_in_json_and_through_a_pipe(tactful, tmp_path):
    text = "".join(json.dumps(one) + "\n" for one in some_rows())
    done = tactful("reward", "train", "-", "--out", tmp_path / "model", "--json", stdin=text.encode())
    found = json.loads(done.stdout)
    assert (found["decisions"], found["accepted"], found["users"]) == (48, 16, 4)
    assert found["leave_users_out"][0]["name"] == "model"
    assert {row["name"] for row in found["leave_users_out"] if row["baseline"]} >= {"always-show", "random"}


def test_few_users_give_a_model_of_suggestions_without_figures(tactful, tmp_path):
    data = write(tmp_path / "d.jsonl", some_rows(users=2))
    done = tactful("reward", "train", data, "--out", tmp_path / "model")
    assert done.returncode == 0, done.stderr
    assert "not evaluated: the decisions are of 2 users" in done.stderr
    assert "the decisions are of 2 users" in (tmp_path / "model" / "MODEL_CARD.md").read_text()


def test_decisions_that_cannot_be_learnt_from_are_refused_with_the_file(tactful, tmp_path):
    for rows, sentence in (
        (some_rows(users=1), "1 group for 12 rows"),
        ([{**row, "accepted": False} for row in some_rows()], "nothing to tell apart"),
        ([{**row, "accepted": "yes"} for row in some_rows()], "expected true or false"),
    ):
        data = write(tmp_path / "d.jsonl", rows)
        done = tactful("reward", "train", data, "--out", tmp_path / "model")
        assert done.returncode == 1
        assert done.stderr.startswith(f"tactful: {data}")
        assert sentence in done.stderr


def test_a_likeness_of_texts_is_refused_for_suggestions(tactful, decisions, tmp_path):
    done = tactful("reward", "train", decisions, "--out", tmp_path / "model", "--likeness", "some-encoder")
    assert done.returncode == 2
    assert "holds decisions about suggestions, which have none" in done.stderr


def test_a_model_of_either_kind_is_never_joined_by_the_other(tactful, moments, decisions, tmp_path):
    out = tmp_path / "model"
    assert tactful("reward", "train", decisions, "--out", out, "--no-evaluate").returncode == 0
    done = tactful("reward", "train", moments, "--out", out, "--no-evaluate")
    assert done.returncode == 2
    assert "suggestions.json: exists already" in done.stderr


# ---------------------------------------------------------------- evaluate


@pytest.mark.slow
def test_evaluate_measures_out_of_session_beside_the_baselines(tactful, moments, tmp_path):
    done = tactful("reward", "evaluate", moments, "--leave-one-session-out", "--out", tmp_path / "judged")
    assert done.returncode == 0, done.stderr
    for name in ("embedded", "always-accept", "look-up", "random"):
        assert f"\n  {name} " in done.stdout
    assert (tmp_path / "judged" / "results.json").exists()
    assert tactful("reward", "evaluate", moments).stdout == done.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--model", "m", "--leave-one-session-out"), "not both"),
        (("--model", "m", "--likeness", "some-encoder"), "a saved model knows its own"),
        (("--model", "m", "--leak"), "--leak trains anew"),
        (("--allow-seen",), "--allow-seen belongs to --model"),
    ],
)
def test_options_of_evaluate_that_do_not_fit_together_are_refused(tactful, moments, words, sentence):
    done = tactful("reward", "evaluate", moments, *words)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_evaluate_refuses_sessions_that_the_model_has_seen(tactful, moments, tmp_path):
    out = tmp_path / "model"
    tactful("reward", "train", moments, "--out", out, "--no-evaluate")
    done = tactful("reward", "evaluate", moments, "--model", out)
    assert done.returncode == 2
    assert "was trained on 3 of the 3 sessions" in done.stderr
