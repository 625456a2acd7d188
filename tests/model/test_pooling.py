"""Pooling inside the encoder pass: plain means on the grid, shares that add up to means off it."""

import threading

import pytest
import torch
from tiny import pool_layers
from torch import nn

from whisper_at_hf.model.pooling import PoolingRequest, pooling, watch_block

SIZE = 20


def states(batch=2, positions=100, width=3, seed=0):
    return torch.randn(batch, positions, width, generator=torch.Generator().manual_seed(seed))


def averaged(hidden, size=SIZE):
    """`(batch, positions, width)` -> `(batch, steps, width)` by torch's own pooling."""
    return nn.functional.avg_pool1d(hidden.transpose(1, 2), size).transpose(1, 2)


@pytest.mark.parametrize("positions, size", [(100, 20), (1500, 20), (100, 25), (20, 20), (90, 20), (7, 1)])
def test_on_the_grid_it_is_average_pooling(positions, size):
    hidden = states(positions=positions)
    result = pool_layers(PoolingRequest(size), hidden, 2 * hidden)
    assert result.shape == (2, 2, positions // size, 3)
    torch.testing.assert_close(result[:, 0], averaged(hidden, size))
    torch.testing.assert_close(result[:, 1], 2 * averaged(hidden, size))


def test_offset_zero_is_the_grid():
    hidden = states()
    result = pool_layers(PoolingRequest(SIZE, offsets=[0, 0], bounds=[(0, 100)] * 2), hidden)
    torch.testing.assert_close(result[:, 0, :5], averaged(hidden))
    assert not result[:, :, 5].any()


@pytest.mark.parametrize("cut", [1, 7, 19, 20, 21, 55, 99])
def test_parts_of_two_windows_add_up_to_the_mean(cut):
    """A signal of 200 positions seen through two windows of 100 that meet at `cut`, off the grid."""
    signal = states(batch=1, positions=200)
    first = pool_layers(PoolingRequest(SIZE, [0], [(0, cut)]), signal[:, :100])
    second = pool_layers(PoolingRequest(SIZE, [cut % SIZE], [(0, 100)]), signal[:, cut : cut + 100])

    total = torch.zeros(1, 200 // SIZE + 1, 3)
    total[:, :6] += first[:, 0]
    start = cut // SIZE
    total[:, start : start + 6] += second[:, 0]
    whole = (cut + 100) // SIZE  # steps that both windows together cover in full
    torch.testing.assert_close(total[:, :whole], averaged(signal)[:, :whole])


def test_bounds_leave_out_what_other_windows_cover():
    hidden = torch.ones(3, 100, 1)
    request = PoolingRequest(SIZE, offsets=[0, 0, 15], bounds=[(30, 100), (0, 45), (10, 40)])
    shares = pool_layers(request, hidden)[:, 0, :, 0] * SIZE
    assert shares.round().tolist() == [
        [0, 10, 20, 20, 20, 0],
        [20, 20, 5, 0, 0, 0],
        [0, 15, 15, 0, 0, 0],
    ]


def test_every_row_has_its_own_offset():
    hidden = states(batch=1).repeat(3, 1, 1)
    offsets, bounds = [0, 7, 19], [(0, 100), (13, 100), (2, 90)]
    together = pool_layers(PoolingRequest(SIZE, offsets, bounds), hidden)
    for row in range(3):
        alone = pool_layers(PoolingRequest(SIZE, [offsets[row]], [bounds[row]]), hidden[:1])
        torch.testing.assert_close(together[row], alone[0])


@pytest.mark.parametrize("offsets, bounds", [(None, None), ([3, 0], [(0, 100)] * 2)])
def test_the_dtype_is_kept(offsets, bounds):
    result = pool_layers(PoolingRequest(SIZE, offsets, bounds), states().bfloat16())
    assert result.dtype == torch.bfloat16


def prepared(layers=2):
    """A request with room for so many blocks of `states()`."""
    request = PoolingRequest(SIZE)
    request.prepare(2, layers, 100, like=states())
    return request


def test_blocks_report_only_while_a_request_is_open():
    blocks = nn.ModuleList(nn.Linear(3, 3) for _ in range(2))
    for block in blocks:
        watch_block(block)
    hidden = states()
    blocks[0](hidden)
    with pooling(prepared()) as request:
        first = blocks[0](hidden)
        second = blocks[1](first)
    blocks[0](hidden)

    torch.testing.assert_close(request.result, torch.stack([averaged(first), averaged(second)], dim=1))


def test_an_inner_request_hides_the_outer_one():
    block = nn.Identity()
    watch_block(block)
    with pooling(prepared(2)) as outer:
        with pooling(prepared(1)) as inner:
            block(states(seed=1))
        block(states(seed=2))
        block(states(seed=3))
    torch.testing.assert_close(inner.result[:, 0], averaged(states(seed=1)))
    torch.testing.assert_close(outer.result, torch.stack([averaged(states(seed=seed)) for seed in (2, 3)], dim=1))


def test_a_request_is_closed_by_an_error():
    block = nn.Linear(3, 3)
    watch_block(block)
    request = prepared(1)
    before = request.result.fill_(7).clone()
    with pytest.raises(RuntimeError), pooling(request):
        block(torch.zeros(2, 100, 4))
    block(states())
    assert torch.equal(request.result, before)


def test_threads_that_encode_at_once_do_not_mix():
    block = nn.Identity()
    watch_block(block)
    meet = threading.Barrier(2, timeout=20)
    inputs = [states(seed=seed) for seed in (1, 2)]
    results = [None, None]

    def encode(index):
        with pooling(prepared(3)) as request:
            for _ in range(3):
                meet.wait()  # both threads are inside their pass now
                block(inputs[index])
        results[index] = request.result

    threads = [threading.Thread(target=encode, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for hidden, result in zip(inputs, results, strict=True):
        assert result.shape == (2, 3, 5, 3)
        torch.testing.assert_close(result, averaged(hidden)[:, None].expand(-1, 3, -1, -1))
