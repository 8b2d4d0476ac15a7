"""WhisperX's own API over ours: signatures, dicts, defaults. Nothing here computes."""
