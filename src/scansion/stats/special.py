"""Distribution functions: normal, beta, Student t and binomial, in plain floats.

All functions take and give Python floats and agree with scipy to about 1e-10 relative, far into the tails. They are
scalar on purpose: a report needs a handful of quantiles, and importing scipy would cost more than the whole command.

Sources: incomplete beta by its continued fraction (DLMF 8.17.22) with Lentz's evaluation; its leading factor by
Loader's saddle-point form (C. Loader, "Fast and accurate computation of binomial probabilities", 2000), which keeps
full precision where differences of log-gammas would lose it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = [
    "beta_cdf",
    "beta_ppf",
    "binomial_cdf",
    "binomial_log_pmf",
    "binomial_sf",
    "normal_cdf",
    "normal_ppf",
    "t_cdf",
    "t_ppf",
]

_LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)
_TINY = 1e-300


def normal_cdf(x: float) -> float:
    """P(Z <= x) for a standard normal Z."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def normal_ppf(p: float) -> float:
    """The standard normal quantile: x with P(Z <= x) = p. `p` of 0 and 1 give -inf and inf.

    Starts from Abramowitz and Stegun 26.2.23 (error below 4.5e-4) and refines by Halley steps on `erfc`.
    """
    _check_probability(p)
    if p in (0.0, 1.0):
        return math.inf if p else -math.inf
    if p > 0.5:
        return -normal_ppf(1.0 - p)
    t = math.sqrt(-2.0 * math.log(p))
    x = -t + (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    for _ in range(3):
        density = math.exp(-0.5 * x * x - _LOG_SQRT_2PI)
        step = (normal_cdf(x) - p) / density
        x -= step / (1.0 + 0.5 * x * step)
    return x


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function I_x(a, b): P(X <= x) for X ~ Beta(a, b), with a, b > 0."""
    if not (a > 0.0 and b > 0.0):
        raise ValueError(f"beta parameters must be above 0, not {a} and {b}")
    if x <= 0.0 or x >= 1.0:
        return 1.0 if x >= 1.0 else 0.0
    return _beta_cdf(x, 1.0 - x, a, b)


def beta_ppf(p: float, a: float, b: float) -> float:
    """The quantile of Beta(a, b): x with I_x(a, b) = p."""
    _check_probability(p)
    if p in (0.0, 1.0):
        return p

    def density(x: float) -> float:
        return math.exp(_log_beta_kernel(x, 1.0 - x, a, b)) / (x * (1.0 - x))

    return _invert(lambda x: beta_cdf(x, a, b), density, p, (0.0, 1.0), a / (a + b))


def t_cdf(t: float, df: float) -> float:
    """P(T <= t) for Student's t with `df` > 0 degrees of freedom (not necessarily whole)."""
    if not df > 0.0:
        raise ValueError(f"degrees of freedom must be above 0, not {df}")
    if math.isinf(t):
        return 0.0 if t < 0.0 else 1.0
    square = t * t
    if square <= _TINY * df:
        return 0.5
    tail = 0.5 * _beta_cdf(df / (df + square), square / (df + square), 0.5 * df, 0.5)
    return tail if t < 0.0 else 1.0 - tail


def t_ppf(p: float, df: float) -> float:
    """The quantile of Student's t with `df` degrees of freedom."""
    _check_probability(p)
    if p in (0.0, 1.0):
        return math.inf if p else -math.inf
    if p == 0.5:
        return 0.0
    if p > 0.5:
        return -t_ppf(1.0 - p, df)
    start = low = normal_ppf(p)
    while t_cdf(low, df) > p:
        low *= 2.0
    scale = math.lgamma(0.5 * (df + 1.0)) - math.lgamma(0.5 * df) - 0.5 * math.log(df * math.pi)

    def density(t: float) -> float:
        return math.exp(scale - 0.5 * (df + 1.0) * math.log1p(t * t / df))

    return _invert(lambda t: t_cdf(t, df), density, p, (low, 0.0), start)


def binomial_log_pmf(k: int, n: int, p: float) -> float:
    """ln P(X = k) for X ~ Binomial(n, p); -inf where it cannot happen."""
    if not 0 <= k <= n:
        return -math.inf
    if p in (0.0, 1.0):
        return 0.0 if k == n * p else -math.inf
    return _log_saddle_point(float(k), float(n - k), p, 1.0 - p)


def binomial_cdf(k: int, n: int, p: float) -> float:
    """P(X <= k) for X ~ Binomial(n, p), precise in the lower tail."""
    if k < 0 or k >= n:
        return 0.0 if k < 0 else 1.0
    return beta_cdf(1.0 - p, n - k, k + 1)


def binomial_sf(k: int, n: int, p: float) -> float:
    """P(X > k) for X ~ Binomial(n, p), precise in the upper tail."""
    if k < 0 or k >= n:
        return 1.0 if k < 0 else 0.0
    return beta_cdf(p, k + 1, n - k)


def _check_probability(p: float) -> None:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"a probability lies between 0 and 1, not {p}")


def _beta_cdf(x: float, y: float, a: float, b: float) -> float:
    """I_x(a, b) with y = 1 - x given apart, so that neither loses digits near 1."""
    kernel = math.exp(_log_beta_kernel(x, y, a, b))
    if x <= (a + 1.0) / (a + b + 2.0):
        return min(1.0, kernel * _beta_fraction(x, a, b) / a)
    return max(0.0, 1.0 - kernel * _beta_fraction(y, b, a) / b)


def _beta_fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of I_x(a, b) without its leading factor (Lentz); takes about sqrt(max(a, b)) terms."""
    c, d = 1.0, _away(1.0 - (a + b) * x / (a + 1.0))
    d = 1.0 / d
    value = d
    for m in range(1, 100_000):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for term in (even, odd):
            d = 1.0 / _away(1.0 + term * d)
            c = _away(1.0 + term / c)
            value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return value


def _away(x: float) -> float:
    """`x`, kept off 0."""
    return x if abs(x) > _TINY else _TINY


def _log_beta_kernel(x: float, y: float, a: float, b: float) -> float:
    """ln of x^a y^b / B(a, b), y being 1 - x."""
    return _log_saddle_point(a, b, x, y) + math.log(a) + math.log(b) - math.log(a + b)


def _log_saddle_point(k: float, m: float, p: float, q: float) -> float:
    """ln of Gamma(k+m+1) / (Gamma(k+1) Gamma(m+1)) p^k q^m, by Loader's deviance form. `k`, `m` >= 0; q = 1 - p."""
    if k == 0.0:
        return m * (math.log(q) if p > 0.1 else math.log1p(-p))
    if m == 0.0:
        return k * (math.log(p) if q > 0.1 else math.log1p(-q))
    n = k + m
    error = _stirling_error(n) - _stirling_error(k) - _stirling_error(m)
    spread = 0.5 * (math.log(n) - math.log(k) - math.log(m)) - _LOG_SQRT_2PI
    return error + spread - _deviance(k, n * p) - _deviance(m, n * q)


def _stirling_error(x: float) -> float:
    """ln Gamma(x + 1) less Stirling's formula."""
    if x < 15.0:
        return math.lgamma(x + 1.0) - (x + 0.5) * math.log(x) + x - _LOG_SQRT_2PI
    w = 1.0 / (x * x)
    return (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w / 1188)))) / x


def _deviance(x: float, mean: float) -> float:
    """x ln(x / mean) + mean - x, without cancellation near x = mean."""
    gap = x - mean
    if abs(gap) >= 0.1 * (x + mean):
        return x * math.log(x / mean) - gap
    v = gap / (x + mean)
    total, power = gap * v, 2.0 * x * v
    for j in range(3, 101, 2):
        power *= v * v
        term = power / j
        total += term
        if abs(term) <= 1e-17 * abs(total):
            break
    return total


def _invert(
    cdf: Callable[[float], float],
    density: Callable[[float], float],
    p: float,
    bracket: tuple[float, float],
    start: float,
) -> float:
    """x with cdf(x) = p inside `bracket`: Newton's steps, bisection where a step leaves the bracket."""
    low, high = bracket
    x = start if low < start < high else 0.5 * (low + high)
    for _ in range(200):
        gap = cdf(x) - p
        if gap == 0.0:
            return x
        low, high = (x, high) if gap < 0.0 else (low, x)
        slope = density(x)
        new = x - gap / slope if slope > 0.0 else low
        if not low < new < high:
            new = 0.5 * (low + high)
        if abs(new - x) <= 4e-16 * abs(x) or new in (low, high):
            return new
        x = new
    return x
