"""The split of an amount of money: whole minor units, none lost, none made."""

from __future__ import annotations

from collections.abc import Sequence


def split_equally(amount_minor: int, parts: int) -> list[int]:
    """Split an amount into equal parts; what does not divide goes, a unit each, to the first parts.

    That is the largest remainder with all remainders equal (contract, section 2, rule 2).

    >>> split_equally(5000, 3)
    [1667, 1667, 1666]
    """
    share, rest = divmod(amount_minor, parts)
    return [share + 1] * rest + [share] * (parts - rest)


def split_by_weights(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to non-negative weights whose sum is above zero, by the largest remainder.

    Equal remainders get their unit in the order of the weights; a weight of zero gets nothing.

    >>> split_by_weights(100, [40, 20, 40])
    [40, 20, 40]
    """
    total = sum(weights)
    shares, remainders = [], []
    for weight in weights:
        share, remainder = divmod(amount_minor * weight, total)
        shares.append(share)
        remainders.append(remainder)
    left = amount_minor - sum(shares)
    for place in sorted(range(len(shares)), key=lambda i: -remainders[i])[:left]:
        shares[place] += 1
    return shares
