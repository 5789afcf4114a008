"""Room: money."""
