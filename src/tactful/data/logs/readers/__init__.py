"""One file a format. Each of the first rows is tried in this order, so that the more special stand first."""

from tactful.data.logs.readers.atif import ATIF
from tactful.data.logs.readers.chatgpt import CHATGPT
from tactful.data.logs.readers.claude_ai import CLAUDE_AI
from tactful.data.logs.readers.claude_code import CLAUDE_CODE
from tactful.data.logs.readers.codex import CODEX
from tactful.data.logs.readers.columns import TABLE, Columns, reader_of
from tactful.data.logs.readers.completions import COMPLETIONS
from tactful.data.logs.readers.langfuse import LANGFUSE
from tactful.data.logs.readers.langsmith import LANGSMITH
from tactful.data.logs.readers.librechat import LIBRECHAT, LIBRECHAT_MESSAGES
from tactful.data.logs.readers.oasst import OASST, OASST_TREES
from tactful.data.logs.readers.open_webui import OPEN_WEBUI
from tactful.data.logs.readers.openai import OPENAI
from tactful.data.logs.readers.otel import OTEL
from tactful.data.logs.readers.ours import OURS
from tactful.data.logs.readers.sharegpt import ARENA, SHAREGPT
from tactful.data.logs.types import Format

FORMATS: tuple[Format, ...] = (
    OURS,     CHATGPT, CLAUDE_AI, OPEN_WEBUI, LIBRECHAT, LIBRECHAT_MESSAGES, CLAUDE_CODE, CODEX, ATIF, OTEL, LANGFUSE, LANGSMITH,
    COMPLETIONS, OASST, OASST_TREES, ARENA, SHAREGPT,  OPENAI, TABLE,
)  # fmt: skip

__all__ = ["FORMATS", "Columns", "reader_of"]
