"""`tactful reward`: the verbs, in the order of the work."""

from tactful.cli.reward.evaluate import evaluate
from tactful.cli.reward.export import export
from tactful.cli.reward.gate import gate
from tactful.cli.reward.judge import judge
from tactful.cli.reward.reasons import reasons
from tactful.cli.reward.serve import serve
from tactful.cli.reward.train import train
from tactful.cli.splice import noun_of

noun = noun_of(
    "Will the user accept this proposal, now?", train, evaluate, judge, gate, reasons, export, serve
)
