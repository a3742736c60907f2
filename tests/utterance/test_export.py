from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from tactful.api.data.check import check
from tactful.data.exporting.forms import FORMS
from tactful.errors import DataError, UserError
from tactful.llm import ModelSpec
from tactful.runs import RunFolder, RunOptions, run_job
from tactful.utterance.dialogues import Examples, parse_targets
from tactful.utterance.export import export_utterance, holds_pairs
from tactful.utterance.pipeline import SCRIPTS, SynthesizeConfig, synthesize_job
from tactful.utterance.predict.predictor import predict_prompt
from tactful.utterance.stages.target_text import parse_target
from tactful.utterance.types import PairedExample

SECRET = "zebra-crossing"
TURNS = (
    "A hotel in the north?",
    "Two are left.",
    f"Has it {SECRET} parking?",
    "It has.",
    f"Then {SECRET} book it",
)


def dialogue(number: int, first: str) -> dict[str, Any]:
    said = (f"{first} {number}", *TURNS[1:])
    roles = ("user", "assistant", "user", "assistant", "user")
    conversation = [{"role": role, "content": text} for role, text in zip(roles, said, strict=True)]
    return {"id": f"d{number}", "conversation": conversation}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rehearsed synthesis of the first target of twelve dialogues: the later turns are hidden from all prompts."""
    folder = tmp_path_factory.mktemp("export")
    rows = [dialogue(n, "A hotel in the north?" if n % 2 else "找一家北边的酒店") for n in range(12)]
    source = folder / "chats.jsonl"
    source.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    config = SynthesizeConfig(assistant=ModelSpec(name="offline", scripts=(SCRIPTS,)), targets="sample:1")
    job = synthesize_job(config, Examples(source, parse_targets("sample:1")))
    run_job(job, RunOptions(out=folder / "run", progress="off"))
    return folder / "run"


def records(run: Path) -> list[PairedExample]:
    return list(RunFolder.open(run).records(PairedExample))


def rows_of(path: Path) -> list[dict[str, Any]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        rows: list[dict[str, Any]] = json.loads(text)
        return rows
    return [json.loads(line) for line in text.splitlines()]


def prompt_text(row: dict[str, Any]) -> str:
    """Everything of a row that a model is shown before it answers."""
    if "prompt" in row:
        return json.dumps(row["prompt"], ensure_ascii=False)
    if "input" in row:
        return json.dumps(row["input"], ensure_ascii=False)
    if "messages" in row:
        return json.dumps(row["messages"][:-1], ensure_ascii=False)
    return json.dumps([row["system"], row["conversations"][0]], ensure_ascii=False)


@pytest.mark.parametrize("form", FORMS)
def test_no_prompt_holds_the_gold_message_or_anything_later(run: Path, form: str, tmp_path: Path) -> None:
    done = export_utterance(run, form, tmp_path / "out")
    by_id = {pair.id: pair for pair in records(run)}
    suffix = FORMS[form].suffix
    for name, beside in (("sft", "sft_provenance"), ("pairs", "provenance")):
        rows = rows_of(tmp_path / "out" / f"{name}.{suffix}")
        origins = rows_of(tmp_path / "out" / f"{beside}.jsonl")
        assert len(rows) == len(origins) == (done.sft if name == "sft" else done.pairs) > 0
        for row, origin in zip(rows, origins, strict=True):
            pair = by_id[origin["id"]]
            shown = prompt_text(row)
            hidden = [pair.gold.message, *pair.gold.later]
            assert not [text for text in hidden if json.dumps(text, ensure_ascii=False)[1:-1] in shown]
            if pair.turn == 1:
                assert SECRET not in shown
            assert SECRET not in json.dumps(origin)


def test_trl_rows_hold_the_prompt_of_predict_and_targets_that_can_be_read(run: Path, tmp_path: Path) -> None:
    export_utterance(run, "trl", tmp_path / "out")
    kept = [pair for pair in records(run) if pair.kept]
    rows = rows_of(tmp_path / "out" / "pairs.jsonl")
    for pair, row in zip(kept, rows, strict=True):
        rendered = predict_prompt(pair.context, pair.lang)
        assert row["prompt"] == [message.model_dump() for message in rendered.messages]
        for name, side in (("chosen", pair.chosen), ("rejected", pair.rejected)):
            assert side is not None
            parsed = parse_target(row[name][0]["content"])
            assert parsed.predictions == side.insight.predictions
            assert parsed.category is side.category
            assert parsed.tree == pair.tree
            assert parsed.problems == ()


def test_what_lies_beside_an_export_passes_the_check_of_data(run: Path, tmp_path: Path) -> None:
    done = export_utterance(run, "trl", tmp_path / "out")
    for name, rows in (("sft_provenance", done.sft), ("provenance", done.pairs)):
        checked = check(tmp_path / "out" / f"{name}.jsonl")
        assert (checked.type, checked.good, checked.bad) == ("utterance-provenance", rows, 0)


def test_an_export_shows_as_much_of_a_context_as_synthesis_did(tmp_path: Path) -> None:
    long = dialogue(0, "A hotel in the north?" * 100)
    config = SynthesizeConfig(assistant=ModelSpec(name="offline", scripts=(SCRIPTS,)), max_chars=600)
    job = synthesize_job(config, Examples([long], parse_targets("last")))
    run_job(job, RunOptions(out=tmp_path / "run", progress="off"))
    [record] = records(tmp_path / "run")
    export_utterance(tmp_path / "run" / "records.jsonl", "trl", tmp_path / "out")
    [row] = rows_of(tmp_path / "out" / "sft.jsonl")
    prompt = predict_prompt(record.context, record.lang, max_chars=600)
    assert row["messages"][:-1] == [message.model_dump() for message in prompt.messages]
    assert "earlier messages left out" in prompt_text(row)


def test_every_record_serves_for_sft_and_only_kept_pairs_for_preference(run: Path, tmp_path: Path) -> None:
    lines = [pair.model_dump(mode="json") for pair in records(run)]
    lines[0]["dropped"] = "the margin is too small"
    source = tmp_path / "records.jsonl"
    source.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    kept = sum(not line["dropped"] for line in lines)
    done = export_utterance(source, "llama-factory", tmp_path / "out")
    assert (done.records, done.sft, done.pairs) == (12, 12, kept)
    info = json.loads((tmp_path / "out" / "dataset_info.json").read_text())
    assert info["tactful_utterance_pairs"]["ranking"] is True
    for entry in info.values():
        columns = set(entry["columns"].values())
        assert all(columns <= row.keys() for row in rows_of(tmp_path / "out" / entry["file_name"]))


def test_without_a_kept_pair_no_pairs_file_is_written(run: Path, tmp_path: Path) -> None:
    line = records(run)[0].model_dump(mode="json") | {"dropped": "no valid negative"}
    source = tmp_path / "records.jsonl"
    source.write_bytes(orjson.dumps(line))
    done = export_utterance(source, "llama-factory", tmp_path / "out")
    assert (done.sft, done.pairs) == (1, 0)
    assert not (tmp_path / "out" / "pairs.json").exists()
    assert "pairs" not in (tmp_path / "out" / "dataset_info.json").read_text()


@pytest.mark.train
@pytest.mark.parametrize("form", FORMS)
def test_the_datasets_library_loads_every_file_back(run: Path, form: str, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="the extra 'train' is not installed")
    export_utterance(run, form, tmp_path / "out")
    for name in ("pairs", "sft"):
        path = tmp_path / "out" / f"{name}.{FORMS[form].suffix}"
        loaded = datasets.load_dataset(
            "json", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache")
        )
        expected = rows_of(path)
        assert len(loaded) == len(expected)
        for column in expected[0]:
            if column != "input":  # an empty list of tools has no type of its own
                assert loaded[0][column] == expected[0][column]


def test_a_bad_line_is_named_or_counted(run: Path, tmp_path: Path) -> None:
    source = tmp_path / "records.jsonl"
    good = orjson.dumps(records(run)[0].model_dump(mode="json"))
    source.write_bytes(good + b'\n{"tree": 1}\n')
    with pytest.raises(DataError, match=r"records\.jsonl:2: record has .*--skip-bad"):
        export_utterance(source, "trl", tmp_path / "out")
    assert export_utterance(source, "trl", tmp_path / "other", skip_bad=True).bad == 1


def test_records_of_a_pipe_are_written_as_those_of_a_file_are(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_utterance(run, "trl", tmp_path / "file")
    piped = io.BytesIO((run / "records.jsonl").read_bytes())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(piped))
    export_utterance("-", "trl", tmp_path / "pipe")
    for path in (tmp_path / "file").iterdir():
        assert (tmp_path / "pipe" / path.name).read_bytes() == path.read_bytes() != b""


def test_what_cannot_be_exported_is_refused_in_a_sentence(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="choose one of: trl, llama-factory, openai"):
        export_utterance(run, "csv", tmp_path / "out")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("x")
    with pytest.raises(UserError, match="not an empty folder"):
        export_utterance(run, "trl", tmp_path / "full")
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(UserError, match="holds no records"):
        export_utterance(tmp_path / "empty.jsonl", "trl", tmp_path / "out")


def test_utterance_records_are_told_from_other_pairs(run: Path, tmp_path: Path) -> None:
    assert holds_pairs(run)
    assert holds_pairs(run / "records.jsonl")
    (tmp_path / "other.jsonl").write_text('{"chosen_action": "LOW", "rejected_action": "MID"}\n')
    (tmp_path / "broken.jsonl").write_text("{")
    assert not holds_pairs(tmp_path / "other.jsonl")
    assert not holds_pairs(tmp_path / "broken.jsonl")
    assert not holds_pairs(tmp_path / "missing.jsonl")
    assert not holds_pairs(tmp_path)


def test_a_pair_that_repeats_or_has_equal_sides_serves_for_sft_alone(run: Path, tmp_path: Path) -> None:
    first = next(pair for pair in records(run) if pair.kept).model_dump(mode="json")
    same = first | {"id": "same", "rejected": first["chosen"]}
    source = tmp_path / "records.jsonl"
    source.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in (first, first | {"id": "again"}, same)))
    done = export_utterance(source, "trl", tmp_path / "out")
    assert (done.records, done.sft, done.pairs, done.equal_sides, done.repeated) == (3, 3, 1, 1, 1)
    assert len(rows_of(tmp_path / "out" / "pairs.jsonl")) == 1
