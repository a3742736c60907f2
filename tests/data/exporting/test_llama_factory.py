"""What LLaMA-Factory finds in an export: its documented `dataset_info.json`, and a YAML per task."""

import json
from dataclasses import fields

import pytest
from tests.data.exporting.test_pairs import pair

from tactful.data.exporting.forms import FORMS, Answered, said
from tactful.data.exporting.llama_factory import describe
from tactful.data.exporting.pairs import export_pairs
from tactful.data.io import write_jsonl
from tactful.types import Message


@pytest.fixture
def export(tmp_path):
    """Pairs, both sides labelled, and rows for SFT, with a part that validates."""
    write_jsonl(tmp_path / "p.jsonl", [pair(n) for n in range(3)])
    out = tmp_path / "out"
    export_pairs(tmp_path / "p.jsonl", "llama-factory", out)
    form = FORMS["llama-factory"]
    for stem in ("sft", "sft_validation"):
        prompt = (Message(role="system", content="Be short."), Message(role="user", content=f"{stem}?"))
        form.write(out, stem, [form.sft(Answered("a", prompt, said("yes")))])
    describe(
        out,
        {"tactful_pairs": "pairs", "tactful_kto": "kto", "sft": "sft", "sft_validation": "sft_validation"},
    )
    return out


def settings(path):
    """The plain YAML that we write: one `key: value` a line."""
    pairs = (line.split("#")[0].split(": ", 1) for line in path.read_text().splitlines() if line[0] != "#")
    return {key: value.strip() for key, value in pairs}


def theirs(module):
    """Skips where it, or something that it needs, is not installed: it pins other versions than the extra [train]."""
    return pytest.importorskip(module, reason=f"{module} cannot be imported", exc_type=ImportError)


def rows_of(export, entry):
    return json.loads((export / entry["file_name"]).read_text())


def test_every_key_of_dataset_info_stands_in_every_row(export):
    for entry in json.loads((export / "dataset_info.json").read_text()).values():
        assert set(entry) <= {"file_name", "ranking", "formatting", "columns"}
        for row in rows_of(export, entry):
            assert set(entry["columns"].values()) <= set(row)


def test_every_data_set_of_a_yaml_stands_in_dataset_info(export):
    info = json.loads((export / "dataset_info.json").read_text())
    found = {path.stem: settings(path) for path in export.glob("*.yaml")}
    assert set(found) == {"sft", "dpo", "kto"}
    for stage, values in found.items():
        assert values["stage"] == stage
        entry = info[values["dataset"]]
        assert entry.get("ranking", False) is (stage == "dpo")
        assert ("kto_tag" in entry["columns"]) is (stage == "kto")
    assert found["sft"]["eval_dataset"] == "sft_validation"
    assert "val_size" not in found["dpo"]


def test_both_sides_of_a_pair_are_labelled_for_kto(export):
    entry = json.loads((export / "dataset_info.json").read_text())["tactful_kto"]
    rows = rows_of(export, entry)
    assert [row["label"] for row in rows] == [True, False] * 3
    assert [row["conversations"][-1]["value"].split()[0] for row in rows[:2]] == ["good", "bad"]
    assert all(len(row["conversations"]) % 2 == 0 for row in rows)  # else LLaMA-Factory drops the row


def test_numbers_of_the_yaml_are_read_as_numbers(export):
    yaml = pytest.importorskip("yaml", reason="PyYAML comes with the extra [train]")
    values = yaml.safe_load((export / "dpo.yaml").read_text())
    assert (values["learning_rate"], values["pref_beta"], values["num_train_epochs"]) == (5e-6, 0.1, 1.0)
    assert values["do_train"] is True


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "answers"), [("tactful_pairs", 2), ("tactful_kto", 2), ("sft", 1)])
def test_llama_factory_itself_reads_every_row(export, name, answers):
    load_dataset = theirs("datasets").load_dataset
    get_dataset_converter = theirs("llamafactory.data.converter").get_dataset_converter
    get_dataset_list = theirs("llamafactory.data.parser").get_dataset_list

    (attributes,) = get_dataset_list([name], str(export))
    rows = load_dataset("json", data_files=str(export / attributes.dataset_name), split="train")
    convert = get_dataset_converter(attributes.formatting, attributes, None)
    for row in map(convert, rows):
        assert row["_prompt"], "a row that it cannot read comes back empty"
        assert len(row["_response"]) == answers
        assert row["_system"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("stage", ["sft", "dpo", "kto"])
def test_every_key_of_a_yaml_is_one_of_llama_factory(export, stage):
    hparams = theirs("llamafactory.hparams")
    kinds = [hparams.DataArguments, hparams.FinetuningArguments, hparams.ModelArguments]
    kinds.append(theirs("transformers").TrainingArguments)
    known = {item.name for kind in kinds for item in fields(kind)}
    assert set(settings(export / f"{stage}.yaml")) <= known
