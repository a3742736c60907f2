"""A reader by its name: `encoder`, `surface`, a folder, or a model behind an endpoint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tactful.errors import UserError
from tactful.reading.types import ReaderAtOnce

if TYPE_CHECKING:
    from tactful.reading.encoder.reader import EncoderReader
    from tactful.reading.estimate.reader import EstimateReader
    from tactful.reading.setup import ReaderSetup
    from tactful.reading.surface import SurfaceReader

    EmbeddedReader = EncoderReader | SurfaceReader | EstimateReader

DEFAULT = "encoder"
ESTIMATE = "estimate"
NAMES = (DEFAULT, "surface", ESTIMATE)


def is_reader(spec: Path | str) -> bool:
    """Whether `spec` names a reader that needs no model behind an endpoint, or is the folder of one."""
    return str(spec) in NAMES or (Path(spec) / "card.json").is_file()


def open_reader(name: str = DEFAULT, setup: ReaderSetup | None = None) -> ReaderAtOnce:
    """The reader of that name, ready to read with or without an event loop.

    | name | what it is |
    |---|---|
    | `encoder`, `surface`, `estimate` | the bundled ones: no key, no network; `estimate` reads requests alone |
    | a folder | what `reader train` or `reader calibrate` wrote |
    | `MODEL` | a chat model, prompted; `offline` rehearses |
    | `decisions:MODEL`, `decisions:URL` | an endpoint that answers `/v1/decisions` |
    | `consistency:MODEL` | requests for code: solutions of a chat model, run against each other |

    `@URL` behind a model's name is where it answers; else `setup` says, or OPENAI_BASE_URL. A model is first reached
    when it reads. Raises: UserError for a name that can mean none of these; DataError when its files are damaged.
    """
    if not name.strip():
        raise UserError(f"a reader's name is empty; {_KNOWN}")
    if is_reader(name) or (Path(name).is_dir() and not (Path(name) / "reader.json").is_file()):
        return open_embedded_reader(name)
    if not Path(name).is_dir() and name.startswith((".", "~", os.sep)):
        raise UserError(f"reader '{name}': no such folder; {_KNOWN}")
    from tactful.reading.by_calls import ReaderByCalls

    return ReaderByCalls(name, setup)


def open_embedded_reader(spec: str = DEFAULT) -> EmbeddedReader:
    """A reader that needs neither key nor network: `encoder` (default), `surface`, `estimate`, or a trained one's folder.

    Raises: UserError for anything else; DataError when its files are damaged.
    """
    if spec == DEFAULT:
        from tactful.reading.encoder.reader import bundled_reader

        return bundled_reader()
    if spec == "surface":
        from tactful.reading.surface import SurfaceReader

        return SurfaceReader.load()
    if spec == ESTIMATE:
        from tactful.reading.estimate.reader import EstimateReader

        return EstimateReader()
    if Path(spec).is_dir():
        return open_trained_reader(Path(spec))
    raise UserError(
        f"reader '{spec}' is unknown; use encoder, surface, estimate, or the folder of a reader that you trained"
    )


def open_trained_reader(folder: Path) -> EncoderReader:
    """What `reader train` or `reader calibrate` wrote: an encoder or a tuned language model. Raises: DataError, when damaged."""
    from tactful.reading.tuned.reader import TunedReader, is_tuned

    if is_tuned(folder):
        return TunedReader.load(folder)
    from tactful.reading.encoder.reader import EncoderReader

    return EncoderReader.load(folder)


_KNOWN = "use encoder, surface, estimate, the folder of a reader of yours, or the name of a model behind an endpoint"
