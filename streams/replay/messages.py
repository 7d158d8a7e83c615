"""The credits' messages as JSON Lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO


class Messages:
    """credits.jsonl and credits-shadow.jsonl, as they are written."""

    def __init__(self, credits_file: BinaryIO, shadow_file: BinaryIO) -> None:
        self._credits = credits_file
        self._shadow = shadow_file

    def write(self, messages: Sequence[bytes]) -> None:
        """Write one version of a credit: the model's message, then each shadow model's, by place in `shadow_models`."""
        model, *shadows = messages
        self._credits.write(model + b"\n")
        self._shadow.writelines([shadow + b"\n" for shadow in shadows])
