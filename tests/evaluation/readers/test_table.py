"""What reading takes, beside the figures."""

from __future__ import annotations

import asyncio

import pytest
from tests.chat_server import serving

from tactful.data.corpora.types import MomentRow, RequestRow
from tactful.evaluation.readers import footprint
from tactful.evaluation.readers.measure import HeadFigures
from tactful.evaluation.readers.table import ReaderRow, ReadersTable, readers_table
from tactful.llm import Usage
from tactful.reading.labelled import Labelled
from tactful.reading.setup import ReaderSetup
from tactful.types import Event, LabelledMoment, Moment, MomentLabel

REPLY = {
    "missing": [],
    "default_in_place": "",
    "default_would_do": True,
    "verdict": "answer",
    "chance_of_ask": 5,
}


def test_calls_are_told_by_the_texts_that_were_read_and_time_is_theirs() -> None:
    # 3 requests, one of them blank and never asked about: 2 draws for each of 2 texts read, and one probe of the endpoint
    rows = Labelled(
        tuple(
            RequestRow(id=str(at), group=str(at), writer="w", lang="en", domain="x", text=text, label=label)
            for at, (text, label) in enumerate((("one", "open"), ("two", "complete"), (" ", "complete")))
        )
    )
    with serving(script={".": REPLY}) as server:
        setup = ReaderSetup(base_url=server.base_url, samples=2)
        table = asyncio.run(readers_table(["m"], rows, setup=setup))
    [row, *_] = table.readers
    assert row.usage.calls == 5
    assert row.ms_per_text > 1
    line = next(line for line in table.lines() if line.startswith("m,"))
    assert "2.5 calls a text read" in line
    assert f"{(row.usage.prompt_tokens + row.usage.completion_tokens) / 2:.0f} tokens a text read" in line


@pytest.mark.parametrize(("cost", "told"), [(0.25, "$0.2500"), (None, "price not known")])
def test_what_was_paid_is_told_though_no_text_could_be_read(cost: float | None, told: str) -> None:
    used = Usage(calls=3, cached=1, prompt_tokens=900, completion_tokens=30, cost_usd=cost)
    unread = HeadFigures(
        head="need", part="all", items=4, unknown=4, groups=4, figures={}, baseline={}, ece=None
    )
    row = ReaderRow(name="m", heads=(unread,), usage=used)
    [line] = [
        line
        for line in ReadersTable(texts=4, writers=("w",), readers=(row,)).lines()
        if line.startswith("m,")
    ]
    assert f"4 calls, 930 tokens, {told}, and no text read" in line


def test_a_reader_too_slow_to_open_keeps_its_figures_and_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(footprint, "_LONGEST_S", 0.01)
    found = footprint.footprint("surface")
    assert found.size_mb is not None
    assert found.size_mb > 0.1
    assert (found.loading_s, found.memory_mb) == (None, None)


@pytest.mark.slow
def test_what_is_in_no_figure_is_told_with_the_reason() -> None:
    moment = Moment(id="a", session="s", events=(Event(at=None, text="The tests fail"),), proposal=None)
    silence = MomentRow(
        writer="w",
        lang="en",
        domain="x",
        labelled=LabelledMoment(moment=moment, label=MomentLabel(accepted=True)),
    )
    thai = RequestRow(id="1", group="1", writer="w", lang="th", domain="x", text="ขอตั๋วพรุ่งนี้", label="open")
    table = asyncio.run(readers_table(["encoder"], Labelled((thai,), (), (silence,))))
    lines = table.lines()
    assert lines[1] == "1 moment without an offer among them: whether silence was right is not measured"
    [told] = [line for line in lines if "none known" in line]
    assert told.endswith("none known: it is written in Thai letters, which this reader was not trained on")
