"""The files that the page of the gym shows are read, and played."""

from __future__ import annotations

from pathlib import Path

from tests.docs.pages import ROOT, blocks
from tests.gym.rules.scenes import play_all

from tactful.gym.rules.matter import matter_of
from tactful.gym.scenes.reading import read_scenes
from tactful.gym.scenes.seeds import read_seeds

PAGE = (ROOT / "docs" / "gym.md").read_text(encoding="utf-8")
SCENES, SEEDS = (content for language, content in blocks(PAGE) if language == "yaml")


def test_the_scene_of_the_page_is_read_and_played_with_its_own_things(tmp_path: Path) -> None:
    (tmp_path / "scenes.yaml").write_text(SCENES, encoding="utf-8")
    (scene,) = read_scenes(tmp_path / "scenes.yaml")
    assert matter_of(scene).tools == ("order website", "stock spreadsheet")
    (episode,) = play_all([scene])
    told = " ".join(event.text for step in episode.steps for event in step.events)
    assert "order website" in told
    assert "stock.csv" in told


def test_the_seeds_of_the_page_are_read(tmp_path: Path) -> None:
    (tmp_path / "seeds.yaml").write_text(SEEDS, encoding="utf-8")
    first, second = read_seeds(tmp_path / "seeds.yaml")
    assert (first.setting, first.sample_events, len(second.sample_events)) == ("daily", (), 1)
    assert first.setting_events == second.setting_events == ("The user writes a message to a friend.",)
