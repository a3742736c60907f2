"""`tactful bench judge` as users call it."""

import json
from pathlib import Path

import pytest
from tests.reward.synthetic import make_items, truth

from tactful.data.formats.moments import moment_row
from tactful.data.io import write_jsonl
from tactful.evaluation.judges.baselines import BASELINES
from tactful.reward.embedded.model import save_model
from tactful.reward.embedded.training import train
from tactful.reward.types import Acceptance


@pytest.fixture
def moments(tmp_path: Path) -> Path:
    path = tmp_path / "moments.jsonl"
    write_jsonl(path, [moment_row(item) for item in make_items(8, 6)])
    return path


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    items = make_items(8, 6)
    chances = truth(items)
    path = tmp_path / "judged.jsonl"
    said = [
        Acceptance(moment_id=one.moment.id, p_accept=p, accepted=p >= 0.5)
        for one in items
        for p in [chances[one.moment.id]]
    ]
    said[0] = Acceptance.unscored(said[0].moment_id, reason="unreadable")
    write_jsonl(path, said)
    return path


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained on four of the eight sessions of `moments`."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    save_model(train(make_items(4, 6)), folder, card="a card")
    return folder


def tables(text: str) -> list[str]:
    return [block for block in text.split("\n\n") if "\n  " in block]


@pytest.mark.slow
def test_judgements_of_a_file_are_measured_beside_baselines_in_every_table(
    tactful, moments, judged, tmp_path
):
    out = tmp_path / "out"
    done = tactful("bench", "judge", moments, "--judged", judged, "--out", out)
    assert done.returncode == 0, done.stderr
    assert len(tables(done.stdout)) == 7
    for table in tables(done.stdout):
        for name in BASELINES:
            assert f"\n  {name} " in table
    assert "Left out as unscored: judged.jsonl 1 of" in " ".join(done.stdout.split())
    assert "whether it saw these sessions" in done.stderr
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert results["measured"]["unscored"] == 1
    assert results["measured"]["rows"][0]["equal"]["auroc"]["value"] > 0.6
    assert (out / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.slow
def test_json_holds_everything_that_the_folder_does(tactful, moments, judged, tmp_path):
    out = tmp_path / "out"
    done = tactful("bench", "judge", moments, "--judged", judged, "--json", "--out", out)
    assert json.loads(done.stdout) == json.loads((out / "results.json").read_text(encoding="utf-8"))


def test_moments_that_the_file_does_not_judge_are_left_out_and_told(tactful, moments, judged):
    lines = judged.read_bytes().splitlines(keepends=True)
    extra = Acceptance(moment_id="elsewhere", p_accept=0.5, accepted=True)
    judged.write_bytes(b"".join(lines[:50]) + extra.model_dump_json().encode())
    done = tactful("bench", "judge", moments, "--judged", judged)
    assert done.returncode == 0, done.stderr
    assert f"{len(lines) - 50} of {len(lines)} moments are not judged" in done.stderr
    assert "1 judgements" in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "name one judge to measure"),
        (("--judged", "x", "--leave-one-session-out"), "name one judge to measure"),
        (("--judged", "x", "--probes"), "cannot be asked"),
        (("--leave-one-session-out", "--allow-seen"), "--allow-seen has no use with"),
        (("--judged", "x", "--leak"), "--leak trains anew"),
        (("--judged", "x", "--likeness", "some-encoder"), "--likeness belongs to --leave-one-session-out"),
        (("--judged", "x", "--votes", "3"), "--votes and --cache belong to --judge"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(tactful, moments, words, sentence):
    done = tactful("bench", "judge", moments, *words)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_bad_input_gives_a_sentence(tactful, moments, judged, tmp_path):
    empty = tmp_path / "empty.jsonl"
    empty.write_text("", encoding="utf-8")
    assert "holds no labelled moment" in tactful("bench", "judge", empty, "--judged", judged).stderr
    strange = tmp_path / "strange.jsonl"
    strange.write_text('{"a": 1}\n', encoding="utf-8")
    done = tactful("bench", "judge", strange, "--judged", judged)
    assert done.returncode == 1
    assert "has no 'obs'" in done.stderr
    strange.write_text('{"moment_id": "x", "p_accept": 0.5, "accepted": true}\n', encoding="utf-8")
    assert "judges none of these" in tactful("bench", "judge", moments, "--judged", strange).stderr
    strange.write_text('{"moment_id": "x", "p_accept": 1.5, "accepted": true}\n', encoding="utf-8")
    assert "1.5" in tactful("bench", "judge", moments, "--judged", strange).stderr


def test_an_old_result_is_never_overwritten(tactful, moments, judged, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "results.json").write_text("mine", encoding="utf-8")
    done = tactful("bench", "judge", moments, "--judged", judged, "--out", out)
    assert done.returncode == 2
    assert (out / "results.json").read_text(encoding="utf-8") == "mine"


@pytest.mark.slow
def test_a_prompted_judge_is_asked_attacked_and_marked_as_a_rehearsal_when_offline(
    tactful, moments, tmp_path
):
    cache = tmp_path / "calls.sqlite"
    words = ("--judge", "offline", "--probes", "--probe-moments", 8, "--cache", cache, "--limit", 60)
    done = tactful("bench", "judge", moments, *words)
    assert done.returncode == 0, done.stderr
    assert "not a language model" in done.stderr
    assert len(tables(done.stdout)) == 8
    for table in tables(done.stdout):
        for name in BASELINES:
            assert f"\n  {name} " in table
    assert cache.exists()
    again = tactful("bench", "judge", moments, *words)
    assert again.stdout == done.stdout


def test_a_model_that_was_trained_on_sessions_of_the_data_is_refused(tactful, moments, model):
    done = tactful("bench", "judge", moments, "--model", model)
    assert done.returncode == 2
    assert "was trained on 4 of the 8 sessions in these data" in done.stderr
    assert done.stdout == ""


@pytest.mark.slow
def test_a_model_on_seen_sessions_is_marked_everywhere(tactful, moments, model, tmp_path):
    out = tmp_path / "out"
    done = tactful("bench", "judge", moments, "--model", model, "--allow-seen", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "WARNING" in done.stderr
    assert "NOT out of session" in done.stderr
    assert "NOT out of session" in done.stdout.splitlines()[0]
    assert "NOT out of session" in (out / "report.html").read_text(encoding="utf-8")
    assert json.loads((out / "results.json").read_text(encoding="utf-8"))["seen"] is True


@pytest.mark.slow
def test_a_model_on_new_sessions_is_measured_and_attacked(tactful, model, tmp_path):
    path = tmp_path / "new.jsonl"
    write_jsonl(path, [moment_row(item) for item in make_items(4, 5, seed=9)])
    done = tactful("bench", "judge", path, "--model", model, "--probes", "--probe-moments", 20)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    assert "trained on other sessions alone" in done.stdout.splitlines()[0]
    assert "AUROC and Brier: probabilities moved" in done.stdout
    assert "Length is within the bounds" in done.stdout
    assert f"tactful reward gate {model}" in done.stderr
    assert len(tables(done.stdout)) == 8
    for table in tables(done.stdout):
        for name in BASELINES:
            assert f"\n  {name} " in table


@pytest.mark.slow
def test_leave_one_session_out_shows_what_a_split_by_item_gives_away(tactful, moments):
    done = tactful("bench", "judge", moments, "--leave-one-session-out", "--leak", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [side["observations_known"] for side in found["leak"]] == [1.0, 0.0]
    leaking, grouped = (
        next(row for row in side["measured"]["rows"] if row["name"] == "look-up") for side in found["leak"]
    )
    assert leaking["equal"]["auroc"]["value"] > 0.6
    assert grouped["equal"]["auroc"]["value"] == pytest.approx(0.5)


def test_too_few_sessions_for_leaving_one_out_are_refused_with_a_sentence(tactful, tmp_path):
    path = tmp_path / "two.jsonl"
    write_jsonl(path, [moment_row(item) for item in make_items(2, 5)])
    done = tactful("bench", "judge", path, "--leave-one-session-out")
    assert done.returncode == 1
    assert "give moments of at least 3 sessions" in done.stderr
