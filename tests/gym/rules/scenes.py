"""Scenes to play by rules, and plays without a run folder."""

from __future__ import annotations

import asyncio
from pathlib import Path

import yaml

from tactful.gym.casting import Casting
from tactful.gym.pipeline import GymStage, plays
from tactful.gym.play.deciding import Always, Decider
from tactful.gym.types import Entity, GymEpisode, Play, Scene, SceneUser
from tactful.runs import Context


def proactivebench_scenes(path: Path) -> list[Scene]:
    """The finished scenes of ProactiveBench, read as plainly as can be."""
    found = []
    for at, row in enumerate(yaml.safe_load(path.read_text("utf-8"))):
        held = row["environment"]
        found.append(
            Scene(
                id=f"scene-{at}",
                setting="coding",
                theme=held["theme"],
                description=held["description"],
                entities=tuple(Entity(name=str(name)) for name in held["entities"]),
                operations=tuple(str(name) for name in held["agent_ops"]),
                example_events=tuple(held["events_example"]),
                user=SceneUser(description=row["user"]["description"], goal=row["user"]["goal"]),
            )
        )
    return found


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
    scenes: list[Scene], *, decider: Decider | None = None, passes: int = 1, seed: int = 0
) -> list[GymEpisode]:
    """Every scene `passes` times, one after another."""
    stage = GymStage(Casting(decider or Always()))
    return [play_one(play, stage, seed=seed) for play in plays(scenes, passes=passes)]


def play_one(play: Play, stage: GymStage, *, seed: int = 0) -> GymEpisode:
    """One play."""
    return asyncio.run(stage(play, Context(record_id=play.id, seed=seed, run_id="test")))
