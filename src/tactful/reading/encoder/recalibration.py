"""A reader fitted to your own labels: the same network, other temperatures, kept as a folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from tactful.errors import UserError
from tactful.reading.encoder.card import CARD_FILE, HeadCard, refuse_used
from tactful.reading.encoder.reader import EncoderReader
from tactful.reading.encoder.sharpen import fit_sharpness
from tactful.reading.kinds import kind_of
from tactful.reading.labelled import FEWEST, Labelled
from tactful.runs.store.files import make_folder, write_atomic


def recalibrate(labelled: Labelled, out: Path, *, reader: EncoderReader, source: Path) -> dict[str, int]:
    """Fit the probabilities of `reader`, opened from the folder `source`, to `labelled` and write it to the folder `out`.

    Judgements with fewer than `FEWEST` labelled texts keep their calibration. Gives head → texts it was fitted on.
    Raises: UserError, when `out` exists or no judgement has enough labels.
    """
    refuse_used(out)
    fitted: dict[str, int] = {}
    heads: dict[str, HeadCard] = dict(reader.card.heads)
    for head, (logits, labels, texts) in reader.logits_of(labelled).items():
        if len(labels) < FEWEST or len(set(labels)) < 2:
            continue
        sharpness = fit_sharpness(logits, labels, [kind_of(text) for text in texts])
        heads[head] = heads[head].model_copy(update={"sharpness": sharpness})
        fitted[head] = len(labels)
    if not fitted:
        raise UserError(
            f"no judgement has {FEWEST} labelled texts of more than one kind: found {len(labelled.requests)} requests, "
            f"{len(labelled.followups)} follow-ups and {len(labelled.moments)} moments; label some more"
        )
    make_folder(out)
    for name in reader.card.files:
        shutil.copyfile(source / name, out / name)
    notes = {**reader.card.training, "recalibrated_on": dict(fitted)}
    card = reader.card.model_copy(update={"heads": heads, "training": notes})
    write_atomic(out / CARD_FILE, [card.model_dump_json(indent=1).encode(), b"\n"])
    return fitted
