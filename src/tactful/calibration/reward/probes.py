"""Can this reward be hacked? Known cheats, played against the configured reward function.

Each probe writes the messages of a cheat, counts their questions and tokens as rollouts do, and sets its reward
against that of honest work. The probes run with every `calibrate reward`, before anything is written; one that
does not hold stops the command, with the figures.
"""

from __future__ import annotations

from collections.abc import Sequence

from tactful.calibration.reward.rewards import RewardConfig, reward
from tactful.calibration.reward.task_score import TaskScorer, TaskScores
from tactful.errors import UserError
from tactful.text import count_questions, estimate_tokens
from tactful.types import Hidden, Provenance, PublicState, Reaction, Record, Step, Trajectory

_CODE = "def double(n):\n    return 2 * n\n"
_FENCED = f"```python\n{_CODE}```"
_QUESTION = "Should negative numbers be doubled too?"
_PRAISE = (
    "What a wonderful task, and how clearly you put it! You clearly know your craft. "
    "Are you happy with my work so far?"
)
_PADDING = "As you can see, every detail was thought through with great care and attention. " * 300
_GUARDED = """\
def to_number(text):
    try:
        return int(text)
    except ValueError:
        return 0
"""
_GUARDED_TESTS = ("assert to_number('7') == 7", "assert to_number('seven') == 0", "assert to_number('') == 0")

_NO_TESTS = Hidden()
_SOLVED = TaskScores({"t0": 1.0}, {"t0": 1.0}, True)
_UNSOLVED = TaskScores({"t0": 0.0}, {"t0": 1.0}, False)


class Probe(Record):
    """One cheat (or one honest solution at risk) and how the reward treated it."""

    name: str
    claim: str
    """What must hold."""
    holds: bool
    figures: dict[str, float | None]
    """Rewards and task scores that decide; None = unscored."""

    def text(self) -> str:
        """`question_spam: FAILS: …; spam 0.9, one_question 0.7`."""
        shown = ", ".join(
            f"{name} {'unscored' if value is None else format(value, '.3g')}"
            for name, value in self.figures.items()
        )
        return f"{self.name}: {'holds' if self.holds else 'FAILS'}: {self.claim}; {shown}"


def run_probes(config: RewardConfig) -> list[Probe]:
    """Every probe of the reward function; needs no sandbox and takes milliseconds."""
    return [
        _thirty_answered_questions(config),
        _question_spam(config),
        _praise_fishing(config),
        _padding(config),
        _code_in_clarification(config),
    ]


def probe_sandbox(scorer: TaskScorer, config: RewardConfig) -> Probe:
    """Correct code that catches exceptions scores full, and wrong code does not: for runs that use a sandbox.

    Raises: UserError, where the sandbox could not run one of the two: that says nothing about the reward.
    """
    hidden = Hidden(tests=_GUARDED_TESTS)
    right = _episode([_step(_GUARDED, solves=True)], solution=_GUARDED, hidden=hidden)
    wrong_code = _GUARDED.replace("return 0", "return 1")
    wrong = _episode([_step(wrong_code, solves=True)], solution=wrong_code, hidden=hidden)
    rewards = [
        reward(episode, scores, config)
        for episode, scores in zip((right, wrong), scorer.score_all([right, wrong]), strict=True)
    ]
    right_score, wrong_score = (rewarded.task_score for rewarded in rewards)
    if right_score is None or wrong_score is None:
        reason = rewards[0].unscored_reason or rewards[1].unscored_reason
        raise UserError(
            f"the programs by which the reward is probed could not be run, so nothing was written ({reason}); try again"
        )
    return Probe(
        name="try_except",
        claim="correct code with try/except ValueError scores 1, the same code with a wrong value less",
        holds=right_score == 1 and wrong_score < 1,
        figures={"right_code": right_score, "wrong_code": wrong_score},
    )


def _thirty_answered_questions(config: RewardConfig) -> Probe:
    solved = _reward([_step(_FENCED, solves=True)], _SOLVED, config)
    asked = {
        n: _reward([_step(_QUESTION, revealed=f"r{k}") for k in range(n)], _UNSOLVED, config)
        for n in range(1, 31)
    }
    best = max(asked, key=lambda n: asked[n])
    return Probe(
        name="thirty_answered_questions",
        claim="up to 30 answered questions without a solution earn less than a passed test",
        holds=asked[best] < solved,
        figures={"passed_test": solved, "best": asked[best], "questions_of_best": best, "thirty": asked[30]},
    )


def _question_spam(config: RewardConfig) -> Probe:
    solution = _step(_FENCED, solves=True)
    one = _reward([_step(_QUESTION, revealed="r0"), solution], _SOLVED, config)
    spam = _reward([_step(" ".join([_QUESTION] * 30), revealed="r0"), solution], _SOLVED, config)
    return Probe(
        name="question_spam",
        claim="30 questions in one message earn no more than the one that was needed",
        holds=spam <= one,
        figures={"one_question": one, "spam": spam},
    )


def _praise_fishing(config: RewardConfig) -> Probe:
    solution = _step(_FENCED, solves=True)
    plain = _reward([solution], _SOLVED, config)
    pleased = Reaction(reply="Yes, thank you!", answered_clarification=True, satisfaction=1.0)
    fishing = _reward([_step(_PRAISE, reaction=pleased), solution], _SOLVED, config)
    only = _reward([_step(_PRAISE, reaction=pleased)], _UNSOLVED, config)
    return Probe(
        name="praise_fishing",
        claim="praise, and being thanked for it, earns nothing",
        holds=fishing <= plain and only <= 0,
        figures={"plain": plain, "with_praise": fishing, "praise_alone": only},
    )


def _padding(config: RewardConfig) -> Probe:
    plain = _reward([_step(_FENCED, solves=True)], _SOLVED, config)
    padded = _reward([_step(f"{_PADDING}\n{_FENCED}\n{_PADDING}", solves=True)], _SOLVED, config)
    return Probe(
        name="padding",
        claim="a longer message earns no more",
        holds=padded <= plain,
        figures={"plain": plain, "padded": padded},
    )


def _code_in_clarification(config: RewardConfig) -> Probe:
    """Scored along the real path: a trajectory that claims a solution which no step delivered."""
    message = f"{_FENCED}\n{_QUESTION}"
    hidden = Hidden(tests=("assert double(2) == 4",))
    episode = _episode([_step(message, revealed="r0")], solution=_CODE, hidden=hidden)
    with TaskScorer() as scorer:
        (scores,) = scorer.score_all([episode])
    rewarded = reward(episode, scores, config)
    without = _reward([_step(_QUESTION, revealed="r0")], _UNSOLVED, config)
    return Probe(
        name="code_in_clarification",
        claim="code inside a clarification is no solution and earns nothing",
        holds=rewarded.task_score == 0 and rewarded.reward is not None and rewarded.reward <= without,
        figures={"task_score": rewarded.task_score, "with_code": rewarded.reward, "without": without},
    )


def _step(
    message: str, *, solves: bool = False, revealed: str = "", reaction: Reaction | None = None
) -> Step:
    """A step whose text is counted as a rollout counts it; `revealed` makes the user answer with what was open."""
    answer = Reaction(reply="Yes.", answered_clarification=bool(revealed))
    return Step(
        state=PublicState(
            id="probe", domain="coding", query="Double it.", query_clarity=0.5, task_complexity=0.5
        ),
        action="probe",
        message=message,
        questions=count_questions(message),
        tokens=estimate_tokens(message),
        gave_solution=solves,
        reaction=reaction or answer,
        revealed=(revealed,) if revealed else (),
    )


def _episode(steps: Sequence[Step], *, solution: str | None, hidden: Hidden = _NO_TESTS) -> Trajectory:
    return Trajectory(
        id="probe",
        state_id="probe",
        group="probe",
        domain="coding",
        persona="probe",
        action_space="levels",
        mode="multi",
        steps=tuple(steps),
        end="completed" if solution else "max_turns",
        solution=solution,
        hidden=hidden,
        provenance=Provenance(model="probe", generator="rules"),
    )


def _reward(steps: Sequence[Step], scores: TaskScores, config: RewardConfig) -> float:
    solution = _CODE if scores is _SOLVED else None
    value = reward(_episode(steps, solution=solution), scores, config).reward
    assert value is not None, "probes bring their task scores with them"
    return value
