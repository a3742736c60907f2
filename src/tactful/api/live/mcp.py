"""An MCP server on standard input and output."""

from __future__ import annotations

from typing import Unpack

from tactful.api.live.options import LiveOptions


def run_mcp(
    *,
    url: str | None = None,
    api_key_env: str | None = None,
    timeout_ms: float = 2000.0,
    **options: Unpack[LiveOptions],
) -> None:
    """Serve the tools `should_i_ask` and `report_reaction` on stdin and stdout, until stdin ends.

    Decisions are made here, by an advisor with its database in the state folder unless `database` names another; or by a
    running `live serve` at `url`. Mode is `act` unless told: whoever calls a tool wants its verdict.
    """
    from tactful.api.live.hook import counsel_here
    from tactful.live.counsel.here import CounselHere
    from tactful.live.hooks.running import state_folder
    from tactful.live.mcp.server import mcp_server

    if url is not None:
        from tactful.api.serving import server_key
        from tactful.live.counsel.there import CounselThere

        mcp_server(CounselThere(url, server_key(api_key_env), timeout_ms / 1000)).run("stdio")
        return
    counsel = counsel_here(state_folder(), options, mode="act")
    try:
        if isinstance(counsel, CounselHere):
            counsel.advisor.ready()
        mcp_server(counsel).run("stdio")
    finally:
        counsel.close()
