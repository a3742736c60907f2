"""One file a format. Recognised in this order by the first row, so that the more special stand first."""

from tactful.data.logs.readers.openai import OPENAI
from tactful.data.logs.types import Format

FORMATS: tuple[Format, ...] = (OPENAI,)
