"""Dimensions as facts hold them: compact JSON, keys sorted by code point, so that equal dimensions are equal bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping


def compact_dimensions(dimensions: Mapping[str, str]) -> bytes:
    """The one spelling: UTF-8, nothing escaped but `"` and `\\`."""
    return json.dumps(dict(sorted(dimensions.items())), ensure_ascii=False, separators=(",", ":")).encode()
