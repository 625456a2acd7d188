"""Augmentation of pooled features and their targets, on tensors of any device."""

import torch


def mixup(
    states: torch.Tensor, targets: torch.Tensor, rate: float, beta: float, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mix some rows with another row of the batch (Whisper-AT: rate 0.5, Beta(10, 10)).

    Args:
        states: `(batch, layers, steps, width)`.
        targets: `(batch, num_labels)` probabilities.
        rate: share of rows that are mixed.
        beta: parameter of the symmetric Beta distribution that the row's own share is drawn from.
        generator: of the CPU; draws rows and shares.

    Returns:
        Mixed states and targets, shapes unchanged.
    """
    batch = len(states)
    partners = torch.randperm(batch, generator=generator)
    # Two gamma variates make a beta one; unlike torch.distributions.Beta they can be drawn from a generator.
    gammas = torch._standard_gamma(torch.full((2, batch), beta), generator=generator)
    shares = gammas[0] / gammas.sum(dim=0)
    shares[torch.rand(batch, generator=generator) >= rate] = 1.0
    shares, partners = shares.to(states), partners.to(states.device)
    own = shares[:, None, None, None]
    states = own * states + (1 - own) * states[partners]
    own = shares[:, None].to(targets)
    return states, own * targets + (1 - own) * targets[partners]


def mask_time(states: torch.Tensor, most: int, generator: torch.Generator) -> torch.Tensor:
    """Zero a random span of 0 to `most` steps in each row of `(batch, layers, steps, width)`."""
    batch, _, steps, _ = states.shape
    lengths = (torch.rand(batch, generator=generator) * (min(most, steps) + 1)).long()
    starts = (torch.rand(batch, generator=generator) * (steps - lengths + 1)).long()
    places = torch.arange(steps)
    masked = (places >= starts[:, None]) & (places < (starts + lengths)[:, None])
    return states.masked_fill(masked.to(states.device)[:, None, :, None], 0.0)


def drop_steps(states: torch.Tensor, most: float, generator: torch.Generator) -> torch.Tensor:
    """Keep a random subset of the steps, the same in all rows, in order: `(batch, layers, kept steps, width)`.

    The share that is left out is drawn from 0 to `most`; at least one step is kept. A head that gets windows of all
    lengths learns no places, and works at finer resolutions than its own.
    """
    steps = states.shape[2]
    share = most * float(torch.rand((), generator=generator))
    kept = torch.randperm(steps, generator=generator)[: max(1, round(steps * (1 - share)))]
    return states[:, :, kept.sort().values.to(states.device)]


def smooth_labels(targets: torch.Tensor, factor: float) -> torch.Tensor:
    """Move `factor` of each target, `(batch, num_labels)`, evenly onto all labels."""
    return targets * (1 - factor) + factor / targets.shape[1]
