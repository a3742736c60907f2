"""Scenes out of files and into them: ProactiveBench's `scenes.yaml`, our own YAML lists, and JSON lines of ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from tactful.data.formats.yaml_items import DOCUMENTS, DocumentRows, read_yaml, write_yaml
from tactful.data.io import write_jsonl
from tactful.errors import DataError
from tactful.gym.scenes.published import groups_of, is_published, published_row, scene_of
from tactful.gym.types import Scene, Setting

_SEEDS = "seeds become scenes by: tactful gym scenes --seeds FILE --out scenes.yaml"
BUNDLED = "bundled"
"""What stands for the scenes that are shipped, wherever a file of scenes may be given."""
SHIPPED = Path(__file__).with_name("scenes.yaml")
Form = Literal["ours", "proactivebench"]


@dataclass(frozen=True)
class _Found:
    """A row of a file, and the group that its neighbours put it into."""

    row: Any
    group: str = ""


class Scenes(DocumentRows[Scene]):
    """The scenes of a file, each in the form that it is written in; places are the lines where they begin.

    `setting` is that of scenes whose form has none; without it, it is told by their words. The group of such scenes is
    the seed task that they were made from: they share its goal or its example events.
    """

    def __init__(self, path: Path | str, *, setting: Setting | None = None, skip_bad: bool = False) -> None:
        super().__init__(path, self._scene, skip_bad=skip_bad, kind="scene", key=lambda scene: scene.id)
        self._setting = setting

    def _scene(self, given: Any) -> Scene:
        found = given if isinstance(given, _Found) else _Found(given)
        if is_published(found.row):
            return scene_of(found.row, group=found.group, setting=self._setting)
        return Scene.model_validate(found.row)

    def _rows(self) -> Iterator[tuple[int, Any]]:
        if Path(self.path).suffix.lower() not in DOCUMENTS:
            lines = list(super()._rows())
            rows = [_read(line) for _, line in lines]
            for (number, line), row, group in zip(lines, rows, groups_of(rows), strict=True):
                yield number, _Found(row, group) if is_published(row) else line
            return
        items = read_yaml(self.path)
        if items and items[0].key is not None:
            keys = ", ".join(f"'{item.key}'" for item in items[:4])
            raise DataError.at(
                self.path,
                items[0].line,
                f"holds a mapping with {keys}, expected a list of scenes",
                fix=_SEEDS,
            )
        groups = groups_of([item.value for item in items])
        for item, group in zip(items, groups, strict=True):
            yield item.line, _Found(item.value, group)


def _read(line: Any) -> Any:
    """The row of a line; None for one that is no JSON, which is refused where its turn comes."""
    try:
        return orjson.loads(line) if isinstance(line, bytes) else line
    except orjson.JSONDecodeError:
        return None


def scenes_file(given: Path | str) -> Path:
    """Where scenes stand: the file itself, that of a run folder, or for `bundled` the shipped one."""
    place = SHIPPED if str(given) == BUNDLED else Path(given)
    return place / "records.jsonl" if place.is_dir() else place


def read_scenes(path: Path | str, *, setting: Setting | None = None, skip_bad: bool = False) -> list[Scene]:
    """The scenes of a file, of the run folder that built them, or the `bundled` ones.

    Raises: DataError for the first bad scene, unless `skip_bad`, and for a file without any; UserError for one that
    cannot be read. Who wants to know what was left out reads `Scenes` itself.
    """
    rows = Scenes(scenes_file(path), setting=setting, skip_bad=skip_bad)
    found = list(rows)
    if not found:
        why = f"; the first of {rows.bad} bad ones: {rows.problems[0]}" if rows.bad else ""
        raise DataError.at(path, None, f"holds no scene{why}", fix="give a YAML list of scenes")
    return found


def write_scenes(path: Path | str, scenes: Iterable[Scene], *, form: Form = "ours") -> int:
    """Write scenes to a YAML list, or to JSON lines where the name ends in `.jsonl`, and return how many there were.

    `proactivebench`: in its form, which has no place for id, setting, language and group.
    """
    given = list(scenes)
    theirs = form == "proactivebench"
    if Path(path).suffix.lower() not in DOCUMENTS:
        return write_jsonl(path, map(published_row, given) if theirs else given)
    write_yaml(
        path,
        [
            published_row(scene) if theirs else scene.model_dump(mode="json", exclude_defaults=True)
            for scene in given
        ],
    )
    return len(given)
