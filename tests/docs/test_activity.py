"""The page on real work shows what the command says of the example."""

from __future__ import annotations

from tests.commands import tactful  # noqa: F401
from tests.docs.pages import ROOT, blocks

from tactful.data.activity import WorkSession
from tactful.data.io import read_jsonl

PAGE = (ROOT / "docs" / "activity.md").read_text(encoding="utf-8")
COMMAND, REPORT, SESSIONS = [content for _, content in blocks(PAGE)][:3]


def test_report_and_sessions_on_the_page_are_those_of_the_example(tactful, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    words = COMMAND.replace("examples/", f"{ROOT}/examples/").split()[1:]
    done = tactful(*words)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(REPORT)
    told = "\n\n".join(
        "\n".join(
            f"{event.at:%H:%M:%S} {lasted:5.0f} s  {event.text}"
            for event, lasted in zip(session.events, session.lasted_s, strict=True)
        )
        for session in read_jsonl(tmp_path / "work.jsonl", WorkSession)
    )
    assert told + "\n" == SESSIONS
    text = (tmp_path / "work.jsonl").read_text(encoding="utf-8") + done.stderr
    for word in ("payroll", "rash", "zoe.quill", "mei-laptop", "mei@", "session=", "8f1b9ec0f42f"):
        assert word not in text
