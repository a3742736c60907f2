"""Hooks of coding agents: what Claude Code and Codex send on stdin, and what they are told on stdout.

| file | what it holds |
|---|---|
| `transcript.py` | the session so far, from the agent's own log |
| `answering.py` | one call of a hook → what is said, or nothing |
| `running.py` | stdin, stdout, the log of failures: whatever happens, the agent goes on |
"""
