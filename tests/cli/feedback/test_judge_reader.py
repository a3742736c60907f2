"""`tactful feedback judge --reader`: any reader judges, as a run like any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.chat_server import serving
from tests.decisions_server import deciding

from tactful.reading import REACTIONS
from tactful.reading.fit import HeadFit, ReaderFit, save_fit

SAID = ["Write a haiku", "Leaves fall", "no, that is wrong", "Waves", "perfect, thank you"]
WRONG = {"why": "w", "says": "corrects", "chance": 98}
GOOD = {"why": "w", "says": "praises", "chance": 98}


@pytest.fixture
def chats(tmp_path: Path) -> Path:
    roles = ["user", "assistant"] * 3
    talk = [{"role": role, "content": text} for role, text in zip(roles, SAID, strict=False)]
    path = tmp_path / "chats.jsonl"
    path.write_text(json.dumps({"id": "a", "conversation": talk}) + "\n")
    return path


def records(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]


def test_a_prompted_reader_judges_by_several_draws_and_what_it_cost_is_counted(
    tactful, tmp_path: Path, chats: Path
) -> None:
    with serving(script={"that is wrong\nend next": WRONG, ".": GOOD}) as server:
        done = tactful("feedback", "judge", chats, "--reader", "m", "--samples", "3", "--base-url", server.base_url,
                       "--out", tmp_path / "run", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    made = [row["judgement"] for row in records(tmp_path / "run")]
    assert [one["label"] for one in made] == ["neg_correction", "pos_praise"]
    # three draws of .99, half a draw spread over seven: (2.97 + .5/7) / 3.5
    assert made[0]["confidence"] == pytest.approx((2.97 + 0.5 / 7) / 3.5, abs=1e-3)
    assert made[0]["provenance"]["model"] == "reader m ×3"
    assert "reading/reaction" in made[0]["provenance"]["prompt_hashes"]
    assert json.loads(done.stdout)["usage"]["calls"] == 6 + server.probes


@pytest.mark.slow
def test_the_confidence_fitted_on_a_prompted_readers_run_serves_the_next_one_of_as_many_draws(
    tactful, tmp_path: Path
) -> None:
    rows = [
        {"id": f"t{at}", "source": "here", "dialogue": f"d{at}", "q_t": f"Write {at}", "a_t": "Done."}
        | {"user_next": "that is wrong", "label7": "neg_correction" if at % 5 else "neutral"}
        for at in range(80)
    ]  # fmt: skip
    labelled = tmp_path / "labelled.jsonl"
    labelled.write_text("".join(json.dumps(row) + "\n" for row in rows))
    fitted = tmp_path / "map.json"
    with serving(script={"that is wrong\nend next": WRONG, ".": GOOD}) as server:
        by = ("--reader", "m", "--base-url", server.base_url, "--samples")
        judged = tactful("feedback", "judge", labelled, *by, "3", "--out", tmp_path / "run")
        assert judged.returncode == 0, judged.stderr
        done = tactful("feedback", "fit-confidence", labelled, "--judged", tmp_path / "run", "--out", fitted)
        assert done.returncode == 0, done.stderr
        again = tactful(
            "feedback", "judge", labelled, *by, "3", "--confidence", fitted, "--out", tmp_path / "again"
        )
        assert again.returncode == 0, again.stderr
        other = tactful(
            "feedback", "judge", labelled, *by, "2", "--confidence", fitted, "--out", tmp_path / "other"
        )
    assert all(row["judgement"]["fitted"] for row in records(tmp_path / "again"))
    assert "was fitted for the judge 'reader m ×3', but 'reader m ×2' judges here" in other.stderr


def test_a_decisions_endpoint_judges(tactful, tmp_path: Path, chats: Path) -> None:
    with deciding({"reaction": dict.fromkeys(REACTIONS, 0.05) | {"neutral": 0.7}}) as server:
        done = tactful(
            "feedback",
            "judge",
            chats,
            "--reader",
            f"decisions:m@{server.base_url}",
            "--out",
            tmp_path / "run",
        )
        assert server.requests == 2
    assert done.returncode == 0, done.stderr
    assert {row["judgement"]["label"] for row in records(tmp_path / "run")} == {"neutral"}


def test_trained_takes_a_bundled_reader_by_its_name_as_reader_does_also_where_a_folder_is_called_so(
    tactful, tmp_path: Path, chats: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "surface").mkdir()
    monkeypatch.chdir(tmp_path)
    made = []
    for out, by in (("a", ("--model", "embedded", "--trained", "surface")), ("b", ("--reader", "surface"))):
        done = tactful("feedback", "judge", chats, *by, "--out", tmp_path / out)
        assert done.returncode == 0, done.stderr
        made.append([row["judgement"] for row in records(tmp_path / out)])
    assert made[0] == made[1]
    assert made[0][0]["provenance"]["model"].startswith("embedded:surface:")


def test_what_the_reader_does_not_know_is_unscored_and_can_be_taken_again(
    tactful, tmp_path: Path, chats: Path
) -> None:
    with serving(script={".": "I would rather not."}, modes=set()) as server:
        tactful(
            "feedback",
            "judge",
            chats,
            "--reader",
            "m",
            "--samples",
            "1",
            "--base-url",
            server.base_url,
            "--out",
            tmp_path / "run",
        )
        assert {row["judgement"]["label"] for row in records(tmp_path / "run")} == {None}
        server.script = {".": GOOD}
        done = tactful("runs", "retry", tmp_path / "run", "--unscored")
    assert done.returncode == 0, done.stderr
    tactful("runs", "export", tmp_path / "run")
    assert {row["judgement"]["label"] for row in records(tmp_path / "run")} == {"pos_praise"}


def test_an_embedded_reader_judges_by_its_name(tactful, tmp_path: Path, chats: Path) -> None:
    done = tactful("feedback", "judge", chats, "--reader", "surface", "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert records(tmp_path / "run")[0]["judgement"]["provenance"]["model"].startswith("embedded:surface:")


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (("--reader", "m", "--model", "x"), "name one of them"),
        (("--reader", "m", "--votes", "3"), "a reader judges alone"),
        (("--reader", "consistency:m"), "reads requests for code, not reactions"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    tactful, tmp_path: Path, chats: Path, flags: tuple[str, ...], why: str
) -> None:
    done = tactful(
        "feedback", "judge", chats, *flags, "--base-url", "http://127.0.0.1:9/v1", "--out", tmp_path / "run"
    )
    assert done.returncode == 2
    assert why in " ".join(done.stderr.split())


def test_a_dry_run_counts_the_draws(tactful, chats: Path) -> None:
    done = tactful(
        "feedback",
        "judge",
        chats,
        "--reader",
        "m",
        "--base-url",
        "http://127.0.0.1:9/v1",
        "--dry-run",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["judges"][0]["calls"] == 10


def test_a_dry_run_counts_one_call_a_turn_for_a_calibrated_decisions_endpoint(
    tactful, tmp_path: Path, chats: Path
) -> None:
    fitted = HeadFit(sharpness={}, steps=((0.0, 0.0), (1.0, 1.0)), texts=50)
    place = "http://127.0.0.1:9/v1"
    fit = ReaderFit(reader="decisions:m", base_url=place, samples=5, prompts={}, heads={"reaction": fitted})
    save_fit(tmp_path / "mine", fit)
    done = tactful("feedback", "judge", chats, "--reader", tmp_path / "mine", "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["judges"][0]["calls"] == 2  # two turns, each asked once


def test_a_length_that_no_reader_takes_is_refused(tactful, tmp_path: Path, chats: Path) -> None:
    done = tactful(
        "feedback", "judge", chats, "--reader", "surface", "--max-chars", "900", "--out", tmp_path / "run"
    )
    assert done.returncode == 2
    assert "--max-chars belongs to --model and --judges" in done.stderr
    assert not (tmp_path / "run").exists()
