"""`tactful gym users`: the verbs."""

from tactful.cli.gym.users.fit import fit
from tactful.cli.splice import noun_of

noun = noun_of("Who works in the gym, fitted to a log.", fit)
