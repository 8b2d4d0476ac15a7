"""PEP 562 helper: a public name is imported the first time it is touched."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def attach(
    module: str, names: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make the `__getattr__` and `__dir__` of a package whose names are imported on first touch.

    Args:
        module: The package's `__name__`.
        names: Public name -> absolute module that defines it.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807 - PEP 562's name
        if name not in names:
            msg = f"module {module!r} has no attribute {name!r}"
            raise AttributeError(msg)
        return getattr(importlib.import_module(names[name]), name)

    def __dir__() -> list[str]:  # noqa: N807
        return sorted(names)

    return __getattr__, __dir__
