"""HTML pages: one environment in which every value is escaped and a missing one is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def render_template(room: str, template: str, /, **values: Any) -> str:
    """The page as text. `room` is the `__file__` of the module beside whose `templates` folder it stands.

    It fills the frame `page.html.j2` and builds on `parts.html.j2`, which stand here. What models, users and logs said
    is shown, never run: values are escaped, but in a template of Markdown, for whose values the caller answers.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader([Path(room).parent / "templates", Path(__file__).parent / "templates"]),
        autoescape=select_autoescape(disabled_extensions=("markdown",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)


def clean(text: str) -> str:
    """Control and bidirectional characters shown as a mark."""
    return "".join(char if char.isprintable() or char in "\n\t" else "�" for char in text)
