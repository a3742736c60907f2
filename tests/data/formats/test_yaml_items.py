"""Documents in YAML, of which JSON is a part."""

import json

from tactful.data.formats.yaml_items import read_yaml


def test_json_as_any_program_writes_it_is_read(tmp_path):
    given = [{"a": "\U0001f600\U0001f680 done", "b": "C:\\\\ud83d\\ude00"}, {"a": "项目/x"}]
    for text in (json.dumps(given), json.dumps(given, indent="\t", ensure_ascii=False)):
        (tmp_path / "a.json").write_text(text, encoding="utf-8")
        assert [item.value for item in read_yaml(tmp_path / "a.json")] == given
