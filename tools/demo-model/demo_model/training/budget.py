"""How much has been done: by processor time and samples, so that a paused or starved run loses nothing."""

import time


class Budget:
    """Counts processor seconds of this process, continuing from those of earlier runs."""

    def __init__(self, spent_seconds: float = 0.0):
        self._earlier = spent_seconds
        self._start = time.process_time()

    @property
    def seconds(self) -> float:
        return self._earlier + time.process_time() - self._start
