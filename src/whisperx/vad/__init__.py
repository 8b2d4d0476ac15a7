"""Stage 1: where is speech? Scores -> SpeechRegions -> Chunks."""
