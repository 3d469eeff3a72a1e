"""Two workers train on their own and average their weights now and then, without ever waiting for each other.

On two processor cores this is faster than one worker with two threads, and a starved worker does not hold up the other.
"""

import torch


class Exchange:
    """Flat copies of the workers' weights in shared memory, with a count of how often each was written."""

    def __init__(self, workers: int, parameters: int):
        self.weights = torch.zeros(workers, parameters).share_memory_()
        self.versions = torch.zeros(workers, dtype=torch.long).share_memory_()


class Partner:
    """One worker's side of the exchange."""

    def __init__(self, exchange: Exchange, rank: int, model: torch.nn.Module):
        self._exchange = exchange
        self._rank = rank
        self._parameters = list(model.parameters())
        self._seen = [0] * len(exchange.versions)

    @torch.no_grad()
    def meet(self) -> None:
        """Averages with every other worker that has news, and publishes the result."""
        own = torch.cat([parameter.reshape(-1) for parameter in self._parameters])
        for other, version in enumerate(self._exchange.versions.tolist()):
            if other != self._rank and version > self._seen[other]:
                self._seen[other] = version
                own = (own + self._exchange.weights[other]) / 2
        start = 0
        for parameter in self._parameters:
            parameter.copy_(own[start : start + parameter.numel()].view_as(parameter))
            start += parameter.numel()
        self._exchange.weights[self._rank].copy_(own)
        self._exchange.versions[self._rank] += 1
