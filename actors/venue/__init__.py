"""Room: venue."""
