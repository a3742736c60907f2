"""`tactful live mcp`: tools for whatever speaks MCP."""

from __future__ import annotations

from tactful.cli.live.options import LiveFlags, UrlKeyOption, UrlOption, UrlTimeoutOption


def mcp(
    *,
    live: LiveFlags,
    url: UrlOption = None,
    api_key_env: UrlKeyOption = None,
    timeout_ms: UrlTimeoutOption = 2000.0,
) -> None:
    """Be an MCP server on stdin and stdout with the tools should_i_ask and report_reaction.

    Example: `tactful live mcp`, as command of an MCP server in your client's configuration:
    `{"mcpServers": {"tactful": {"command": "tactful", "args": ["live", "mcp"]}}}`

    What was decided and learned is in `~/.local/state/tactful/live.sqlite`, unless --database says otherwise; --mode is `act`
    unless told. Whatever fails inside is no verdict, and the assistant goes on. Ends with its input.
    """
    from tactful.api.live.mcp import run_mcp

    run_mcp(url=url, api_key_env=api_key_env, timeout_ms=timeout_ms, **live.given())
