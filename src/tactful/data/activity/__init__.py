"""Logs of what somebody worked at, as work sessions of events: redacted, in sentences.

An export of ActivityWatch, or its server (`sources/`), is redacted (`redacting/`), laid out in time (`timeline/`) and told
(`telling/`); `pipeline.py` has the order in one screen.
"""

from tactful.data.activity.types import WorkSession

__all__ = ["WorkSession"]
