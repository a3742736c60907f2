"""`tactful calibrate users`: the verbs."""

from tactful.cli.calibrate.users.fit import fit
from tactful.cli.splice import noun_of

noun = noun_of("Simulated users, fitted to a log.", fit)
