"""`tactful live`: the verbs, in the order of the work."""

from tactful.cli.live.export import export
from tactful.cli.live.hook import hook
from tactful.cli.live.mcp import mcp
from tactful.cli.live.proxy import proxy
from tactful.cli.live.serve import serve
from tactful.cli.live.status import status
from tactful.cli.live.users import users
from tactful.cli.live.watch import watch
from tactful.cli.live.why import why
from tactful.cli.splice import noun_of

noun = noun_of(
    "Decisions for a running assistant, turn by turn.",
    proxy,
    serve,
    hook,
    mcp,
    watch,
    why,
    status,
    users,
    export,
)
