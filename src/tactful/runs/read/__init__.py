"""Run folders as they are read: records, exports, lists."""
