"""Learning rate over the samples of a run."""

import math


def learning_rate(peak: float, done: float, total: float, warmup: float, constant: float = 0.0) -> float:
    """Linear warm-up, a constant part up to the fraction `constant` of the run, then a cosine to 2 % of the peak."""
    if done < warmup:
        return peak * (done + 1) / (warmup + 1)
    fraction = min(1.0, done / total)
    if fraction < constant:
        return peak
    falling = (fraction - constant) / max(1e-9, 1 - constant)
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * falling)))
