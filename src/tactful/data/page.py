"""HTML pages: one environment in which every value is escaped and a missing one is an error; and folders of a page and its data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import category

from tactful.data.io import write_file
from tactful.errors import UsageError

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def render_template(room: str, template: str, /, **values: Any) -> str:
    """The page as text. `room` is the `__file__` of the module beside whose `templates` folder it stands.

    It fills the frame `page.html.j2` and builds on `parts.html.j2`, which stand here. What models, users and logs said
    is shown, never run: values are escaped, but in a template of Markdown, for whose values the caller answers.
    """
    return _templates_beside(room).get_template(template).render(**values)


@lru_cache(maxsize=32)
def _templates_beside(room: str) -> Environment:
    return open_templates([Path(room).parent / "templates"])


def open_templates(folders: Iterable[Path], **options: Any) -> Environment:
    """The environment of every page: templates of `folders`, earlier ones first, then those that stand here."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=select_autoescape(disabled_extensions=("markdown",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **options,
    )


def clean(text: str) -> str:
    """Control and bidirectional characters shown as a mark."""
    return text.replace("\r\n", "\n").translate(_SHOWN)


class _Shown(dict[int, int | str]):
    """What stands for a character; found once for each."""

    def __missing__(self, code: int) -> int | str:
        char = chr(code)
        # Chinese texts have wide spaces
        plain = char.isprintable() or char in "\n\t" or category(char) == "Zs"
        return self.setdefault(code, code if plain else "�")


_SHOWN = _Shown()


def write_texts(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    """Write each text into `folder`, made where it is missing, under its name; their paths.

    Raises: CannotWrite.
    """
    for name, text in texts.items():
        write_file(folder / name, [text.encode("utf-8", "replace")])
    return [folder / name for name in texts]


def refuse_existing(folder: Path, names: Iterable[str]) -> None:
    """Raises: UsageError where a file of one of these names lies in `folder` already."""
    for name in names:
        if (folder / name).exists():
            raise UsageError(f"{folder / name}: exists already; give --out a new folder")
