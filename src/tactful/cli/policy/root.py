"""`tactful policy`: the verbs."""

from tactful.cli.policy.act import act
from tactful.cli.policy.explain import explain
from tactful.cli.policy.serve import serve
from tactful.cli.policy.train import train
from tactful.cli.splice import noun_of

noun = noun_of("Which action now? Train, ask, explain and serve a policy.", train, act, explain, serve)
