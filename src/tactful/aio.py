"""The names of `tactful` as coroutines: `run = await tactful.aio.rollout(states, model="gpt-4.1-mini")`.

Each runs in a thread of its own, which ends by itself: cancelling stops the waiting, not the run, whose finished
records are stored in any case. `serve`, `serve_annotation`, `serve_policy` and `view` are blocks:
`async with tactful.aio.serve("model") as served`.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

import tactful as _tactful
from tactful.api.annotate.serve import serving_annotation as _serving_annotation
from tactful.api.audit import audit as _audit
from tactful.api.calibrate.reward import reward as _reward
from tactful.api.live.proxy import proxying_live as _proxying_live
from tactful.api.live.serve import serving_live as _serving_live
from tactful.api.live.watch import watching_live as _watching_live
from tactful.api.policy_serve import serving_policy as _serving_policy
from tactful.api.reward.serve import serving as _serving
from tactful.api.view import viewing as _viewing

# `audit` and `reward` come from where they stand: they are rooms too, and `tactful` gives the room once it is imported.

P = ParamSpec("P")
R = TypeVar("R")


def _coroutine(call: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    @functools.wraps(call)
    async def awaited(*args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.to_thread(call, *args, **kwargs)

    return awaited


ask_moments = _coroutine(_tactful.ask_moments)
audit = _coroutine(_audit)
audit_gym = _coroutine(_tactful.audit_gym)
audit_proactivebench = _coroutine(_tactful.audit_proactivebench)
bench_assistants = _coroutine(_tactful.bench_assistants)
bench_suggestions = _coroutine(_tactful.bench_suggestions)
build_scenes = _coroutine(_tactful.build_scenes)
calibrate_reader = _coroutine(_tactful.calibrate_reader)
chats = _coroutine(_tactful.chats)
check = _coroutine(_tactful.check)
compare = _coroutine(_tactful.compare)
conversations = _coroutine(_tactful.conversations)
dialogues = _coroutine(_tactful.dialogues)
doctor = _coroutine(_tactful.doctor)
evaluate = _coroutine(_tactful.evaluate)
evaluate_feedback_judge = _coroutine(_tactful.evaluate_feedback_judge)
evaluate_predictions = _coroutine(_tactful.evaluate_predictions)
export = _coroutine(_tactful.export)
export_view = _coroutine(_tactful.export_view)
fit_confidence = _coroutine(_tactful.fit_confidence)
fit_gym_users = _coroutine(_tactful.fit_gym_users)
fit_users = _coroutine(_tactful.fit_users)
gym_stats = _coroutine(_tactful.gym_stats)
import_mbpp = _coroutine(_tactful.import_mbpp)
init_data = _coroutine(_tactful.init_data)
iterate = _coroutine(_tactful.iterate)
judge = _coroutine(_tactful.judge)
judge_moments = _coroutine(_tactful.judge_moments)
judge_suggestions = _coroutine(_tactful.judge_suggestions)
labels = _coroutine(_tactful.labels)
learn = _coroutine(_tactful.learn)
live_conversations = _coroutine(_tactful.live_conversations)
live_moments = _coroutine(_tactful.live_moments)
live_proxy = _proxying_live
live_rehearse = _coroutine(_tactful.live_rehearse)
live_serve = _serving_live
live_status = _coroutine(_tactful.live_status)
live_users = _coroutine(_tactful.live_users)
live_watch = _watching_live
live_why = _coroutine(_tactful.live_why)
load = _coroutine(_tactful.load)
measure_agreement = _coroutine(_tactful.measure_agreement)
export_annotations = _coroutine(_tactful.export_annotations)
measure_judge = _coroutine(_tactful.measure_judge)
measure_readers = _coroutine(_tactful.measure_readers)
moments = _coroutine(_tactful.moments)
pairs = _coroutine(_tactful.pairs)
play = _coroutine(_tactful.play)
predict = _coroutine(_tactful.predict)
reader = _coroutine(_tactful.reader)
reasons = _coroutine(_tactful.reasons)
replay = _coroutine(_tactful.replay)
reward = _coroutine(_reward)
rollout = _coroutine(_tactful.rollout)
save_scenes = _coroutine(_tactful.save_scenes)
scenes = _coroutine(_tactful.scenes)
serve = _serving
serve_annotation = _serving_annotation
serve_policy = _serving_policy
set_gate = _coroutine(_tactful.set_gate)
states = _coroutine(_tactful.states)
sweep = _coroutine(_tactful.sweep)
synthesize = _coroutine(_tactful.synthesize)
train_feedback_judge = _coroutine(_tactful.train_feedback_judge)
train_model = _coroutine(_tactful.train_model)
train_policy = _coroutine(_tactful.train_policy)
train_reader = _coroutine(_tactful.train_reader)
train_reward = _coroutine(_tactful.train_reward)
train_suggestions = _coroutine(_tactful.train_suggestions)
view = _viewing
work_sessions = _coroutine(_tactful.work_sessions)
trainset = _coroutine(_tactful.trainset)
