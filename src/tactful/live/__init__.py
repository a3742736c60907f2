"""Into the living assistant: a decision on each turn, watching first, acting later, learning each user's patience.

| room | what happens there |
|---|---|
| `types.py` | advice, what came of it, what is known of a user |
| `advisor.py` | `Advisor`: decide and observe, whatever fails the assistant goes on |
| `settings.py`, `configuring.py`, `opening.py` | how an advisor works; its file of TOML; the advisor of such a file |
| `following/` | which conversation a request goes on with, and where it stands |
| `deciding/` | one turn decided; the questions; what came of it |
| `learning/` | each user's patience: Bayesian, pooled, forgetting |
| `keeping/` | what is known of conversations and users: in memory, at once, shared by all |
| `storing/` | the database of what was seen, decided and learned |
| `showing/` | what the database holds: figures, users, conversations |
| `proxy/` | in front of any OpenAI-compatible endpoint |
| `serve/` | a server: the decisions endpoint, advice, offers and actions |
| `counsel/` | who is asked by hooks and tools: an advisor here, or a server that runs |
| `hooks/`, `mcp/` | coding agents; whatever speaks MCP |
| `watch/`, `delivery/` | help offered unasked; when an offer may reach a person, and how |
"""
