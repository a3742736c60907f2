"""Preference pairs in the forms that trainers read. The hidden side is never in them; provenance lies beside.

`pairs.jsonl` or `pairs.json` in one of `forms.FORMS`, and `provenance.jsonl`, one line per row in the same
order: pair id, state id, group, actions, rewards, margin, model, prompt hashes, run id and seed. For LLaMA-Factory also
`kto.json` (both sides of each pair, labelled), `dataset_info.json`, `dpo.yaml` and `kto.yaml`.
"""

from __future__ import annotations

from pathlib import Path

from tactful.data.exporting.forms import Distinct, Preference, form_of, new_folder
from tactful.data.exporting.rows import PairProvenance
from tactful.data.io import read_jsonl, write_jsonl
from tactful.errors import UserError
from tactful.types import PreferencePair, Record

DATASET_NAME, KTO_NAME = "tactful_pairs", "tactful_kto"


class PairsExport(Record):
    """What an export wrote. read = pairs + equal_sides + repeated."""

    pairs: int
    equal_sides: int
    """Left out: chosen and rejected are the same text."""
    repeated: int
    """Left out: the same pair came before."""
    contradicting: int = 0
    """Of `pairs`: those that prefer what an earlier one rejects at the same prompt; both are written."""


def pair_provenance(pair: PreferencePair) -> PairProvenance:
    """What a row rests on, without its text."""
    same = pair.model_dump(include=set(PairProvenance.model_fields))
    return PairProvenance(state_id=pair.state.id, group=pair.state.group, **same)


def pairs_file(run_or_file: Path) -> Path:
    """The pairs of a run folder (`records.jsonl`, else `pairs.jsonl`), or the file itself."""
    if not run_or_file.is_dir():
        return run_or_file
    for name in ("records.jsonl", "pairs.jsonl"):
        if (run_or_file / name).exists():
            return run_or_file / name
    raise UserError(
        f"{run_or_file}: holds neither records.jsonl nor pairs.jsonl; give the file, or run 'tactful runs list'"
    )


def export_pairs(run_or_file: Path | str, to: str, out: Path | str) -> PairsExport:
    """Write the pairs that differ in one of `FORMS` into the new folder `out`; `Distinct` says which those are.

    Raises: UserError for an unknown form, no pairs, or a folder that holds files; DataError for a bad line.
    """
    form = form_of(to)
    folder = new_folder(out)
    source = pairs_file(Path(run_or_file))
    distinct = Distinct()
    pairs = list(read_jsonl(source, PreferencePair))
    if not pairs:
        raise UserError(f"{source}: holds no pairs; run 'tactful calibrate pairs' first")
    kept = [pair for pair in pairs if distinct.takes(_preference(pair))]
    if not kept:
        raise UserError(
            f"{source}: in each of its {len(pairs)} pairs both sides are the same text; nothing to learn"
        )
    preferences = [_preference(pair) for pair in kept]
    rows = [form.pair(preference) for preference in preferences]
    form.write(folder, "pairs", rows)
    files = {DATASET_NAME: "pairs"}
    if form.labels is not None:
        form.write(folder, "kto", (row for preference in preferences for row in form.labels(preference)))
        files[KTO_NAME] = "kto"
    write_jsonl(folder / "provenance.jsonl", map(pair_provenance, kept))
    form.describe(folder, files)
    return PairsExport(
        pairs=len(kept),
        equal_sides=distinct.equal_sides,
        repeated=distinct.repeated,
        contradicting=distinct.contradicting,
    )


def _preference(pair: PreferencePair) -> Preference:
    return Preference(pair.id, pair.prompt, pair.chosen, pair.rejected)
