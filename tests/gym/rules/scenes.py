"""Scenes to play by rules, and plays without a run folder."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tactful.gym.casting import Casting
from tactful.gym.pipeline import GymStage, plays
from tactful.gym.play.deciding import Always, Decider
from tactful.gym.play.parts import Limits
from tactful.gym.scenes.reading import read_scenes
from tactful.gym.types import Entity, GymEpisode, Scene, SceneUser
from tactful.runs import Context


def proactivebench_scenes() -> list[Scene]:
    """The 20 finished scenes of ProactiveBench; the test is skipped where they are missing."""
    return read_scenes(data_folder() / "scenes_20.yaml")


def data_folder() -> Path:
    """ProactiveBench's; the test is skipped where it is missing."""
    beside = Path(__file__).parents[4] / "shared" / "data"
    folder = Path(os.environ.get("TACTFUL_TEST_DATA", beside)) / "proactivebench"
    if not folder.is_dir():
        pytest.skip("no real data: set TACTFUL_TEST_DATA to the folder that holds it")
    return folder


def made_scenes() -> list[Scene]:
    """One scene for each setting, one of them in Chinese."""
    return [
        Scene(
            id="capitals",
            setting="coding",
            theme="Name handling in Ruby",
            description="A quiet office with two screens.",
            entities=(Entity(name="Visual Studio Code"), Entity(name="Terminal"), Entity(name="Browser")),
            operations=("file_open(path)", "run_tests(suite)", "browser_open(url)"),
            example_events=(
                "The user opens 'CheckName.rb' in Visual Studio Code.",
                "The user searches for 'capitalize person name ruby' on Google.",
                "The agent runs the tests.",
                "The user types 'name.split' into 'CheckName.rb'.",
            ),
            user=SceneUser(
                description="A young developer.",
                goal="Write a Ruby script that capitalizes person names, checks user input and prints a name list.",
            ),
        ),
        Scene(
            id="report",
            setting="writing",
            lang="zh",
            theme="市场调研报告",
            description="一间安静的办公室。",
            entities=(Entity(name="文字处理软件"), Entity(name="浏览器")),
            operations=("打开文件(路径)", "查资料(主题)"),
            example_events=("用户打开“调研报告.docx”。", "用户搜索“新能源汽车销量”。"),
            user=SceneUser(description="一名市场分析员。", goal="撰写新能源汽车市场调研报告，分析销量数据，比较主要品牌，给出投资建议。"),
        ),
        Scene(
            id="trip",
            setting="daily",
            theme="Weekend trip",
            description="At the kitchen table.",
            entities=(Entity(name="Phone"), Entity(name="Train timetable")),
            operations=("calendar_add(date)", "price_compare(offers)"),
            user=SceneUser(
                description="A father of two.",
                goal="Plan a family trip: train tickets, a holiday flat, museum visits and a packing list.",
            ),
        ),
    ]  # fmt: skip


def play_all(
    scenes: list[Scene],
    *,
    decider: Decider | None = None,
    passes: int = 1,
    seed: int = 0,
    limits: Limits | None = None,
) -> list[GymEpisode]:
    """Every scene `passes` times, one after another."""
    stage = GymStage(Casting(decider or Always()), limits or Limits())

    async def all_of_them() -> list[GymEpisode]:
        return [
            await stage(play, Context(record_id=play.id, seed=seed, run_id="test"))
            for play in plays(scenes, passes=passes)
        ]

    return asyncio.run(all_of_them())
