"""The files of a training set, written from its run: parts for training, validation and test that share no group of scenes.

    OUT/trainset.json   who selected, which group is in which part, what was written and what was left out
    OUT/sft/            sft.json, sft_validation.json, sft_test.json (ShareGPT), dataset_info.json, sft.yaml
    OUT/dpo/            train.jsonl, valid.jsonl, test.jsonl (TRL: prompt, chosen, rejected, margin)
    OUT/reward/         train.jsonl, valid.jsonl, test.jsonl (labelled moments)

Beside each file of rows lies `…_provenance.jsonl`, a line for each row. A part without rows has no file.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

import orjson
from pydantic import Field

from tactful.data.exporting.forms import Distinct, sharegpt_sft, trl_pair
from tactful.data.exporting.llama_factory import describe
from tactful.data.formats.moments import moment_row
from tactful.data.io import to_line
from tactful.data.splits import split_by_group
from tactful.errors import UsageError
from tactful.gym.trainset.forms import Fit, answered, labelled, preferences
from tactful.gym.trainset.types import JudgedPoint
from tactful.gym.types import Timing
from tactful.runs import RunFolder, atomic_write, write_atomic
from tactful.runs.store.files import make_folder
from tactful.types import Record

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
PRODUCTS = {"sft": "sft", "dpo": "pairs", "reward": "moments"}
"""Folder → what `PartCounts` calls its rows."""
MANIFEST = "trainset.json"
DATASET = "tactful_gym_sft"
_TOO_LONG = "too long for the tokens, even with one event"
_SHARE = Field(default=0.1, ge=0, lt=1)


class Shares(Record):
    """Of the groups of scenes, how many are held out; the rest is trained on."""

    validation: float = _SHARE
    test: float = _SHARE

    def parts(self) -> dict[str, float]:
        """Share of each part that there is. Raises: UsageError where nothing is left to train on."""
        train = round(1 - self.validation - self.test, 9)
        if train <= 0:
            raise UsageError(
                f"--validation {self.validation:g} and --test {self.test:g}: leave something to train on; lower them"
            )
        given = {"train": train, "validation": self.validation, "test": self.test}
        return {name: share for name, share in given.items() if share}


class PartCounts(Record):
    """What one part holds."""

    groups: tuple[str, ...]
    """Of this part, and of no other: scenes made from one seed task share one."""
    scenes: int
    points: int
    sft: int
    pairs: int
    moments: int


class TimingCounts(Record):
    """What was accepted at the points where the work stood so."""

    points: int
    offers: int
    silences: int


class Trainset(Record):
    """`trainset.json`: what the set is made of, by whom it was selected, and how it is split."""

    format: Literal["tactful-trainset-1"] = "tactful-trainset-1"
    judge: str
    """Who selected. What this judge says of an assistant trained on the set measures nothing."""
    judge_given: str
    """The same as it was typed."""
    proposer: str
    generator: str
    grouped_by: Literal["scene"] = "scene"
    parts: Mapping[Part, PartCounts]
    points: int
    accepted: int
    """Points with an accepted candidate."""
    silent: int
    """Of these, those where it is silence."""
    timings: Mapping[str, TimingCounts]
    """The same by where the work stood, as the simulation knows it."""
    tries: Mapping[str, int]
    """Number of candidates up to the accepted one → points; `none`: nothing was accepted."""
    unscored: int
    """Candidates that the judge could not judge."""
    repeated: int
    unreadable: int
    contradicting: int = 0
    """Pairs that prefer what an earlier one rejects at the same prompt; both are written."""
    left_out: Mapping[str, int]
    """Why rows were not written → how many."""
    max_tokens: int
    """Of a row of `sft` or `dpo`."""
    counted: str
    """How: `estimated`, or the tokenizer."""
    notes: tuple[str, ...] = ()
    """Where the split is not the one that was asked for."""


def write_trainset(
    folder: RunFolder, *, judge_given: str, shares: Shares, fit: Fit, counted: str, seed: int = 0
) -> Trainset:
    """Write the files of a run of `gym trainset`, over those of before. One point is held at a time.

    Raises: UsageError for shares that leave nothing to train on.
    """
    groups = [point.group for point in folder.records(JudgedPoint)]
    part_of, notes = _parts(groups, shares.parts(), seed)
    told = _Tally()
    with ExitStack() as stack:
        files = _Files(folder.path, stack)
        distinct = Distinct()
        for point in folder.records(JudgedPoint):
            part = part_of[point.group]
            told.point(point, part)
            for name, row, beside in _rows(point, fit, distinct, told):
                files.write(name, part, row, beside)
                told.rows[part, name] += 1
        files.close()
    doubles = {"equal sides": distinct.equal_sides, "repeated pairs": distinct.repeated}
    told.left_out |= {why: count for why, count in doubles.items() if count}
    told.counts["contradicting"] = distinct.contradicting
    _describe(folder.path / "sft", fit.tokens)
    found = told.whole(part_of, judge_given=judge_given, max_tokens=fit.tokens, counted=counted, notes=notes)
    text = orjson.dumps(found.model_dump(mode="json"), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    write_atomic(folder.path / MANIFEST, [text])
    return found


def _describe(folder: Path, longest: int) -> None:
    """What LLaMA-Factory wants beside the rows; without rows to train on, what was written of others goes."""
    if not (folder / "sft.json").is_file():
        for name in ("sft.yaml", "dataset_info.json"):
            (folder / name).unlink(missing_ok=True)
        return
    stems = [stem for stem in ("sft", "sft_validation") if (folder / f"{stem}.json").is_file()]
    describe(folder, {DATASET + stem.removeprefix("sft"): stem for stem in stems}, longest=longest)


def _parts(
    groups: list[str], shares: Mapping[str, float], seed: int
) -> tuple[dict[str, Part], tuple[str, ...]]:
    """(group → its part, what is to be said of that). Fewer groups than parts: all train."""
    found = len(set(groups))
    if found < len(shares):
        few = f"too few groups of scenes ({found}) for {len(shares)} parts: all of them train"
        return dict.fromkeys(groups, "train"), (few,) if groups else ()
    split = split_by_group(groups, shares, seed=seed, grouped_by="scene")
    return {groups[at]: part for part in PARTS for at in split.parts.get(part, ())}, ()


def _rows(
    point: JudgedPoint, fit: Fit, distinct: Distinct, told: _Tally
) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(product, row, what it rests on) for each row of a point."""
    best = answered(point, fit)
    if best is not None:
        yield "sft", {**sharegpt_sft(best), "judge": point.judge}, _beside(point, best.id)
    elif point.accepted is not None:
        told.left_out[_TOO_LONG] += 1
    pairs = list(preferences(point, fit))
    if point.accepted is not None and not pairs and point.rejected:
        told.left_out[_TOO_LONG] += len(point.rejected)
    for pair, margin in pairs:
        if distinct.takes(pair):
            row = {**trl_pair(pair), "margin": margin, "judge": point.judge}
            yield "dpo", row, _beside(point, pair.id)
    for item in labelled(point):
        yield "reward", moment_row(item), _beside(point, item.moment.id)


def _beside(point: JudgedPoint, row: str) -> dict[str, Any]:
    """What a row rests on, without its text."""
    return {
        "id": row,
        "group": point.group,
        "point": point.id,
        "episode": point.episode,
        "setting": point.setting,
        "judge": point.judge,
        "tries": len(point.tries),
        "provenance": point.provenance.model_dump(mode="json"),
    }


class _Tally:
    """What went into the files."""

    def __init__(self) -> None:
        self.points: Counter[Part] = Counter()
        self.scenes: defaultdict[Part, set[str]] = defaultdict(set)
        self.timings: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.rows: Counter[tuple[Part, str]] = Counter()
        self.tries: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.who: dict[str, str] = {"judge": "", "proposer": "", "generator": ""}

    def point(self, point: JudgedPoint, part: Part) -> None:
        """Count one point."""
        self.points[part] += 1
        self.scenes[part].add(point.scene_id)
        found = point.accepted
        at = self.timings[point.timing or "not said"]
        at["points"] += 1
        if found is not None:
            at["silences" if found.proposal is None else "offers"] += 1
        self.tries["none" if found is None else str(len(point.tries))] += 1
        self.counts["accepted"] += found is not None
        self.counts["silent"] += found is not None and found.proposal is None
        self.counts["unscored"] += sum(one.accepted is None for one in point.tries)
        self.counts["repeated"] += point.repeated
        self.counts["unreadable"] += point.unreadable
        made = point.provenance
        self.who = {"judge": point.judge, "proposer": made.model, "generator": made.generator}

    def whole(self, part_of: Mapping[str, Part], **more: Any) -> Trainset:
        """Everything that was counted."""
        names = ("accepted", "silent", "unscored", "repeated", "unreadable", "contradicting")
        order = sorted(self.tries, key=lambda name: (name == "none", len(name), name))
        parts = {
            part: PartCounts(
                groups=tuple(sorted(group for group, own in part_of.items() if own == part)),
                scenes=len(self.scenes[part]),
                points=self.points[part],
                sft=self.rows[part, "sft"],
                pairs=self.rows[part, "dpo"],
                moments=self.rows[part, "reward"],
            )
            for part in PARTS
            if self.points[part]
        }
        return Trainset(
            **self.who,
            parts=parts,
            points=self.points.total(),
            tries={name: self.tries[name] for name in order},
            timings={
                name: TimingCounts(**{what: held[what] for what in TimingCounts.model_fields})
                for name in (*get_args(Timing), "not said")
                if (held := self.timings.get(name))
            },
            left_out=dict(sorted(self.left_out.items())),
            **{name: self.counts[name] for name in names},
            **more,
        )


class _Files:
    """The files, each opened for its first row; they take the places of older ones together, when the block ends well."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._open: dict[Path, BinaryIO] = {}

    def write(self, name: str, part: Part, row: dict[str, Any], beside: dict[str, Any]) -> None:
        """One row of a product, and what it rests on."""
        path = row_file(self._folder, name, part)
        line = to_line(row)
        if path.suffix == ".json":
            line = (b",\n" if path in self._open else b"[\n") + line.rstrip(b"\n")
        if path not in self._open:
            make_folder(path.parent)
            for each in (path, provenance_of(path)):
                self._open[each] = self._stack.enter_context(atomic_write(each))
        self._open[path].write(line)
        self._open[provenance_of(path)].write(to_line(beside))

    def close(self) -> None:
        """End the arrays; remove what an earlier writing left and this one has no rows for."""
        for path, file in self._open.items():
            if path.suffix == ".json":
                file.write(b"\n]\n")
        for name in PRODUCTS:
            for part in PARTS:
                path = row_file(self._folder, name, part)
                if path not in self._open:
                    path.unlink(missing_ok=True)
                    provenance_of(path).unlink(missing_ok=True)


def row_file(folder: Path, product: str, part: Part) -> Path:
    """Where the rows of a product and a part lie."""
    if product == "sft":
        return folder / "sft" / ("sft.json" if part == "train" else f"sft_{part}.json")
    return folder / product / f"{'valid' if part == 'validation' else part}.jsonl"


def provenance_of(path: Path) -> Path:
    """Where it is said what the rows of a file rest on."""
    return path.with_name(f"{path.stem}_provenance.jsonl")
