"""`tactful runs`: the verbs."""

from tactful.cli.runs.export import export
from tactful.cli.runs.list_ import list_
from tactful.cli.runs.retry import retry
from tactful.cli.runs.show import show
from tactful.cli.splice import noun_of

noun = noun_of("Look at runs, take failures again, write their outputs.", list_, show, retry, export)
