"""Ids: what an `event_id`, a `contact_id` or a name may be (contract, section 1)."""

from __future__ import annotations

import re
from typing import Final

MAX_ID_LENGTH: Final = 128
"""In code points."""

_NONCHARACTERS: Final = "\ufdd0-\ufdef" + "".join(
    chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(17)
)
_BARRED: Final = "\x00-\x1f\x7f-\x9f" + _NONCHARACTERS
BARRED_PATTERN: Final = f"[{_BARRED}]"
"""What an id may not hold: controls (Cc) and noncharacters. Surrogates cannot stand in JSON at all."""

_find_barred = re.compile(f"[{_BARRED}\ud800-\udfff]").search


def check_id(text: str) -> str:
    """The id as it is: nothing is normalised. ValueError says what is wrong with it."""
    if not 1 <= len(text) <= MAX_ID_LENGTH:
        raise ValueError(f"an id has 1 to {MAX_ID_LENGTH} characters, this one has {len(text)}")
    barred = _find_barred(text)
    if barred:
        raise ValueError(f"an id may not hold the control, surrogate or noncharacter U+{ord(barred.group()):04X}")
    return text
