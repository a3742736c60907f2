"""`tactful gym`: the verbs, in the order of the work."""

from tactful.cli.gym.audit import audit
from tactful.cli.gym.run import run
from tactful.cli.gym.scenes import scenes
from tactful.cli.gym.show import show
from tactful.cli.gym.stats import stats
from tactful.cli.gym.trainset import trainset
from tactful.cli.gym.users import root as users
from tactful.cli.splice import noun_of

noun = noun_of(
    "People at work, offers of help, and what came of them.", scenes, run, show, stats, trainset, audit
)
noun.add_typer(users.noun, name="users")
