"""An MCP server: whatever speaks MCP can ask whether to ask, and say what became of it."""
