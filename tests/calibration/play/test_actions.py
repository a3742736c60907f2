"""Action spaces are data: bundled ones load, own folders load, unusable ones say why."""

import re
from pathlib import Path

import pytest

from tactful.calibration.play.actions import PROMPT_FIELDS, load_action_space, load_action_spaces
from tactful.calibration.play.behaviours import render
from tactful.calibration.play.personas import load_personas
from tactful.errors import ConfigError

BUNDLED = [(name, domain) for name in ("levels", "clarify-execute") for domain in ("coding", "planning")]

GOOD = """
name = "mine"
domain = "cooking"
modes = ["multi"]
solution = "text"
[[action]]
name = "Cook"
budget = 0
solve = "cook.md"
[[action]]
name = "Ask"
budget = 3
per_message = 1
ask = "ask.md"
solve = "cook.md"
"""


def folder(tmp_path: Path, toml: str = GOOD, **prompts: str) -> Path:
    written = {
        "cook": "<!-- system -->\nCook in {{ language }}.",
        "ask": "<!-- system -->\nAsk {{ questions }}.",
    }
    (tmp_path / "space.toml").write_text(toml, encoding="utf-8")
    for name, text in (written | prompts).items():
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("name", "domain"), BUNDLED)
@pytest.mark.parametrize("lang", ["en", "zh", "fr"])
def test_every_bundled_prompt_renders_in_every_language(name: str, domain: str, lang: str) -> None:
    space = load_action_space(name, domain)
    assert len(space.prompts) >= 2
    for prompt in space.prompts:
        assert prompt.fields <= PROMPT_FIELDS
        (message,) = render(prompt, 1, lang).messages
        assert message.role == "system"
        assert "{{" not in message.content
        assert {"en": "English", "zh": "简体中文", "fr": "'fr'"}[lang] in message.content


@pytest.mark.parametrize("domain", ["coding", "planning"])
def test_the_levels_have_the_budgets_none_one_and_two(domain: str) -> None:
    space = load_action_space("levels", domain)
    assert [(action.name, action.budget) for action in space.actions] == [("LOW", 0), ("MID", 1), ("HIGH", 2)]
    assert space.modes == ("single", "multi")
    assert space.solver.name == "LOW"


def test_no_prompt_that_solves_asks_and_no_prompt_that_asks_solves() -> None:
    for name, domain in BUNDLED:
        for action in load_action_space(name, domain).actions:
            if action.solve:
                assert "Ask nothing" in action.solve.source
            if action.ask:
                assert "Write no" in action.ask.source


def test_an_own_folder_adds_a_domain_and_its_actions(tmp_path: Path) -> None:
    space = load_action_space(folder(tmp_path), "cooking")
    assert space.names == ("Cook", "Ask")
    assert space.prompts[0].prompt_id == "mine/cooking/cook"
    assert load_action_spaces(tmp_path) == {"cooking": space}


def test_a_folder_may_hold_one_subfolder_per_domain(tmp_path: Path) -> None:
    (tmp_path / "cooking").mkdir()
    space = load_action_space(folder(tmp_path / "cooking").parent, "cooking")
    assert load_action_spaces(tmp_path) == {"cooking": space}


def test_a_changed_budget_changes_the_layout(tmp_path: Path) -> None:
    before = load_action_space(folder(tmp_path), "cooking").layout
    (tmp_path / "other").mkdir()
    after = load_action_space(
        folder(tmp_path / "other", GOOD.replace("budget = 3", "budget = 2")), "cooking"
    ).layout
    assert before != after


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('domain = "cooking"', 'domain = "music"', "domain 'music'"),
        ("budget = 3", "budget = -1", "-1"),
        ("budget = 3", "budget = 0", "'Ask' has ask=set, budget=0"),
        ('modes = ["multi"]', 'modes = ["duet"]', "duet"),
        ('name = "Ask"', 'name = "Cook"', "repeat"),
        ('ask = "ask.md"', 'ask = "gone.md"', "gone.md"),
        ('name = "mine"', 'name = "mine"\nspeed = 3', "speed"),
        ('solution = "text"', "solution = ", "space.toml"),
        ('name = "Cook"', 'name = ""', "action.0.name"),
    ],
)
def test_an_unusable_space_names_file_and_value(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    path = folder(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_action_space(path, "cooking")
    assert complaint in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_prompt_may_not_name_what_no_one_fills_in(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cook\.md.*'tests'"):
        load_action_space(folder(tmp_path, cook="<!-- system -->\n{{ tests }}"), "cooking")


def test_an_unknown_space_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="clarify-execute, levels"):
        load_action_space("loud", "coding")
    with pytest.raises(ConfigError, match="domain 'cooking'"):
        load_action_space("levels", "cooking")
    with pytest.raises(ConfigError, match=r"no space\.toml"):
        load_action_spaces(tmp_path)


def test_an_unknown_action_says_which_there_are() -> None:
    with pytest.raises(ConfigError, match="'MEDIUM'; it has LOW, MID, HIGH"):
        load_action_space("levels", "coding").action("MEDIUM")


def test_the_space_and_the_persona_in_the_docs_can_be_used_as_they_stand(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "concepts" / "users.md").read_text(encoding="utf-8")
    space, people = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert load_action_space(folder(tmp_path, space), "cooking").names == ("Cook", "Ask")
    (tmp_path / "people.toml").write_text(people, encoding="utf-8")
    assert [persona.name for persona in load_personas(tmp_path / "people.toml")] == ["night-nurse"]
