"""A reader fitted to your own labels: the same network, other temperatures, kept as a folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from tactful.reading.encoder.card import CARD_FILE, HeadCard, refuse_used
from tactful.reading.encoder.examples import texts_of
from tactful.reading.encoder.reader import EncoderReader
from tactful.reading.encoder.sharpen import fit_sharpness
from tactful.reading.kinds import kind_of
from tactful.reading.labelled import Labelled, fittable, tell_unfitted
from tactful.runs.store.files import make_folder, write_atomic


def recalibrate(labelled: Labelled, out: Path, *, reader: EncoderReader, source: Path) -> dict[str, int]:
    """Fit the probabilities of `reader`, opened from the folder `source`, to `labelled` and write it to the folder `out`.

    Texts that the reader does not know count for nothing; judgements with fewer than `FEWEST` others keep their calibration.
    Gives head → texts it was fitted on.
    Raises: UserError, when `out` exists or no judgement has enough labels.
    """
    refuse_used(out)
    read = reader.logits_of(labelled)
    heads: dict[str, HeadCard] = dict(reader.card.heads)
    chosen = fittable({head: labels for head, (_, labels, _) in read.items()})
    for head in chosen:
        logits, labels, texts = read[head]
        sharpness = fit_sharpness(logits, labels, [kind_of(text) for text in texts])
        heads[head] = heads[head].model_copy(update={"sharpness": sharpness})
    fitted = {head: len(read[head][1]) for head in chosen}
    tell_unfitted({head: len(texts) for head, texts in texts_of(labelled).items()}, fitted)
    make_folder(out)
    for name in reader.card.files:
        shutil.copyfile(source / name, out / name)
    notes = {**reader.card.training, "recalibrated_on": dict(fitted)}
    card = reader.card.model_copy(update={"heads": heads, "training": notes})
    write_atomic(out / CARD_FILE, [card.model_dump_json(indent=1).encode(), b"\n"])
    return fitted
