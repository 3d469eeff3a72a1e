"""One line of progress now and then."""

import time


class Progress:
    """Averages what it is told and prints the averages at most every `every_seconds`."""

    def __init__(self, every_seconds: float = 60.0):
        self._every = every_seconds
        self._last = time.monotonic()
        self._cpu = time.process_time()
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    def note(self, **values: float) -> None:
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
            self._counts[name] = self._counts.get(name, 0) + 1

    def maybe_print(self, head: str, samples: int = 0) -> bool:
        """Prints `head` and the averages since the last line; True if it did."""
        if time.monotonic() - self._last < self._every:
            return False
        means = " ".join(f"{name} {self._sums[name] / self._counts[name]:.4f}" for name in self._sums)
        elapsed = time.monotonic() - self._last
        cpu = time.process_time() - self._cpu
        print(f"{head} {means} | {elapsed:.0f} s, {cpu:.0f} s of processor", flush=True)
        self.__init__(self._every)
        return True
