"""What the pages of live say of settings, questions and versions is so."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.pages import ROOT, blocks

from tactful.live.opening import LiveConfig, read_live_config
from tactful.live.serve.questions import QUESTIONS
from tactful.live.storing.tables import metadata

PAGE = (ROOT / "docs" / "reference" / "live.md").read_text(encoding="utf-8")


def test_the_settings_of_the_page_are_all_there_are_with_their_defaults(tmp_path: Path) -> None:
    (toml,) = (content for language, content in blocks(PAGE) if language == "toml")
    (tmp_path / "live.toml").write_text(toml)
    assert read_live_config(tmp_path / "live.toml") == LiveConfig()
    named = set(re.findall(r"^(\w+) =", toml, re.MULTILINE))
    assert named >= set(LiveConfig.model_fields) - {"guards", "population"}
    assert named >= set(LiveConfig().guards.__class__.model_fields)


def test_every_question_that_is_answered_is_in_the_page() -> None:
    for question in QUESTIONS:
        assert f"`{question.name}`" in PAGE or f"`.{question.name.rpartition('.')[2]}`" in PAGE


def test_every_table_is_in_the_page() -> None:
    for table in metadata.tables:
        assert f"`{table}`" in PAGE
