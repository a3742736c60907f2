"""One turn decided, and judged in full when the user has answered.

| file | what it holds |
|---|---|
| `turn.py` | what is known, the reader and the policy in, an advice out; it stores nothing |
| `asking.py` | the question that could be put |
| `vetting.py` | whether a question may be put to the user, or a default is assumed |
| `judging.py` | what came of a turn, away from the path of requests |
| `unread.py` | no reader |
| `prompts/` | what an assistant is told, stated as facts |
"""
