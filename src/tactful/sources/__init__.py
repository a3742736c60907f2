"""Where input is opened: files of this machine, URLs of any store that fsspec knows, and Parquet in either.

A path that begins with a scheme (`s3://bucket/key`) is a URL, also after `Path` has made `s3:/bucket/key` of it.
"""

from tactful.sources.opening import files_below, is_folder, open_source, refuse_missing
from tactful.sources.parquet import NoParquet, TableRow, is_parquet, parquet_rows, parsed
from tactful.sources.places import named, url_of, whole

__all__ = [
    "NoParquet",
    "TableRow",
    "files_below",
    "is_folder",
    "is_parquet",
    "named",
    "open_source",
    "parquet_rows",
    "parsed",
    "refuse_missing",
    "url_of",
    "whole",
]
