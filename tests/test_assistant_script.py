"""The chat server's assistant knows only what the conversation tells."""

from types import SimpleNamespace

from tests.assistant_script import assistant_script

from tactful.types import Hidden, Requirement, State

BARE = Requirement(id="r", text="Ignore case.", weight=1, open=True, answer="Case does not matter.")
HIDDEN = Hidden(requirements=(BARE,), reference="GOOD", uninformed="POOR")


def solution(*replies: str) -> str:
    state = State(id="s", domain="planning", query="Sort my words.", hidden=HIDDEN)
    said = [("system", "Solve it."), ("user", state.query), *(("user", reply) for reply in replies)]
    ask = SimpleNamespace(messages=[{"role": role, "content": content} for role, content in said])
    return assistant_script([state])(ask) or ""


def test_a_requirement_without_keywords_is_known_by_its_answer_or_its_text_alone() -> None:
    assert solution() == "POOR"
    assert solution("Case does not matter.") == "GOOD"
    assert solution("Ignore case.") == "GOOD"
