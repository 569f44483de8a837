# Signpost. Apache-2.0; see LICENSE.
"""Does what was counted follow the probabilities that were promised?"""
import statistics

CONFIDENCE = 0.999


def statistic(counts, probabilities):
    """Pearson's sum; both are {outcome: number}. An outcome that was promised never to come must not be counted."""
    total = sum(counts.values())
    assert total, "nothing was counted"
    strange = {outcome: counts[outcome] for outcome in counts if counts[outcome] and not probabilities.get(outcome)}
    assert not strange, f"impossible outcomes: {strange}"
    expected = {outcome: p * total for outcome, p in probabilities.items() if p}
    assert min(expected.values()) >= 5, "too few samples for this test"
    return sum((counts.get(outcome, 0) - n) ** 2 / n for outcome, n in expected.items())


def critical(outcomes, confidence=CONFIDENCE):
    """Value that the statistic of true probabilities exceeds with 1 - confidence (Wilson and Hilferty 1931)."""
    freedom = outcomes - 1
    z = statistics.NormalDist().inv_cdf(confidence)
    spread = 2 / (9 * freedom)
    return freedom * (1 - spread + z * spread**0.5) ** 3


def fits(counts, probabilities):
    """True if the counts agree with the probabilities at 99.9 %."""
    possible = sum(1 for p in probabilities.values() if p)
    return statistic(counts, probabilities) <= critical(possible)


def assert_fits(sample, probabilities):
    """`sample()` counts afresh. True probabilities fail once in a thousand by chance, so a failure is repeated once:
    twice in a row is one in a million, while false ones fail every time."""
    first = sample()
    if fits(first, probabilities):
        return
    second = sample()
    total = sum(second.values())
    shares = ", ".join(f"{key}: {second.get(key, 0) / total:.4f} of {p:.4f}" for key, p in probabilities.items())
    statistics_seen = f"{statistic(first, probabilities):.1f} and {statistic(second, probabilities):.1f}"
    assert fits(second, probabilities), f"statistic too large twice, {statistics_seen}; {shares}"
