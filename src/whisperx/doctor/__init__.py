"""What `whisperx-doctor` looks at: one file per subject; nothing is sent anywhere."""
