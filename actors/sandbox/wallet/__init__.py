"""The wallet server, and the chains behind it."""
