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

from tactful.api import audit as _audit
from tactful.api import doctor as _doctor
from tactful.api import loading as _loading
from tactful.api import mend as _mend
from tactful.api import policy as _policy
from tactful.api import policy_serve as _policy_serve
from tactful.api import reader as _reader
from tactful.api import sweep as _sweep
from tactful.api import train as _train_model
from tactful.api import view as _view
from tactful.api.annotate import agreement as _agreement
from tactful.api.annotate import export as _annotations
from tactful.api.annotate import serve as _serve_annotation
from tactful.api.calibrate import compare as _compare
from tactful.api.calibrate import evaluate as _evaluate
from tactful.api.calibrate import iterate as _iterate
from tactful.api.calibrate import pairs as _pairs
from tactful.api.calibrate import reward as _reward
from tactful.api.calibrate import rollout as _rollout
from tactful.api.calibrate import states as _states
from tactful.api.data import activity as _activity
from tactful.api.data import check as _check
from tactful.api.data import conversations as _conversations
from tactful.api.data import export as _export
from tactful.api.data import layout as _layout
from tactful.api.data import mbpp as _mbpp
from tactful.api.data import published as _published
from tactful.api.feedback import chats as _chats
from tactful.api.feedback import judge as _judge
from tactful.api.feedback import labelled as _labelled
from tactful.api.gym import audit as _audit_gym
from tactful.api.gym import run as _gym_run
from tactful.api.gym import scenes as _gym_scenes
from tactful.api.gym import stats as _gym_stats
from tactful.api.gym import trainset as _trainset
from tactful.api.gym import users as _gym_users
from tactful.api.live import export as _live_export
from tactful.api.live import proxy as _live_proxy
from tactful.api.live import serve as _live_serve
from tactful.api.live import status as _live_status
from tactful.api.live import users as _live_users
from tactful.api.live import watch as _live_watch
from tactful.api.reward import assistants as _assistants
from tactful.api.reward import gate as _gate
from tactful.api.reward import judge as _judge_moments
from tactful.api.reward import measure as _measure
from tactful.api.reward import moments as _moments
from tactful.api.reward import reasons as _reasons
from tactful.api.reward import serve as _serve
from tactful.api.reward import suggestions as _suggestions
from tactful.api.reward import train as _train
from tactful.api.utterance import dialogues as _dialogues
from tactful.api.utterance import evaluate as _evaluate_predictions
from tactful.api.utterance import predict as _predict
from tactful.api.utterance import synthesize as _synthesize

P = ParamSpec("P")
R = TypeVar("R")


def _coroutine(call: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    @functools.wraps(call)
    async def awaited(*args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.to_thread(call, *args, **kwargs)

    return awaited


ask_moments = _coroutine(_judge_moments.ask_moments)
audit = _coroutine(_audit.audit)
audit_gym = _coroutine(_audit_gym.audit_gym)
audit_proactivebench = _coroutine(_published.audit_proactivebench)
bench_assistants = _coroutine(_assistants.bench_assistants)
bench_suggestions = _coroutine(_suggestions.bench_suggestions)
build_scenes = _coroutine(_gym_scenes.build_scenes)
calibrate_reader = _coroutine(_reader.calibrate_reader)
chats = _coroutine(_chats.chats)
check = _coroutine(_check.check)
compare = _coroutine(_compare.compare)
conversations = _coroutine(_conversations.conversations)
dialogues = _coroutine(_dialogues.dialogues)
doctor = _coroutine(_doctor.doctor)
evaluate = _coroutine(_evaluate.evaluate)
evaluate_feedback_judge = _coroutine(_labelled.evaluate_feedback_judge)
evaluate_predictions = _coroutine(_evaluate_predictions.evaluate_predictions)
export = _coroutine(_export.export)
export_view = _coroutine(_view.export_view)
fit_confidence = _coroutine(_labelled.fit_confidence)
fit_gym_users = _coroutine(_gym_users.fit_gym_users)
fit_users = _coroutine(_mend.fit_users)
gym_stats = _coroutine(_gym_stats.gym_stats)
import_mbpp = _coroutine(_mbpp.import_mbpp)
init_data = _coroutine(_layout.init_data)
iterate = _coroutine(_iterate.iterate)
judge = _coroutine(_judge.judge)
judge_moments = _coroutine(_judge_moments.judge_moments)
judge_suggestions = _coroutine(_suggestions.judge_suggestions)
labels = _coroutine(_reader.labels)
learn = _coroutine(_mend.learn)
live_conversations = _coroutine(_live_export.live_conversations)
live_moments = _coroutine(_live_watch.live_moments)
live_proxy = _live_proxy.proxying_live
live_rehearse = _coroutine(_live_watch.live_rehearse)
live_serve = _live_serve.serving_live
live_status = _coroutine(_live_status.live_status)
live_users = _coroutine(_live_users.live_users)
live_watch = _live_watch.watching_live
live_why = _coroutine(_live_watch.live_why)
load = _coroutine(_loading.load)
measure_agreement = _coroutine(_agreement.measure_agreement)
export_annotations = _coroutine(_annotations.export_annotations)
measure_judge = _coroutine(_measure.measure_judge)
measure_readers = _coroutine(_reader.measure_readers)
moments = _coroutine(_moments.moments)
pairs = _coroutine(_pairs.pairs)
play = _coroutine(_gym_run.play)
predict = _coroutine(_predict.predict)
reader = _coroutine(_reader.reader)
reasons = _coroutine(_reasons.reasons)
replay = _coroutine(_mend.replay)
reward = _coroutine(_reward.reward)
rollout = _coroutine(_rollout.rollout)
save_scenes = _coroutine(_gym_scenes.save_scenes)
scenes = _coroutine(_gym_scenes.scenes)
serve = _serve.serving
serve_annotation = _serve_annotation.serving_annotation
serve_policy = _policy_serve.serving_policy
set_gate = _coroutine(_gate.set_gate)
states = _coroutine(_states.states)
sweep = _coroutine(_sweep.sweep)
synthesize = _coroutine(_synthesize.synthesize)
train_feedback_judge = _coroutine(_labelled.train_feedback_judge)
train_model = _coroutine(_train_model.train_model)
train_policy = _coroutine(_policy.train_policy)
train_reader = _coroutine(_reader.train_reader)
train_reward = _coroutine(_train.train_reward)
train_suggestions = _coroutine(_suggestions.train_suggestions)
view = _view.viewing
work_sessions = _coroutine(_activity.work_sessions)
trainset = _coroutine(_trainset.trainset)
