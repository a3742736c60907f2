import io
import json

import orjson
import pytest
from tests.reward.moments import labelled

from tactful.data.exporting.rows import ShareGptRow
from tactful.errors import DataError, UsageError, UserError
from tactful.llm import ModelSpec
from tactful.reward.judging.prompt import AcceptanceVerdict, judge_prompt
from tactful.reward.pipeline import ReasonsConfig, reasons_job
from tactful.reward.reasons.export import REASON_FORMS, export_reasons
from tactful.reward.reasons.thoughts import ReasonedMoment
from tactful.runs import RunOptions, run_job
from tactful.types import Provenance


def reasoned(number, *, sessions=4):
    item = labelled(number, sessions=sessions)
    return ReasonedMoment(
        id=item.moment.id,
        moment=item.moment,
        category=item.category,
        accepted=item.label.accepted,
        thought=f'I think "{number}" — 表格.',
        tries=1,
        checks=5,
        provenance=Provenance(model="m", generator="endpoint", run_id="r"),
    )


def write(path, records):
    path.write_bytes(b"".join(orjson.dumps(record.model_dump(mode="json")) + b"\n" for record in records))
    return path


@pytest.fixture
def source(tmp_path):
    return write(tmp_path / "records.jsonl", [reasoned(number) for number in range(21)])


def rows_of(path):
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]


def read_sft(row):
    """(system, question, answer) of an SFT row of either form."""
    if "conversations" in row:
        question, answer = row["conversations"]
        assert (question["from"], answer["from"]) == ("human", "gpt")
        return row["system"], question["value"], answer["value"]
    system, question = row["prompt"]
    (answer,) = row["completion"]
    assert [m["role"] for m in (system, question, answer)] == ["system", "user", "assistant"]
    return system["content"], question["content"], answer["content"]


def read_pair(row):
    """(chosen, rejected) of a preference row of either form."""
    if "conversations" in row:
        return row["chosen"]["value"], row["rejected"]["value"]
    return row["chosen"][0]["content"], row["rejected"][0]["content"]


@pytest.mark.parametrize("form", REASON_FORMS)
@pytest.mark.parametrize("layout", ["tactful", "proactivebench"])
def test_rows_ask_as_the_judge_asks_and_answer_as_it_must(source, tmp_path, form, layout):
    done = export_reasons(source, form, tmp_path / "out", layout=layout)
    assert (done.records, done.parts["train"].rows, list(done.parts)) == (21, 21, ["train"])
    suffix = REASON_FORMS[form].suffix
    sft, pairs = (rows_of(tmp_path / "out" / f"{name}.{suffix}") for name in ("sft", "pairs"))
    assert len(sft) == len(pairs) == 21
    for number, (row, pair) in enumerate(zip(sft, pairs, strict=True)):
        record = reasoned(number)
        expected = [message.content for message in judge_prompt(record.moment, layout=layout).messages]
        system, question, answer = read_sft(row)
        assert [system, question] == expected
        verdict = AcceptanceVerdict.model_validate_json(answer)
        assert verdict.thought == record.thought
        assert (verdict.judgement == "accepted") is record.accepted
        chosen, rejected = (AcceptanceVerdict.model_validate_json(text) for text in read_pair(pair))
        assert chosen.judgement == verdict.judgement != rejected.judgement
        assert chosen.thought == rejected.thought == ""
        assert row["weight"] == pair["weight"] == 1.0


@pytest.mark.parametrize("form", REASON_FORMS)
def test_no_prompt_holds_a_thought_a_category_or_a_session(source, tmp_path, form):
    export_reasons(source, form, tmp_path / "out")
    for number, row in enumerate(rows_of(tmp_path / "out" / f"sft.{REASON_FORMS[form].suffix}")):
        system, question, _ = read_sft(row)
        record = reasoned(number)
        for hidden in (record.thought, record.category, f'"{record.moment.session}"'):
            assert hidden not in system + question


def test_llama_factory_finds_every_file_by_dataset_info(source, tmp_path):
    export_reasons(source, "llama-factory", tmp_path / "out", validation_share=0.25)
    info = json.loads((tmp_path / "out" / "dataset_info.json").read_text())
    assert set(info) == {
        "tactful_reward_sft",
        "tactful_reward_pairs",
        "tactful_reward_sft_validation",
        "tactful_reward_pairs_validation",
    }
    for name, entry in info.items():
        rows = rows_of(tmp_path / "out" / entry["file_name"])
        assert rows
        assert all(set(entry["columns"].values()) <= row.keys() for row in rows)
        assert entry.get("ranking", False) is ("pairs" in name)
        for row in rows:
            ShareGptRow.model_validate(row)


@pytest.mark.parametrize("form", REASON_FORMS)
@pytest.mark.parametrize("seed", range(5))
def test_no_session_stands_on_both_sides(tmp_path, form, seed):
    source = write(tmp_path / "records.jsonl", [reasoned(number, sessions=7) for number in range(50)])
    done = export_reasons(source, form, tmp_path / "out", validation_share=0.3, seed=seed)
    sides = {}
    for name in ("sft", "sft_validation", "pairs", "pairs_validation"):
        told = rows_of(tmp_path / "out" / f"{name}_provenance.jsonl")
        assert len(told) == len(rows_of(tmp_path / "out" / f"{name}.{REASON_FORMS[form].suffix}"))
        sides[name] = {row["session"] for row in told}
    assert not sides["sft"] & sides["sft_validation"]
    assert len(sides["sft"] | sides["sft_validation"]) == 7
    assert sides["pairs"] == sides["sft"]
    assert sum(part.rows for part in done.parts.values()) == 50
    assert done.parts["validation"].sessions == 2  # 0.3 of 7


def test_balance_gives_categories_equal_weight_and_doubles_nothing(tmp_path):
    # numbers 0 to 8: silent 0, 3, 6; accepted 0, 2, 4, 6, 8 → hit 3, false-alarm 3, correct-silence 2, missed-need 1
    source = write(tmp_path / "records.jsonl", [reasoned(number) for number in range(9)])
    done = export_reasons(source, "trl", tmp_path / "out", balance="categories").parts["train"]
    assert done.categories == {"correct-silence": 2, "false-alarm": 3, "hit": 3, "missed-need": 1}
    assert done.weights == {
        "correct-silence": 9 / 8,
        "false-alarm": 9 / 12,
        "hit": 9 / 12,
        "missed-need": 9 / 4,
    }
    rows = rows_of(tmp_path / "out" / "sft.jsonl")
    told = rows_of(tmp_path / "out" / "sft_provenance.jsonl")
    assert len(rows) == 9
    totals = {}
    for row, beside in zip(rows, told, strict=True):
        totals[beside["category"]] = totals.get(beside["category"], 0) + row["weight"]
    assert totals == pytest.approx(dict.fromkeys(done.categories, 9 / 4))


@pytest.mark.parametrize("form", REASON_FORMS)
def test_a_moment_told_twice_gives_two_thoughts_and_one_pair(tmp_path, form):
    records = [reasoned(number) for number in range(4)]
    again = records[0].model_copy(update={"id": "again", "thought": "Another thought."})
    other = records[1].model_copy(update={"id": "other", "accepted": not records[1].accepted})
    path = write(tmp_path / "r.jsonl", [*records, again, other])
    done = export_reasons(path, form, tmp_path / "out")
    assert (done.records, done.pairs, done.repeated, done.contradicting) == (6, 5, 1, 1)
    suffix = REASON_FORMS[form].suffix
    assert [len(rows_of(tmp_path / "out" / f"{name}.{suffix}")) for name in ("sft", "pairs")] == [6, 5]
    kept = rows_of(tmp_path / "out" / "pairs_provenance.jsonl")
    assert [row["id"] for row in kept] == [*(record.id for record in records), "other"]


def test_each_file_is_balanced_over_its_own_rows(tmp_path):
    records = [reasoned(number) for number in range(9)]
    again = [
        records[2].model_copy(update={"id": f"again-{at}"}) for at in range(6)
    ]  # one pair, seven thoughts
    export_reasons(
        write(tmp_path / "r.jsonl", [*records, *again]), "trl", tmp_path / "out", balance="categories"
    )
    for name, rows in (("sft", 15), ("pairs", 9)):
        weights = [row["weight"] for row in rows_of(tmp_path / "out" / f"{name}.jsonl")]
        told = [row["category"] for row in rows_of(tmp_path / "out" / f"{name}_provenance.jsonl")]
        totals = {one: sum(w for w, of in zip(weights, told, strict=True) if of == one) for one in set(told)}
        assert totals == pytest.approx(dict.fromkeys(totals, rows / 4))


def test_records_of_a_pipe_are_written_as_those_of_a_file_are(source, tmp_path, monkeypatch):
    export_reasons(source, "trl", tmp_path / "file")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(source.read_bytes())))
    export_reasons("-", "trl", tmp_path / "pipe")
    for path in (tmp_path / "file").iterdir():
        assert (tmp_path / "pipe" / path.name).read_bytes() == path.read_bytes() != b""


def test_missing_category_leaves_the_others_balanced(tmp_path):
    source = write(tmp_path / "records.jsonl", [reasoned(number) for number in (1, 2, 4)])
    weights = export_reasons(source, "trl", tmp_path / "out", balance="categories").parts["train"].weights
    assert weights == {"false-alarm": 1.5, "hit": 0.75}


def test_a_run_exports_as_its_records_file_does(tmp_path):
    spec = ModelSpec(name="offline", scripts=("reward",))
    job = reasons_job(ReasonsConfig(model=spec), [labelled(number) for number in range(12)])
    summary = run_job(job, RunOptions(out=tmp_path / "run", progress="off"))
    export_reasons(tmp_path / "run", "trl", tmp_path / "a")
    export_reasons(summary.folder.records_path, "trl", tmp_path / "b")
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()
    assert rows_of(tmp_path / "a" / "sft_provenance.jsonl")[0]["provenance"]["generator"] == "offline"


@pytest.mark.train
@pytest.mark.parametrize("form", REASON_FORMS)
def test_the_datasets_library_loads_every_file_back(source, form, tmp_path):
    datasets = pytest.importorskip("datasets", reason="the extra 'train' is not installed")
    export_reasons(source, form, tmp_path / "out")
    for name in ("pairs", "sft"):
        path = tmp_path / "out" / f"{name}.{REASON_FORMS[form].suffix}"
        loaded = datasets.load_dataset(
            "json", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache")
        )
        assert [dict(row) for row in loaded] == rows_of(path)


def test_what_cannot_be_exported_is_refused_in_words(source, tmp_path):
    with pytest.raises(UsageError, match="llama-factory"):
        export_reasons(source, "openai", tmp_path / "out")
    with pytest.raises(UsageError, match="--validation-share"):
        export_reasons(source, "trl", tmp_path / "out", validation_share=1.0)
    one = write(tmp_path / "one.jsonl", [reasoned(number, sessions=1) for number in range(3)])
    with pytest.raises(UsageError, match="2 parts need as many groups, found 1"):
        export_reasons(one, "trl", tmp_path / "out", validation_share=0.5)
    with pytest.raises(UserError, match="reward reasons"):
        export_reasons(write(tmp_path / "empty.jsonl", []), "trl", tmp_path / "out")
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="empty folder"):
        export_reasons(source, "trl", full)
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(source.read_bytes() + b'{"id": "x"}\n')
    with pytest.raises(DataError, match=r"bad\.jsonl:22"):
        export_reasons(bad, "trl", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert export_reasons(bad, "trl", tmp_path / "out", skip_bad=True).bad == 1
