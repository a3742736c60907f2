"""Chat logs of any product as `Conversation` records: the one way in for every command that takes chats.

`for conversation in read_conversations([paths])`; `data.formats.chats` gives them as rows of a dialogue. Bytes are unpacked
(`opening.py`), the first rows tell the format (`readers/`), its reader makes drafts (`drafting/`), and the log accounts for
all of it (`log.py`).
"""

from tactful.data.logs.inputs import is_log, log_input
from tactful.data.logs.log import Log, read_conversations
from tactful.data.logs.options import LogOptions
from tactful.data.logs.readers import Columns

__all__ = ["Columns", "Log", "LogOptions", "is_log", "log_input", "read_conversations"]
