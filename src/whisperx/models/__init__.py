"""The networks: config, layers, forward pass. No files, no audio, no loops, no hidden state."""
