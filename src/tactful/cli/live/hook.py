"""`tactful live hook`: hooks of coding agents."""

from __future__ import annotations

from tactful.cli.live.options import LiveFlags, UrlKeyOption, UrlOption, UrlTimeoutOption


def hook(
    *,
    live: LiveFlags,
    url: UrlOption = None,
    api_key_env: UrlKeyOption = None,
    timeout_ms: UrlTimeoutOption = 200.0,
) -> None:
    """Answer one call of a hook of Claude Code or Codex: JSON on stdin, JSON on stdout, or nothing.

    Example: `tactful live hook --mode advise`, as command of a hook; by hand, with
    `{"hook_event_name": "UserPromptSubmit", "session_id": "s", "prompt": "Clean up"}` on stdin.

    On UserPromptSubmit the agent is told what this request needs; on PreToolUse of its ask tool, with --mode act, a needless
    question is declined with the default to assume. What was decided and learned is in `~/.local/state/tactful/live.sqlite`,
    unless --database says otherwise; a `live serve` that works on it with the same settings is asked where one runs. Whatever goes wrong: exit 0, nothing said, a line without texts in `hooks.log` there.
    """
    import sys

    from tactful.api.live.hook import answer_hook

    answer_hook(
        sys.stdin.buffer,
        sys.stdout.buffer,
        url=url,
        api_key_env=api_key_env,
        timeout_ms=timeout_ms,
        **live.given(),
    )
