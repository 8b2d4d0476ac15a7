"""Transcript -> files. Which formats there are stands in `write`."""
