"""McNemar's test of two paired proportions, in its mid-p form.

Source: M. W. Fagerland, S. Lydersen, P. Laake, "The McNemar test for binary matched-pairs data: mid-p and asymptotic
are better than exact conditional", BMC Med Res Methodol 13:91, 2013.
"""

from __future__ import annotations

import math

from scansion.stats.special import binomial_cdf, binomial_log_pmf

__all__ = ["mcnemar"]


def mcnemar(down: int, up: int) -> float:
    """The two-sided mid-p value of `down` pairs right in a alone against `up` right in b alone.

    Given their sum, either count is Binomial(sum, 1/2) if the two are equally good; the probability of the counts seen
    is counted half. 1 where the counts are equal, as where nothing flipped.
    """
    if down == up:
        return 1.0
    fewer, flips = min(down, up), down + up
    return min(1.0, 2.0 * binomial_cdf(fewer, flips, 0.5) - math.exp(binomial_log_pmf(fewer, flips, 0.5)))
