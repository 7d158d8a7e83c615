"""Free TCP ports that stay free while a broker is down."""

import random
import socket
from pathlib import Path

_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 20_000


def free_ports(count: int) -> list[int]:
    """`count` different ports on 127.0.0.1 that nothing listens on, below the range of ephemeral ports.

    A client that retries a dead broker on an ephemeral port may be given that very port as its own end, connect
    to itself, and so keep the broker from coming back.
    """
    highest = int(_EPHEMERAL_RANGE.read_text().split()[0]) if _EPHEMERAL_RANGE.exists() else 32_768
    candidates = random.sample(range(_LOWEST, highest), 50 * count)
    free = (port for port in candidates if _is_free(port))
    return [next(free) for _ in range(count)]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
