"""Personas by name, by file, by default; and what is said about an unusable file."""

from pathlib import Path

import pytest

from tactful.calibration.play.personas import (
    builtin_domains,
    builtin_personas,
    choose_personas,
    load_personas,
)
from tactful.errors import ConfigError

ROW = """
[[persona]]
name = "{name}"
domain = "{domain}"
expertise = 0.5
patience = 0.5
clarity = 0.5
time_pressure = 0.5
style = "Plain."
"""


def file(tmp_path: Path, *rows: tuple[str, str]) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text("".join(ROW.format(name=name, domain=domain) for name, domain in rows), encoding="utf-8")
    return path


def test_by_default_every_built_in_persona_of_the_domain_but_the_held_out_takes_part() -> None:
    for domain in builtin_domains():
        names = {persona.name for persona in choose_personas((), domain)}
        assert names == {persona.name for persona in builtin_personas(domain) if not persona.held_out}
        assert len(names) >= 8


def test_personas_are_chosen_by_name_in_the_order_given_also_held_out_ones() -> None:
    chosen = choose_personas(("rushed-manager", "senior-engineer"), "coding")
    assert [persona.name for persona in chosen] == ["rushed-manager", "senior-engineer"]
    assert chosen[0].held_out


def test_a_file_and_names_go_together_and_other_domains_are_passed_over(tmp_path: Path) -> None:
    path = file(tmp_path, ("ann", "coding"), ("bob", "planning"), ("cem", "any"))
    chosen = choose_personas((str(path), "senior-engineer"), "coding")
    assert [persona.name for persona in chosen] == ["ann", "cem", "senior-engineer"]


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"--personas nobody: .*senior-engineer"):
        choose_personas(("nobody",), "coding")


def test_nobody_left_for_a_domain_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"domain 'planning': none of senior-engineer"):
        choose_personas(("senior-engineer",), "planning")
    with pytest.raises(ConfigError, match=r"domain 'cooking'.*--personas FILE\.toml"):
        choose_personas((), "cooking")


def test_two_different_personas_of_one_name_are_refused(tmp_path: Path) -> None:
    path = file(tmp_path, ("senior-engineer", "coding"))
    with pytest.raises(ConfigError, match="senior-engineer"):
        choose_personas(("senior-engineer", str(path)), "coding")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("patience = 0.5", "patience = 1.5", "persona 'ann' has patience 1.5"),
        ("patience = 0.5", "", "persona 'ann' has no 'patience'"),
        ("patience = 0.5", "patience = 0.5\nmood = 1", "unknown key 'mood'"),
        ("[[persona]]", "[[person]]", "expected [[persona]] tables"),
        ('name = "ann"', "", "persona number 1 has no 'name'"),
        ("patience = 0.5", "patience = ", "is not TOML"),
    ],
)
def test_an_unusable_file_names_file_persona_and_value(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    path = file(tmp_path, ("ann", "coding"))
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_personas(path)
    assert complaint in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_and_a_doubled_name_are_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_personas(tmp_path / "gone.toml")
    with pytest.raises(ConfigError, match="'ann' stands twice"):
        load_personas(file(tmp_path, ("ann", "coding"), ("ann", "any")))
