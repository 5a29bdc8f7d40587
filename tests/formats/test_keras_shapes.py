"""The shapes that layers of Keras give, computed by hand."""

import pytest

from tbcore.formats.keras_shapes import outputs, windowed


@pytest.mark.parametrize(
    ("length", "window", "stride", "padding", "dilation", "gives"),
    [
        (28, 5, 1, "valid", 1, 24), (28, 3, 2, "valid", 1, 13), (28, 3, 2, "same", 1, 14), (27, 3, 2, "same", 1, 14),
        (10, 3, 1, "valid", 4, 2), (10, 3, 1, "causal", 4, 10), (2, 3, 1, "valid", 1, 0), (None, 3, 1, "valid", 1, None),
    ],
)  # fmt: skip
def test_a_window_fits_so_often(length, window, stride, padding, dilation, gives):
    assert windowed(length, window, stride, padding, dilation) == gives


@pytest.mark.parametrize(
    ("kind", "config", "inputs", "gives"),
    [
        ("InputLayer", {"batch_shape": [None, 4]}, [], [(None, 4)]),
        ("Dense", {"units": 3}, [(None, 7, 4)], [(None, 7, 3)]),
        ("Conv2D", {"filters": 6, "kernel_size": [3, 5]}, [(None, 9, 9, 2)], [(None, 7, 5, 6)]),
        (
            "Conv2D",
            {"filters": 6, "kernel_size": 3, "data_format": "channels_first"},
            [(None, 2, 9, 9)],
            [(None, 6, 7, 7)],
        ),
        ("Conv2DTranspose", {"filters": 6, "kernel_size": 3, "strides": 2}, [(None, 4, 4, 2)], [(None, 9, 9, 6)]),
        ("MaxPooling2D", {"pool_size": 2, "strides": None}, [(None, 9, 8, 3)], [(None, 4, 4, 3)]),
        ("ZeroPadding2D", {"padding": [[1, 2], [0, 3]]}, [(None, 4, 4, 1)], [(None, 7, 7, 1)]),
        ("ZeroPadding1D", {"padding": [1, 2]}, [(None, 4, 1)], [(None, 7, 1)]),
        ("Cropping1D", {"cropping": 3}, [(None, 4, 1)], [(None, 0, 1)]),
        ("Flatten", {}, [(None, 3, 4, 5)], [(None, 60)]),
        ("Flatten", {}, [(None, None, 4)], [(None, None)]),
        ("Reshape", {"target_shape": [-1, 6]}, [(None, 3, 4)], [(None, 2, 6)]),
        ("Permute", {"dims": [2, 1]}, [(None, 3, 4)], [(None, 4, 3)]),
        ("Concatenate", {"axis": -1}, [(None, 3, 4), (None, 3, 5)], [(None, 3, 9)]),
        ("Add", {}, [(None, 3, 1), (None, 1, 5)], [(None, 3, 5)]),
        ("Add", {}, [(None, 3), (None, 5)], [None]),
        ("LSTM", {"units": 4, "return_state": True}, [(None, 9, 2)], [(None, 4), (None, 4), (None, 4)]),
        ("Dot", {"axes": 2}, [(None, 5, 8), (None, 7, 8)], [(None, 5, 7)]),
        ("Mine", {}, [(None, 4)], [None]),
        ("Dense", {"units": 3}, [None], [None]),
    ],
)
def test_a_layer_gives_this_shape(kind, config, inputs, gives):
    assert outputs(kind, config, inputs) == gives


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("Dense", {}), ("Dense", {"units": None}), ("Dense", {"units": -3}), ("Dense", {"units": 10**40}),
        ("Conv2D", {"filters": {}, "kernel_size": [1, 2, 3]}), ("Conv2D", {"filters": 1, "kernel_size": 3, "strides": 0}),
        ("Reshape", {"target_shape": "x"}), ("EinsumDense", {"equation": "", "output_shape": []}), ("Permute", {"dims": [9, 9]}),
        ("TimeDistributed", {"layer": []}), ("RNN", {"cell": {"config": {"cells": []}}}),
    ],
)  # fmt: skip
def test_a_configuration_that_makes_no_sense_tells_no_shape(kind, config):
    assert outputs(kind, config, [(None, 8, 8, 2)]) == [None]
