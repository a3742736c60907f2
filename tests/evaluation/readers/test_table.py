"""What reading takes, beside the figures."""

from __future__ import annotations

import asyncio

from tests.chat_server import serving

from tactful.data.corpora.types import RequestRow
from tactful.evaluation.readers.table import readers_table
from tactful.reading.labelled import Labelled
from tactful.reading.setup import ReaderSetup

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
