"""What an annotator sees, answers, takes back and skips; with htmx and without."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.annotation.site import KINDS, Site

from tactful.annotation.queries.collected import collected
from tactful.annotation.store import Store, open_store
from tactful.types import Label

GIVEN = {
    "several": {"kind": "proposals", "parts": "3", "help_wanted": "yes", "accepted-0": "yes", "accepted-1": "no", "accepted-2": "yes"},
    "one": {"kind": "proposals", "parts": "1", "help_wanted": "yes", "accepted-0": "no"},
    "silence": {"kind": "proposals", "parts": "0", "help_wanted": "no"},
    "replies": {"kind": "replies", "better": "first"},
    "follow-up": {"kind": "follow-up", "label": "neg_constraint_restate"},
    "asking": {"kind": "asking", "verdict": "ask", "what": "For how many?"},
}  # fmt: skip
KEPT = {
    "several": {"accepted": (True, False, True), "help_wanted": True},
    "one": {"accepted": (False,), "help_wanted": True},
    "silence": {"accepted": (), "help_wanted": False},
    "replies": {"better": "first"},
    "follow-up": {"label": Label.NEG_CONSTRAINT_RESTATE},
    "asking": {"verdict": "ask", "what": "For how many?"},
}


@pytest.fixture
def store(tmp_path: Path):
    with open_store(tmp_path / "annotations.sqlite") as one:
        yield one


def given(store: Store):
    return [one for one in collected(store).annotations if one.withdrawn_at is None]


@pytest.mark.parametrize("part", [True, False])
@pytest.mark.parametrize("name", list(KINDS))
def test_each_kind_is_shown_and_answered(store: Store, name: str, part: bool) -> None:
    ann = Site(store, name).annotator()
    page = ann.get("/work").text
    for text in re.findall(
        r'"(?:text|content|first|second|request|answer|next)":"([^"]+)"', KINDS[name].model_dump_json()
    ):
        assert text in page
    answer = ann.submit("/work/answer", part=part, slot=ann.field("slot"), comment="hm", **GIVEN[name])
    assert answer.status_code == 200
    assert "All done" in answer.text
    assert ("<html" in answer.text) is not part
    [one] = given(store)
    assert one.answer is not None
    assert one.answer.model_dump(exclude={"kind"}) == KEPT[name]
    assert one.comment == "hm"
