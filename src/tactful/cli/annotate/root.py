"""`tactful annotate`: the verbs, in the order of the work."""

from tactful.cli.annotate.agreement import agreement
from tactful.cli.annotate.export import export
from tactful.cli.splice import noun_of

noun = noun_of("People judge, and how far they agree.", {"agreement": agreement, "export": export})
