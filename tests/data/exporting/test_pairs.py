import json

import pytest

from tactful.data.exporting.forms import FORMS, Form
from tactful.data.exporting.pairs import export_pairs
from tactful.data.io import write_jsonl
from tactful.errors import DataError, UserError
from tactful.types import Message, PreferencePair, Provenance, PublicState


def pair(n, **changes):
    def said(text):
        return (Message(role="assistant", content=f"{text} {n} 你好\n```python\nx\n```"),)

    values = {
        "id": f"p{n}",
        "state": PublicState(
            id=f"s{n}", domain="coding", query="q", query_clarity=0.5, task_complexity=0.5, group="g"
        ),
        "persona": None,
        "chosen_action": "MID",
        "rejected_action": "LOW",
        "chosen_reward": 1.0,
        "rejected_reward": 0.25,
        "chosen_task_score": 1.0,
        "rejected_task_score": 0.0,
        "chosen_interruption_cost": 0.0,
        "rejected_interruption_cost": -0.25,
        "margin": 0.75,
        "prompt": (
            Message(role="system", content="Ask first."),
            Message(role="user", content=f"Sort {n}"),
            Message(role="assistant", content="How?"),
            Message(role="user", content="Up."),
        ),
        "chosen": said("good"),
        "rejected": said("bad"),
        "provenance": Provenance(model="offline", generator="offline", run_id="r1", seed=0),
    }
    return PreferencePair(**{**values, **changes})


@pytest.fixture
def pairs(tmp_path):
    made = [pair(n) for n in range(3)]
    write_jsonl(tmp_path / "run" / "records.jsonl", made)
    return made, tmp_path / "run"


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def plain(messages):
    return [{"role": m.role, "content": m.content} for m in messages]


def test_trl_rows_read_back_identical_and_hold_three_columns(pairs, tmp_path):
    made, run = pairs
    assert export_pairs(run, "trl", tmp_path / "out").pairs == 3
    rows = lines(tmp_path / "out" / "pairs.jsonl")
    assert rows == [{k: plain(getattr(p, k)) for k in ("prompt", "chosen", "rejected")} for p in made]


def test_openai_rows_read_back_identical(pairs, tmp_path):
    made, run = pairs
    export_pairs(run / "records.jsonl", "openai", tmp_path / "out")
    for row, p in zip(lines(tmp_path / "out" / "pairs.jsonl"), made, strict=True):
        assert row["input"]["messages"] == plain(p.prompt)
        assert row["preferred_output"] == plain(p.chosen)
        assert row["non_preferred_output"] == plain(p.rejected)


def test_llama_factory_rows_read_back_identical_through_dataset_info(pairs, tmp_path):
    made, run = pairs
    export_pairs(run, "llama-factory", tmp_path / "out")
    info = json.loads((tmp_path / "out" / "dataset_info.json").read_text())["tactful_pairs"]
    assert (info["ranking"], info["formatting"]) == (True, "sharegpt")
    columns = info["columns"]
    roles = {"human": "user", "gpt": "assistant"}
    for row, p in zip(json.loads((tmp_path / "out" / info["file_name"]).read_text()), made, strict=True):
        talk = [{"role": roles[m["from"]], "content": m["value"]} for m in row[columns["messages"]]]
        assert [{"role": "system", "content": row[columns["system"]]}, *talk] == plain(p.prompt)
        assert row[columns["chosen"]]["value"] == p.chosen[0].content
        assert row[columns["rejected"]]["value"] == p.rejected[0].content


@pytest.mark.parametrize("form", ["trl", "openai", "llama-factory"])
def test_provenance_lies_beside_in_the_same_order(pairs, tmp_path, form):
    _, run = pairs
    export_pairs(run, form, tmp_path / "out")
    beside = lines(tmp_path / "out" / "provenance.jsonl")
    assert [row["id"] for row in beside] == ["p0", "p1", "p2"]
    assert beside[0]["provenance"]["generator"] == "offline"
    assert (beside[0]["margin"], beside[0]["group"]) == (0.75, "g")


def test_equal_pairs_give_equal_bytes(pairs, tmp_path):
    _, run = pairs
    for name in ("a", "b"):
        export_pairs(run, "llama-factory", tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


@pytest.mark.parametrize(
    ("changes", "form", "message"),
    [
        ({"chosen": ()}, "openai", r"'p0': chosen is \[\], the openai form takes one assistant message"),
        ({"rejected": (Message(role="user", content="x"),)}, "llama-factory", r"rejected is \[user\]"),
        (
            {"prompt": (Message(role="assistant", content="x"),)},
            "llama-factory",
            r"roles are \['assistant'\]",
        ),
        ({"prompt": ()}, "llama-factory", r"roles are \[\]"),
    ],
)
def test_a_pair_that_a_form_cannot_hold_is_refused_not_bent(tmp_path, changes, form, message):
    write_jsonl(tmp_path / "p.jsonl", [pair(0, **changes)])
    with pytest.raises(UserError, match=message):
        export_pairs(tmp_path / "p.jsonl", form, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_unusable_requests_are_refused(pairs, tmp_path):
    _, run = pairs
    with pytest.raises(UserError, match="'csv' is not known; choose one of: trl, llama-factory, openai"):
        export_pairs(run, "csv", tmp_path / "out")
    with pytest.raises(UserError, match="is not an empty folder"):
        export_pairs(run, "trl", run)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"holds neither records.jsonl nor pairs.jsonl"):
        export_pairs(tmp_path / "empty", "trl", tmp_path / "out")
    (tmp_path / "none.jsonl").write_text("")
    with pytest.raises(UserError, match="holds no pairs"):
        export_pairs(tmp_path / "none.jsonl", "trl", tmp_path / "out")
    (tmp_path / "bad.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(DataError, match=r"bad.jsonl:1: PreferencePair"):
        export_pairs(tmp_path / "bad.jsonl", "trl", tmp_path / "out")


def test_equal_sides_and_repeated_pairs_are_left_out_and_counted(tmp_path):
    again = pair(0, id="again", margin=0.5)
    padded = tuple(message.model_copy(update={"content": message.content + "\n"}) for message in again.chosen)
    same = pair(1, id="same")
    rows = [
        pair(0),
        again,
        pair(0, id="padded", chosen=padded),
        same.model_copy(update={"rejected": same.chosen}),
        pair(2),
    ]
    write_jsonl(tmp_path / "p.jsonl", rows)
    done = export_pairs(tmp_path / "p.jsonl", "trl", tmp_path / "out")
    assert (done.pairs, done.equal_sides, done.repeated) == (2, 1, 2)
    assert [row["id"] for row in lines(tmp_path / "out" / "provenance.jsonl")] == ["p0", "p2"]
    assert len(lines(tmp_path / "out" / "pairs.jsonl")) == 2


def test_nothing_but_equal_sides_is_refused(tmp_path):
    same = pair(1)
    write_jsonl(tmp_path / "p.jsonl", [same.model_copy(update={"rejected": same.chosen})])
    with pytest.raises(UserError, match="in each of its 1 pairs both sides are the same text"):
        export_pairs(tmp_path / "p.jsonl", "trl", tmp_path / "out")


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_data_file_has_as_many_rows_as_are_told(form: Form, tmp_path):
    assert form.write(tmp_path, "rows", ({"at": at} for at in range(3))) == 3
    text = (tmp_path / f"rows.{form.suffix}").read_text()
    rows = json.loads(text) if form.array else [json.loads(line) for line in text.splitlines()]
    assert rows == [{"at": 0}, {"at": 1}, {"at": 2}]
