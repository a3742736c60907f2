"""A reader by its name: `encoder`, `surface`, a folder, or a model behind an endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tactful.errors import UserError

if TYPE_CHECKING:
    from tactful.reading.encoder.reader import EncoderReader
    from tactful.reading.surface import SurfaceReader

    EmbeddedReader = EncoderReader | SurfaceReader

DEFAULT = "encoder"


NAMES = (DEFAULT, "surface")


def is_reader(spec: Path | str) -> bool:
    """Whether `spec` names a reader, or is the folder of one."""
    return str(spec) in NAMES or (Path(spec) / "card.json").is_file()


def open_embedded_reader(spec: str = DEFAULT) -> EmbeddedReader:
    """A reader that needs neither key nor network: `encoder` (default), `surface`, or a folder of a trained one.

    Raises: UserError for anything else; DataError when its files are damaged.
    """
    if spec == DEFAULT:
        from tactful.reading.encoder.reader import bundled_reader

        return bundled_reader()
    if spec == "surface":
        from tactful.reading.surface import SurfaceReader

        return SurfaceReader.load()
    if Path(spec).is_dir():
        from tactful.reading.encoder.reader import EncoderReader

        return EncoderReader.load(spec)
    raise UserError(
        f"reader '{spec}' is unknown; use encoder, surface, or the folder of a reader that you trained"
    )
