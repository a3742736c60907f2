"""`tactful calibrate`: the verbs, in the order of the work."""

from tactful.cli.calibrate.demo import demo
from tactful.cli.calibrate.evaluate import evaluate
from tactful.cli.calibrate.iterate import iterate
from tactful.cli.calibrate.pairs import pairs
from tactful.cli.calibrate.reward import reward
from tactful.cli.calibrate.rollout import rollout
from tactful.cli.calibrate.states import states
from tactful.cli.calibrate.users import root as users
from tactful.cli.splice import noun_of

noun = noun_of(
    "From tasks to preference pairs, a policy and its measure.",
    states,
    rollout,
    reward,
    pairs,
    evaluate,
    iterate,
    demo,
)
noun.add_typer(users.noun, name="users")
