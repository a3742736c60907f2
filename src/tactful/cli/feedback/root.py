"""`tactful feedback`: the verbs, in the order of the work."""

from tactful.cli.feedback.evaluate import evaluate
from tactful.cli.feedback.fit_confidence import fit_confidence
from tactful.cli.feedback.judge import judge
from tactful.cli.feedback.pairs import pairs
from tactful.cli.feedback.report import report
from tactful.cli.feedback.train import train
from tactful.cli.splice import noun_of

noun = noun_of(
    "What the user's next message says about the last answer.",
    judge,
    pairs,
    report,
    train,
    fit_confidence,
    evaluate,
)
