"""`tactful bench`: the verbs."""

from tactful.cli.bench.compare import compare
from tactful.cli.bench.freeze import freeze
from tactful.cli.bench.judge import judge
from tactful.cli.bench.proactive import proactive
from tactful.cli.bench.report import report
from tactful.cli.bench.suggestions import suggestions
from tactful.cli.splice import noun_of

noun = noun_of("Reports of what was measured.", report, compare, proactive, freeze, judge, suggestions)
