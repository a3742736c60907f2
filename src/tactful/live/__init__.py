"""Into the living assistant: a decision on each turn, watching first, acting later, learning each user's patience.

| room | what happens there |
|---|---|
| `types.py` | advice, what came of it, what is known of a user |
| `advisor.py` | `Advisor`: decide and observe, whatever fails the assistant goes on |
| `deciding.py`, `judging.py` | one turn decided, storing nothing; what came of a turn, away from the path |
| `memory.py`, `at_hand.py`, `at_once.py`, `writing.py`, `shared.py` | what is known: in memory, at once from the file, on its way into it, shared by all |
| `recognising.py` | which conversation a request goes on with, by its prefix |
| `storing/` | the database of what was seen, decided and learned |
| `learning/` | each user's patience: Bayesian, pooled, forgetting |
| `vetting.py` | whether a question may be put to the user, or a default is assumed |
| `proxy/` | in front of any OpenAI-compatible endpoint |
| `serve/` | a server: the decisions endpoint, advice, offers and actions |
| `counsel/` | who is asked by hooks and tools: an advisor here, or a server that runs |
| `hooks/`, `mcp/` | coding agents; whatever speaks MCP |
| `prompts/` | what an assistant is told, stated as facts |
"""
