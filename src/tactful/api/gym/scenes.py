"""Scenes: read, written, and built from seeds."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack, get_args

from tactful.api.gym.logs import PeopleGiven, read_people
from tactful.api.options import (
    ModelOptions,
    RunSettings,
    configured,
    one_of,
    others,
    run_options,
    spec_of,
    takes,
)
from tactful.api.runs import Run, outside_loop, worked
from tactful.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tactful.gym.scenes.pipeline import Dropped, ScenesConfig, ScenesForecast
    from tactful.gym.scenes.rhythm import Rhythm
    from tactful.gym.types import Scene, Setting
    from tactful.runs import Job


class ScenesOptions(ModelOptions, RunSettings, total=False):
    """What may be given to `build_scenes` beside seeds and model. `out` is the file of scenes, by default `scenes.yaml`."""

    per_task: int
    """Scenes built from each seed; default 1."""
    from_events: PeopleGiven
    """A log of real work whose settings, habits and rhythm the scenes follow, in figures alone."""
    alike: float
    """Likeness in [0, 1] from which a scene is dropped as a near-duplicate; default 0.8."""
    form: Literal["ours", "proactivebench"]
    """In which the scenes are written; default ours."""
    skip_bad: bool
    """Leave out unusable seeds and count them."""


class ScenesRun(Run["Scene"]):
    """Built scenes; `scenes` are those that repeat no earlier one, and `dropped` the others."""

    scenes: list[Scene]
    dropped: list[Dropped]
    rhythm: Rhythm | None
    """Of the log that they follow."""
    path: Path
    """Where the scenes were written."""


def scenes(
    source: os.PathLike[str] | str = "bundled", *, setting: Setting | None = None, skip_bad: bool = False
) -> list[Scene]:
    """The scenes of a file (ProactiveBench's form or ours), of the run that built them, or the `bundled` ones.

    `setting` is that of scenes whose form has none; without it, it is told by their words.

    Raises DataError, with file, line, key and value, for a bad scene (unless `skip_bad`) and for a file without any.

    >>> import tactful as tf
    >>> found = tf.scenes()
    >>> len(found), found[0].id, found[0].setting
    (12, 'ferry-timetable', 'coding')
    """
    from tactful.gym.scenes.reading import read_scenes

    return read_scenes(
        Path(source) if isinstance(source, os.PathLike) else source, setting=setting, skip_bad=skip_bad
    )


def save_scenes(
    given: Iterable[Scene], path: os.PathLike[str] | str, *, form: Literal["ours", "proactivebench"] = "ours"
) -> int:
    """Write scenes as a YAML list, or as JSON lines where the name ends in `.jsonl`, and say how many there were.

    Raises UsageError when the file exists.
    """
    from tactful.gym.scenes.reading import Form, write_scenes

    one_of("form", form, get_args(Form))
    if Path(path).exists():
        raise UsageError(f"{path}: exists already; give another name")
    return write_scenes(Path(path), given, form=form)


@takes(ScenesOptions)
def build_scenes(
    seeds: os.PathLike[str] | str = "ours", *, model: str, **options: Unpack[ScenesOptions]
) -> ScenesRun:
    """Scenes built from seeds in six steps, each consistent with those before it, near-duplicates dropped.

    `seeds` is a file in ProactiveBench's form or ours, or `ours`: the bundled ones. The scenes go to the file `out`, the
    run lies beside it (`scenes.run` for `scenes.yaml`), and `resume=True` goes on with it
    and writes the file anew, whatever was changed in it.

    Raises DataError for seeds or a log that cannot be used, UsageError when `out` exists, StopRun when a budget is spent.

    >>> import tactful as tf
    >>> run = tf.build_scenes(model="offline", out="scenes.yaml", limit=3, progress="off")
    >>> [scene.setting for scene in run.scenes], len(run.dropped)
    (['coding', 'coding', 'coding'], 0)
    """
    from tactful.gym.scenes.pipeline import distinct
    from tactful.gym.scenes.reading import Form, write_scenes
    from tactful.gym.types import Scene

    one_of("form", options.get("form", "ours"), get_args(Form))
    path = Path(options.get("out") or "scenes.yaml")
    _refuse_existing(path, resume=options.get("resume", False))
    config, job, rhythm, bad = _opened(seeds, model, options)
    run = ScenesRun(
        worked(job, run_options({**options, "out": run_folder(path)})),
        Scene,
        again=None if job.resume_args else lambda: job,
    )
    run.bad, run.problems = bad
    run.path, run.rhythm = path, rhythm
    order = {brief.id: at for at, brief in enumerate(job.source)}  # type: ignore[attr-defined]
    built = sorted(run, key=lambda scene: order.get(scene.id, len(order)))
    run.scenes, run.dropped = outside_loop(lambda: distinct(built, alike=config.alike))
    write_scenes(path, run.scenes, form=options.get("form", "ours"))
    run.summary.folder.save_summary(_told(run))
    return run


def forecast_scenes(
    seeds: os.PathLike[str] | str = "ours", *, model: str, **options: Unpack[ScenesOptions]
) -> ScenesForecast:
    """Calls, tokens and cost that `build_scenes` would take, where no step is asked again; nothing is sent."""
    from tactful.gym.scenes.pipeline import forecast

    config, job, _, _ = _opened(seeds, model, options)
    return forecast(job, config, limit=options.get("limit"))


def run_folder(out: Path) -> Path:
    """Where the run that makes a file of scenes lies: beside it."""
    return out.with_suffix(".run")


def _refuse_existing(path: Path, *, resume: bool) -> None:
    if path.suffix == ".run" or path.is_dir():
        raise UsageError(f"--out {path}: the scenes need a file; name it: --out scenes.yaml")
    if path.exists() and not resume:
        raise UsageError(f"--out {path}: the file exists; choose another, or go on with its run: --resume")


def _opened(
    seeds: os.PathLike[str] | str, model: str, options: Mapping[str, Any]
) -> tuple[ScenesConfig, Job, Rhythm | None, tuple[int, list[str]]]:
    """Configuration, job and rhythm, and how many seeds were bad, with the first of them."""
    from tactful.gym.scenes.pipeline import SCRIPTS, ScenesConfig, scenes_job
    from tactful.gym.scenes.rhythm import rhythm_of
    from tactful.gym.scenes.seeds import OURS, Seeds, read_seeds

    chosen = others(options)
    skip_bad, log = chosen.pop("skip_bad", False), chosen.pop("from_events", None)
    chosen.pop("form", None)
    config = configured(
        ScenesConfig, **chosen, seed=options.get("seed", 0), assistant=spec_of(model, SCRIPTS, options)
    )
    name = str(seeds)
    rows = Seeds(name, skip_bad=skip_bad)
    found = list(rows) or read_seeds(name, skip_bad=skip_bad)
    rhythm = None
    if log is not None:
        recorded, told = read_people(log)
        rhythm = rhythm_of(session.events for session in recorded.sessions)
        if rhythm is None:
            raise DataError.at(told, None, "holds no event", fix="give a log of somebody at work")
    place = OURS if name == OURS else str(Path(name).resolve())
    job = scenes_job(config, found, rhythm, source=place)
    if skip_bad and rows.bad:  # `runs retry` reads the seeds again and would stop at them
        job = replace(job, resume_args=None)
    return config, job, rhythm, (rows.bad, rows.problems)


def _told(run: ScenesRun) -> dict[str, Any]:
    """What `--json` prints and `summary.json` keeps."""
    from collections import Counter

    summary = run.summary
    return {
        "run": str(run.folder),
        "out": str(run.path),
        "built": {"read": summary.read, "done": summary.done, "failed": summary.failed},
        "scenes": len(run.scenes),
        "settings": dict(Counter(scene.setting for scene in run.scenes)),
        "languages": dict(Counter(scene.lang for scene in run.scenes)),
        "near_duplicates": [one.model_dump() for one in run.dropped],
        "bad_seeds": run.bad,
        "rhythm": run.rhythm.model_dump(mode="json") if run.rhythm else None,
        "usage": summary.usage.model_dump(mode="json"),
    }
