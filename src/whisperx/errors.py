"""Every error this package raises on purpose.

    WhisperXError
    ├── PlatformError (also RuntimeError)       this machine or installation cannot run MLX
    ├── AudioError (also RuntimeError)          a recording cannot be read
    ├── OptionError (also ValueError)           an option or a combination of them makes no sense
    └── ModelError (also RuntimeError)          a model cannot be had or loaded
        ├── ModelNotFoundError (also ValueError) no such name, repository or folder
        ├── HubUnreachableError                 not on this machine, and the hub did not answer
        ├── GatedModelError                     its licence must be accepted on its page first
        └── WeightMismatchError                 the weights do not fit the network

Each also derives from the builtin that WhisperX raises in its place, so that `except` clauses
written for WhisperX go on working.
"""

from __future__ import annotations


class WhisperXError(Exception):
    """Base of all errors of this package; its message is one sentence for the user."""


class PlatformError(WhisperXError, RuntimeError):
    """This machine or this installation cannot run MLX."""


class AudioError(WhisperXError, RuntimeError):
    """A recording cannot be read: missing, empty, truncated, corrupt or without sound."""


class OptionError(WhisperXError, ValueError):
    """An option, or a combination of options, makes no sense."""


class ModelError(WhisperXError, RuntimeError):
    """A model cannot be had or cannot be loaded."""


class ModelNotFoundError(ModelError, ValueError):
    """There is no model of that name, repository or folder."""


class HubUnreachableError(ModelError):
    """The model is not on this machine and the hub could not be reached."""


class GatedModelError(ModelError):
    """The model's licence must be accepted on its page before it can be downloaded."""


class WeightMismatchError(ModelError):
    """The weights in the checkpoint do not fit the network its config describes."""
