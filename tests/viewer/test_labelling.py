"""A turn as an item of annotation, and the form for it on the viewer's pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.viewer.samples import SAMPLES
from tests.viewer.visiting import visiting

import tactful as tf
from tactful.annotation.items.reading import read_items
from tactful.annotation.queries.collected import collected
from tactful.annotation.store import Store, open_store
from tactful.annotation.types import AskingAnswer, FollowUpAnswer, Item
from tactful.types import Label
from tactful.viewer.labelling import item_at
from tactful.viewer.types import Line, Shown
from tactful.viewer.views.record import output_of

EVIL = "<script>alert(1)</script>\u202e"
TURN = {
    "id": "d/0", "q_t": "Plan my week", "a_t": "Done", "user_next": f"That is wrong {EVIL}", "dialogue_id": "d",
    "index": 0, "source": "log", "lang": "en",
}  # fmt: skip
JUDGED = {
    "tactful": "judged-turns", "turn": TURN,
    "judgement": {"turn_id": "d/0", "label": "neg_correction", "confidence": 0.8, "tau_c": 0.6, "reward": -0.8,
                  "rationale": "the judge says so", "should_update": True, "unscored_reason": "",
                  "provenance": {"model": "m", "generator": "rules", "prompt_hashes": {}, "run_id": "r", "seed": None}},
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "labels.sqlite") as one:
        yield one


def write(path: Path, *rows: Any) -> Path:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def item_of(row: Any, turn: int = 0, path: Path = Path("nowhere/rows.jsonl")) -> Item | None:
    found = item_at(row, turn, source="rows.jsonl", path=path)
    return found if isinstance(found, Item) else None


def why_not(row: Any, path: Path = Path("nowhere/rows.jsonl")) -> str:
    found = item_at(row, 0, source="rows.jsonl", path=path)
    assert isinstance(found, str)
    return found


def replaced(path: Path, *, source: str) -> Item:
    """The item that annotation makes of the only row of a file, as if it stood in another."""
    return next(iter(read_items(path))).model_copy(update={"source": source})


def token(page: str) -> dict[str, str]:
    found = re.search(r'X-CSRF-Token": "(\w+)"', page)
    assert found is not None
    return {"x-csrf-token": found[1]}


# ---------------------------------------------------------------- items


def test_the_item_is_the_one_that_annotation_makes_of_the_same_row(tmp_path: Path) -> None:
    path = write(tmp_path / "judged.jsonl", JUDGED)
    assert item_at(JUDGED, 0, source=path.name, path=path) == next(iter(read_items(path)))
    state = tf.states("planning", n=1, seed=0)[0]
    path = write(tmp_path / "states.jsonl", state.model_dump(mode="json"))
    step = {**SAMPLES["trajectories"]["steps"][0], "state": state.model_dump(mode="json")}
    ours = item_of({**SAMPLES["trajectories"], "steps": [step]})
    assert ours is not None
    assert ours.id == next(iter(read_items(path))).id


def test_each_turn_of_a_conversation_is_its_own_question() -> None:
    row = SAMPLES["trajectories"]
    later = {
        **row,
        "steps": [
            row["steps"][0],
            {**row["steps"][1], "state": {**row["steps"][1]["state"], "query": "And Friday?"}},
        ],
    }
    first, second = item_of(later, 0), item_of(later, 1)
    assert first is not None
    assert second is not None
    assert (first.kind, second.kind) == ("asking", "asking")
    assert first.id != second.id
    assert item_of(later, 2) is None


def test_what_was_done_and_what_the_judge_said_are_not_shown() -> None:
    found = item_of(JUDGED)
    assert found is not None
    shown = found.shown.model_dump_json()
    assert "That is wrong" in shown
    assert "neg_correction" not in shown
    assert "the judge says so" not in shown
    asked = item_of(SAMPLES["trajectories"])
    assert asked is not None
    assert "Which day is free?" not in asked.shown.model_dump_json()  # it had not been asked yet


def test_a_row_that_says_too_little_gives_no_question() -> None:
    for row in ({"id": "x"}, [], None, "text", {"tactful": "judged-turns"}, {"tactful": "episodes", "steps": 3},
                {"tactful": "judged-points"}, {"tactful": "trajectories", "steps": [{"state": {"query": 3}}]}):  # fmt: skip
        assert why_not(row) == "nothing"
    for kind in ("acceptances", "decisions", "findings", "replayed", "proposals"):
        assert why_not(SAMPLES[kind]) == "unnamed"
    assert why_not({**SAMPLES["predictions"], "hindsight": {"message": None}}) == "unknown"


def test_a_predicted_message_is_asked_about_by_the_one_that_came(tmp_path: Path) -> None:
    said = [("user", "Plan my week"), ("assistant", "Which day?"), ("user", "Friday, please")]
    log = write(
        tmp_path / "log.jsonl", {"id": "d", "messages": [{"role": r, "content": text} for r, text in said]}
    )
    run = tf.predict(log, model="offline", out=tmp_path / "run", progress="off")
    (row,) = run.folder.joinpath("records.jsonl").read_text().splitlines()
    assert item_at(orjson.loads(row), 0, source="run", path=run.folder) == next(iter(read_items(log)))


def test_a_judgement_is_asked_about_by_the_moment_in_what_the_run_was_made_from(tmp_path: Path) -> None:
    rows = [
        {"id": "m", "session": "s", "obs": [{"event": "The user types"}], "pred_task": "Shall I test it?"}
    ]
    moments = write(tmp_path / "moments.jsonl", *rows)
    (tmp_path / "run").mkdir()
    info = {"resume_args": {"source": str(moments)}}
    (tmp_path / "run" / "run.json").write_bytes(orjson.dumps(info))
    for row in (SAMPLES["acceptances"], {"id": "m", "acceptance": SAMPLES["acceptances"]}):
        assert item_of(row, path=tmp_path / "run") == replaced(moments, source="rows.jsonl")
        shown = Shown(line=Line(ordinal=0, id="m", state="done"), outputs=(row,))
        story = output_of(shown, 0, tmp_path / "run").story
        assert [getattr(beat, "text", "") for beat in story.beats] == [
            "The user types",
            "Shall I test it?",
            "",
        ]
    assert why_not({**SAMPLES["acceptances"], "moment_id": "other"}, path=tmp_path / "run") == "gone"
    moments.unlink()
    assert why_not(SAMPLES["acceptances"], path=tmp_path / "run") == "gone"


def test_a_decision_along_a_trace_is_asked_about_by_what_was_seen_there(tmp_path: Path) -> None:
    points = [{"observation": {"time": f"Day 1, 1:0{at} AM", "event": f"Event {at}"}} for at in range(5)]
    (tmp_path / "traces").mkdir()
    (tmp_path / "traces" / "t.json").write_bytes(orjson.dumps(points))
    rows = write(tmp_path / "decisions.jsonl", SAMPLES["decisions"])
    (tmp_path / "results.json").write_bytes(orjson.dumps({"folder": str(tmp_path / "traces")}))
    found = item_of(SAMPLES["decisions"], path=rows)
    assert found is not None
    assert [event.text for event in found.shown.events] == [f"Event {at}" for at in range(4)]
    assert found.shown.candidates == ("Shall I test it?",)
    for wrong in ({"trace": "../t"}, {"at": 9}, {"at": -1}, {"at": None, "trace": None}):
        assert why_not({**SAMPLES["decisions"], **wrong}, path=rows) == "gone"


def test_a_turn_of_a_replay_is_the_item_of_the_turn_that_was_replayed(tmp_path: Path) -> None:
    said = ["Rename a.txt.", "Shall I keep the content?", "I already said: just rename it.", "Done."]
    turns = [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(said)]
    log = write(tmp_path / "log.jsonl", {"id": "c", "messages": turns})
    tf.learn(log, out=tmp_path / "learned", reader="surface", progress="off")
    for logs, out in ((tmp_path / "learned", tmp_path / "replayed"), (log, tmp_path / "alone")):
        tf.replay(logs, policy="always-Clarify", out=out, reader="surface", progress="off")
        talk = orjson.loads((tmp_path / "learned" / "records.jsonl").read_bytes())
        path = out / "decisions.jsonl"
        rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
        for turn, row in enumerate(rows):
            ours, theirs = item_of(row, path=path), item_of(talk, turn)
            assert ours is not None
            assert theirs is not None
            assert ours == theirs


def test_a_folder_that_was_made_from_what_lies_around_it_is_not_looked_through(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    for named in (str(tmp_path), "/", ".", "\0", 3, ""):
        (tmp_path / "run" / "run.json").write_bytes(orjson.dumps({"resume_args": {"traces": named}}))
        assert why_not(SAMPLES["decisions"], path=tmp_path / "run") in ("gone", "unnamed")


def test_a_finding_is_asked_about_in_the_words_of_its_log(tmp_path: Path) -> None:
    said = [{"role": "user", "content": "A pizza"}, {"role": "assistant", "content": "Which size?"}]
    log = write(tmp_path / "log.jsonl", {"id": "c", "messages": said})
    findings = write(tmp_path / "findings.jsonl", SAMPLES["findings"])
    (tmp_path / "audit.json").write_bytes(orjson.dumps({"logs": [str(log)]}))
    found = item_of(SAMPLES["findings"], path=findings)
    assert found is not None
    assert (found.kind, found.session) == ("asking", "log/c")
    assert "A pizza" in found.shown.model_dump_json()
    assert "Which size?" not in found.shown.model_dump_json()


# ---------------------------------------------------------------- pages


@pytest.mark.slow
def test_a_label_is_an_annotation_and_the_run_is_not_touched(tmp_path: Path, store: Store) -> None:
    path = write(tmp_path / "judged.jsonl", JUDGED)
    before = path.read_bytes()
    with visiting(path, annotations=store) as client:
        address = "/of/judged.jsonl/records/0/label?line=0&turn=0"
        page = client.get(address).text
        assert "&lt;script&gt;" in page
        assert "<script>alert" not in page
        assert "\u202e" not in page
        sent = {"kind": "follow-up", "label": "neg_confusion", "comment": "reads like it"}
        sent |= dict(re.findall(r'name="(shown_at)" value="([^"]+)"', page))
        kept = client.post(address, data=sent, headers=token(page), follow_redirects=False)
        assert (kept.status_code, kept.headers["location"]) == (303, "/of/judged.jsonl/records/0#l0t0")
        assert "Your label is kept." in client.get(kept.headers["location"]).text
        again = client.get(address).text
        assert "You have labelled this before" in again
        assert "reads like it" in again
    (found,) = collected(store).annotations
    assert found.answer == FollowUpAnswer(label=Label.NEG_CONFUSION)
    assert found.counts
    assert found.seconds > 0
    assert path.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "shown_at", ["yesterday", "2026-03-02", "0001-01-01T00:00+14:00", "9999-12-31T23:59Z"]
)
def test_a_label_whose_form_says_no_time_is_kept_all_the_same(
    tmp_path: Path, store: Store, shown_at: str
) -> None:
    with visiting(write(tmp_path / "judged.jsonl", JUDGED), annotations=store) as client:
        address = "/of/judged.jsonl/records/0/label"
        sent = {"kind": "follow-up", "label": "neutral", "shown_at": shown_at}
        assert client.post(address, data=sent, headers=token(client.get(address).text)).status_code == 200
    assert [one.seconds for one in collected(store).annotations] == [0]


@pytest.mark.slow
def test_a_label_without_the_token_of_the_page_or_half_said_is_not_kept(tmp_path: Path, store: Store) -> None:
    path = write(tmp_path / "judged.jsonl", JUDGED)
    with visiting(path, annotations=store) as client:
        address = "/of/judged.jsonl/records/0/label"
        proof = token(client.get(address).text)
        sent = {"kind": "follow-up", "label": "neutral"}
        assert client.post(address, data=sent).status_code == 403
        for wrong in (
            {"kind": "follow-up"},
            {"kind": "asking", "verdict": "ask"},
            {"kind": "follow-up", "label": "x"},
        ):
            assert client.post(address, data=wrong, headers=proof).status_code == 422
        for nowhere in (
            "/of/judged.jsonl/records/9/label",
            "/of/judged.jsonl/records/0/label?line=3",
            "/of/x/records/0/label",
        ):
            assert client.post(nowhere, data=sent, headers=proof).status_code == 404
        assert client.get(f"{address}?turn=-1").status_code == 422
    assert collected(store).annotations == ()


@pytest.mark.slow
def test_without_a_database_the_page_says_how_and_nothing_is_taken(tmp_path: Path) -> None:
    path = write(tmp_path / "judged.jsonl", JUDGED, SAMPLES["acceptances"])
    with visiting(path) as client:
        page = client.get("/of/judged.jsonl/records/0/label").text
        assert f"tactful view {path} --annotations annotations.sqlite" in page
        assert "<form id=" not in page
        sent = {"kind": "follow-up", "label": "neutral"}
        assert (
            client.post("/of/judged.jsonl/records/0/label", data=sent, headers=token(page)).status_code == 404
        )
        assert "Nobody can be asked about this turn" in client.get("/of/judged.jsonl/records/1/label").text


@pytest.mark.slow
def test_the_record_leads_to_the_form_of_each_turn(tmp_path: Path) -> None:
    with visiting(write(tmp_path / "t.jsonl", SAMPLES["trajectories"])) as client:
        page = client.get("/of/t.jsonl/records/0").text
    for turn in (0, 1):
        assert f'href="/of/t.jsonl/records/0/label?line=0&amp;turn={turn}"' in page


@pytest.mark.slow
def test_asking_takes_what_to_ask(tmp_path: Path, store: Store) -> None:
    with visiting(write(tmp_path / "t.jsonl", SAMPLES["trajectories"]), annotations=store) as client:
        address = "/of/t.jsonl/records/0/label"
        sent = {"kind": "asking", "verdict": "ask", "what": "Which day?"}
        assert client.post(address, data=sent, headers=token(client.get(address).text)).status_code == 200
    assert collected(store).annotations[0].answer == AskingAnswer(verdict="ask", what="Which day?")
