"""`tactful annotate`: the verbs, in the order of the work."""

from tactful.cli.annotate.agreement import agreement
from tactful.cli.annotate.export import export
from tactful.cli.annotate.serve import serve
from tactful.cli.splice import noun_of

noun = noun_of("People judge, how far they agree, and what is made of it.", serve, agreement, export)
