"""Into the living assistant: a decision on each turn, watching first, acting later, learning each user's patience.

| room | what happens there |
|---|---|
| `types.py` | advice, what came of it, what is known of a user |
| `advisor.py` | `Advisor`: decide and observe, whatever fails the assistant goes on |
| `recognising.py` | which conversation a request goes on with, by its prefix |
| `storing/` | the database of what was seen, decided and learned |
| `learning/` | each user's patience: Bayesian, pooled, forgetting |
| `behaviours/` | what an assistant is told, stated as facts |
"""
