"""Others' formats and tools: read, written, compared. Nothing but `cli` imports this room."""
