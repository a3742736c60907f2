"""Tactful teaches assistants when to speak up, when to ask, and when to stay quiet.

    import tactful as tf
    run = tf.rollout(tf.states("coding", n=50), model="gpt-4.1-mini", out="runs/r", budget_usd=2)
    policy = tf.train_policy(tf.pairs(tf.reward(run), select="all"))

Every name is loaded when it is first used; `tactful.aio` has the same names as coroutines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tactful.api.annotate.agreement import measure_agreement as measure_agreement
    from tactful.api.annotate.export import export_annotations as export_annotations
    from tactful.api.annotate.serve import serve_annotation as serve_annotation
    from tactful.api.audit import audit as audit
    from tactful.api.calibrate.compare import compare as compare
    from tactful.api.calibrate.evaluate import evaluate as evaluate
    from tactful.api.calibrate.iterate import iterate as iterate
    from tactful.api.calibrate.pairs import pairs as pairs
    from tactful.api.calibrate.reward import reward as reward
    from tactful.api.calibrate.rollout import rollout as rollout
    from tactful.api.calibrate.states import states as states
    from tactful.api.data.activity import work_sessions as work_sessions
    from tactful.api.data.check import check as check
    from tactful.api.data.conversations import conversations as conversations
    from tactful.api.data.export import export as export
    from tactful.api.data.layout import init_data as init_data
    from tactful.api.data.mbpp import import_mbpp as import_mbpp
    from tactful.api.data.published import audit_proactivebench as audit_proactivebench
    from tactful.api.doctor import doctor as doctor
    from tactful.api.feedback.chats import chats as chats
    from tactful.api.feedback.judge import judge as judge
    from tactful.api.feedback.labelled import evaluate_feedback_judge as evaluate_feedback_judge
    from tactful.api.feedback.labelled import fit_confidence as fit_confidence
    from tactful.api.feedback.labelled import train_feedback_judge as train_feedback_judge
    from tactful.api.gym.audit import audit_gym as audit_gym
    from tactful.api.gym.run import play as play
    from tactful.api.gym.scenes import build_scenes as build_scenes
    from tactful.api.gym.scenes import save_scenes as save_scenes
    from tactful.api.gym.scenes import scenes as scenes
    from tactful.api.gym.stats import gym_stats as gym_stats
    from tactful.api.gym.trainset import trainset as trainset
    from tactful.api.gym.users import fit_gym_users as fit_gym_users
    from tactful.api.live.export import live_conversations as live_conversations
    from tactful.api.live.proxy import live_proxy as live_proxy
    from tactful.api.live.serve import live_serve as live_serve
    from tactful.api.live.status import live_status as live_status
    from tactful.api.live.users import live_users as live_users
    from tactful.api.live.watch import live_moments as live_moments
    from tactful.api.live.watch import live_rehearse as live_rehearse
    from tactful.api.live.watch import live_watch as live_watch
    from tactful.api.live.watch import live_why as live_why
    from tactful.api.loading import load as load
    from tactful.api.mend import fit_users as fit_users
    from tactful.api.mend import learn as learn
    from tactful.api.mend import replay as replay
    from tactful.api.policy import train_policy as train_policy
    from tactful.api.policy_serve import serve_policy as serve_policy
    from tactful.api.reader import calibrate_reader as calibrate_reader
    from tactful.api.reader import labels as labels
    from tactful.api.reader import measure_readers as measure_readers
    from tactful.api.reader import reader as reader
    from tactful.api.reader import train_reader as train_reader
    from tactful.api.reward.assistants import bench_assistants as bench_assistants
    from tactful.api.reward.gate import set_gate as set_gate
    from tactful.api.reward.judge import ask_moments as ask_moments
    from tactful.api.reward.judge import judge_moments as judge_moments
    from tactful.api.reward.measure import measure_judge as measure_judge
    from tactful.api.reward.moments import moments as moments
    from tactful.api.reward.reasons import reasons as reasons
    from tactful.api.reward.serve import serve as serve
    from tactful.api.reward.suggestions import bench_suggestions as bench_suggestions
    from tactful.api.reward.suggestions import judge_suggestions as judge_suggestions
    from tactful.api.reward.suggestions import train_suggestions as train_suggestions
    from tactful.api.reward.train import train_reward as train_reward
    from tactful.api.runs import Run as Run
    from tactful.api.sweep import sweep as sweep
    from tactful.api.tables import Table as Table
    from tactful.api.train import train_model as train_model
    from tactful.api.utterance.dialogues import dialogues as dialogues
    from tactful.api.utterance.evaluate import evaluate_predictions as evaluate_predictions
    from tactful.api.utterance.predict import predict as predict
    from tactful.api.utterance.synthesize import synthesize as synthesize
    from tactful.api.view import export_view as export_view
    from tactful.api.view import view as view
    from tactful.errors import TactfulError as TactfulError
    from tactful.feedback.user_prior import UserPrior as UserPrior

__version__ = "0.1.0"

_HOMES = {
    "Run": "tactful.api.runs",
    "Table": "tactful.api.tables",
    "TactfulError": "tactful.errors",
    "UserPrior": "tactful.feedback.user_prior",
    "ask_moments": "tactful.api.reward.judge",
    "audit": "tactful.api.audit",
    "audit_gym": "tactful.api.gym.audit",
    "audit_proactivebench": "tactful.api.data.published",
    "bench_assistants": "tactful.api.reward.assistants",
    "bench_suggestions": "tactful.api.reward.suggestions",
    "build_scenes": "tactful.api.gym.scenes",
    "calibrate_reader": "tactful.api.reader",
    "chats": "tactful.api.feedback.chats",
    "check": "tactful.api.data.check",
    "compare": "tactful.api.calibrate.compare",
    "conversations": "tactful.api.data.conversations",
    "dialogues": "tactful.api.utterance.dialogues",
    "doctor": "tactful.api.doctor",
    "evaluate": "tactful.api.calibrate.evaluate",
    "evaluate_feedback_judge": "tactful.api.feedback.labelled",
    "evaluate_predictions": "tactful.api.utterance.evaluate",
    "export": "tactful.api.data.export",
    "export_view": "tactful.api.view",
    "fit_confidence": "tactful.api.feedback.labelled",
    "fit_gym_users": "tactful.api.gym.users",
    "fit_users": "tactful.api.mend",
    "gym_stats": "tactful.api.gym.stats",
    "import_mbpp": "tactful.api.data.mbpp",
    "init_data": "tactful.api.data.layout",
    "iterate": "tactful.api.calibrate.iterate",
    "judge": "tactful.api.feedback.judge",
    "judge_moments": "tactful.api.reward.judge",
    "judge_suggestions": "tactful.api.reward.suggestions",
    "labels": "tactful.api.reader",
    "learn": "tactful.api.mend",
    "live_conversations": "tactful.api.live.export",
    "live_moments": "tactful.api.live.watch",
    "live_proxy": "tactful.api.live.proxy",
    "live_rehearse": "tactful.api.live.watch",
    "live_serve": "tactful.api.live.serve",
    "live_status": "tactful.api.live.status",
    "live_users": "tactful.api.live.users",
    "live_watch": "tactful.api.live.watch",
    "live_why": "tactful.api.live.watch",
    "load": "tactful.api.loading",
    "measure_agreement": "tactful.api.annotate.agreement",
    "export_annotations": "tactful.api.annotate.export",
    "measure_judge": "tactful.api.reward.measure",
    "measure_readers": "tactful.api.reader",
    "moments": "tactful.api.reward.moments",
    "pairs": "tactful.api.calibrate.pairs",
    "play": "tactful.api.gym.run",
    "predict": "tactful.api.utterance.predict",
    "reader": "tactful.api.reader",
    "reasons": "tactful.api.reward.reasons",
    "replay": "tactful.api.mend",
    "reward": "tactful.api.calibrate.reward",
    "rollout": "tactful.api.calibrate.rollout",
    "save_scenes": "tactful.api.gym.scenes",
    "scenes": "tactful.api.gym.scenes",
    "serve": "tactful.api.reward.serve",
    "serve_annotation": "tactful.api.annotate.serve",
    "serve_policy": "tactful.api.policy_serve",
    "set_gate": "tactful.api.reward.gate",
    "states": "tactful.api.calibrate.states",
    "sweep": "tactful.api.sweep",
    "synthesize": "tactful.api.utterance.synthesize",
    "train_feedback_judge": "tactful.api.feedback.labelled",
    "train_model": "tactful.api.train",
    "train_policy": "tactful.api.policy",
    "train_reader": "tactful.api.reader",
    "train_reward": "tactful.api.reward.train",
    "train_suggestions": "tactful.api.reward.suggestions",
    "view": "tactful.api.view",
    "work_sessions": "tactful.api.data.activity",
    "trainset": "tactful.api.gym.trainset",
}
"""Public name → the module that is imported when it is first asked for."""
__all__ = [*_HOMES, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tactful' has no attribute '{name}'")
    from importlib import import_module

    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
