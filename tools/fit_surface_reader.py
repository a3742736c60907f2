"""Write src/tactful/reading/surface.npz: the surface reader, fitted on the bundled corpora without the held-out writers.

python tools/fit_surface_reader.py
"""

from __future__ import annotations

from tactful.data.corpora import HELD_OUT
from tactful.reading import REACTIONS
from tactful.reading.encoder.examples import exchange_of, request_of
from tactful.reading.labelled import corpora
from tactful.reading.surface import HEADS, WEIGHTS, SurfaceReader
from tactful.reading.surface_training import fit_head, save_surface


def main() -> None:
    """Fit the four heads and save them."""
    rows = corpora().without(HELD_OUT)
    offered = [row.labelled for row in rows.moments if row.labelled.moment.proposal is not None]
    silent = [row.labelled for row in rows.moments if row.labelled.moment.proposal is None]
    weights = {
        "need": fit_head(
            [request_of(row) for row in rows.requests],
            [int(row.label == "open") for row in rows.requests],
            HEADS["need"],
        ),
        "reaction": fit_head(
            [exchange_of(row) for row in rows.followups],
            [REACTIONS.index(row.label7) for row in rows.followups],
            HEADS["reaction"],
        ),
        "accept": fit_head(
            [one.moment for one in offered], [int(one.label.accepted) for one in offered], HEADS["accept"]
        ),
        "silence": fit_head(
            [one.moment for one in silent], [int(one.label.accepted) for one in silent], HEADS["silence"]
        ),
    }
    save_surface(SurfaceReader(weights), WEIGHTS)
    print(f"{SurfaceReader.load().name}: {WEIGHTS.stat().st_size / 1000:.0f} kB, {len(rows)} texts")


if __name__ == "__main__":
    main()
