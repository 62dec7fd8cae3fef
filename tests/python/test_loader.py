import muxnet
import numpy as np
import pytest
from muxnet import _core


def data(rows: int = 20) -> object:
    images = np.arange(rows * 12, dtype=np.uint8).reshape(rows, 1, 3, 4)
    return muxnet.dataset(images, np.arange(rows) % 3, name="numbers")


def loader(**options: object) -> object:
    return _core.Loader(data(), _core.Normalization([0.0], [1.0]), batch_size=8, **options)


def batches(source, epoch: int) -> list:
    source.start_epoch(epoch)
    found = []
    while (batch := source.next()) is not None:
        found.append(batch)
    return found


def test_an_epoch_in_order_is_the_data() -> None:
    found = batches(loader(shuffle=False), 0)
    assert [len(labels) for _, labels in found] == [8, 8, 4]
    images = np.concatenate([images for images, _ in found])
    expected = np.arange(20 * 12, dtype=np.uint8).reshape(20, 1, 3, 4) / np.float32(255)
    np.testing.assert_allclose(images, expected, atol=1e-6)
    assert np.concatenate([labels for _, labels in found]).tolist() == [i % 3 for i in range(20)]


def test_epochs_differ_and_repeat_and_outlive_their_loader() -> None:
    source = loader(drop_last=True)
    first, second = batches(source, 0), batches(source, 1)
    again = batches(loader(drop_last=True), 0)
    del source
    assert len(first) == 2
    np.testing.assert_array_equal(first[0][0], again[0][0])
    assert not np.array_equal(first[0][0], second[0][0])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="batch_size"):
        _core.Loader(data(), _core.Normalization([0.0], [1.0]), batch_size=0)
    with pytest.raises(IndexError, match="an epoch of at least 0"):
        loader().start_epoch(-1)
