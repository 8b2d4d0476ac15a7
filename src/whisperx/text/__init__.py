"""Words in, words out: Whisper's tokens, sentences, captions, and normalized text for scoring."""
