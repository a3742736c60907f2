"""The job of a run folder once more, from what the folder kept: for `tactful runs retry`.

A run folder may come from someone else, so nothing is imported on its word: the kind of a job, its noun and verb, is
looked up in the table below. Endpoint, key variable and call cache must be ones that this user has used here before, and
no file of the folder a link, else all that is to be trusted in so many words.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pkgutil import resolve_name

from tactful.errors import DataError, SafetyRefusal, UserError
from tactful.runs.read.folder import RunFolder
from tactful.runs.store.known import is_known, is_known_cache, url_of
from tactful.runs.types import Job

BUILDERS = {
    "bench judge-moments": "tactful.evaluation.proactive.judge_run:retry_judge",
    "bench proactive": "tactful.evaluation.proactive.assistant_run:retry_assistant",
    "calibrate evaluate": "tactful.api.calibrate.evaluate:retry_evaluate",
    "calibrate reward": "tactful.calibration.reward.rewarding:retry_reward",
    "calibrate rollout": "tactful.api.calibrate.rollout:retry_rollout",
    "data activity": "tactful.data.activity.telling.model:retry_tell",
    "feedback judge": "tactful.feedback.pipeline:retry_judge",
    "gym run": "tactful.api.gym.run:retry_play",
    "gym scenes": "tactful.gym.scenes.pipeline:retry_scenes",
    "gym trainset": "tactful.api.gym.trainset:retry_trainset",
    "learn turns": "tactful.mend.pipeline:retry_read",
    "reward judge": "tactful.api.reward.judge:retry_judge",
    "reward reasons": "tactful.api.reward.reasons:retry_reasons",
    "utterance predict": "tactful.utterance.predict.predictor:retry_predict",
    "utterance synthesize": "tactful.utterance.pipeline:retry_synthesize",
}
"""Kind of a job → `module:function`, called as `function(config, **resume_args) -> Job`."""


def job_of(folder: RunFolder, *, trust: bool = False) -> Job:
    """The job whose results the folder holds.

    Raises: UserError when it was no command's, or what it kept does not fit; SafetyRefusal when it would send to, or
    run, what this user has not used here before, unless `trust`.
    """
    info = folder.info()
    kind = f"{info.noun} {info.verb}"
    if not info.resume_with or kind not in BUILDERS:
        raise UserError(
            f"{folder.path}: this run cannot be opened again by itself ({kind} of records in memory, of your own code, or "
            "read from a pipe); in Python make the same call with resume=True and retry() what it gives, or call "
            "tactful.runs.retry_run(folder, job) with the job that made it"
        )
    job = _built(folder, kind)
    strange = [] if trust else [*_strange(job), *_elsewhere(folder)]
    if strange:
        raise SafetyRefusal(
            f"{folder.path}: {'; '.join(strange)}. Was this run made here? Look at its run.json, and where all is "
            "right add --trust"
        )
    return job


def _strange(job: Job) -> list[str]:
    """What the job would do that this user's earlier runs on this machine did not, one sentence each."""
    told = [
        f"it would send its records to {url_of(spec)} with the key in {spec.api_key_env}, which no earlier run here did"
        for spec in job.models.values()
        if not is_known(spec)
    ]
    if (job.resume_args or {}).get("unsafe") is True:
        told.append("it would run programs without a cage where none is at hand")
    return list(dict.fromkeys(told))


def _elsewhere(folder: RunFolder) -> list[str]:
    """Files outside of the folder that the job would write to on its word, one sentence each."""
    told = [
        f"its {path.name} is a link to {os.readlink(path)}, which it would write to"
        for path in sorted(folder.path.iterdir())
        if path.is_symlink()
    ]
    cache = folder.info().cache
    if cache and not is_known_cache(cache):
        told.append(f"it would read and write the call cache {cache}, which no earlier run here did")
    return told


def _built(folder: RunFolder, kind: str) -> Job:
    info = folder.info()
    build = resolve_name(BUILDERS[kind])
    try:
        job = build(dict(info.config), **info.resume_args)
    except (TypeError, ValueError) as error:
        raise DataError(f"{folder.info_path}: '{kind}' does not take what the run kept ({error})") from error
    assert isinstance(job, Job)
    return replace(job, resume_args=info.resume_args)
