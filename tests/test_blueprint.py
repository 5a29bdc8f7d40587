"""The graph of the demo's networks is what the demo computes: carried out, it gives the same numbers."""

import numpy as np
import pytest

from tbcore import blueprint, demo
from tbcore.analysis import graph_layers, graphs
from tbcore.formats import graphdef


def network(hidden=(6, 5)):
    """Return a network and a batch of four images with their labels."""
    rng = np.random.default_rng(0)
    return demo._network(hidden, rng), rng.random((4, 64), np.float32), np.array([3, 1, 4, 1])


def fed(network, images, labels, rate=0.1):
    """Return what a graph is fed."""
    found = {"images": images, "labels": labels, "Momentum/learning_rate": np.array(rate, np.float32)}
    for name, weight, bias in zip(network.names, network.weights, network.biases, strict=True):
        found |= {f"{name}/weights": weight, f"{name}/bias": bias}
    return found


def graph_of(network, *, careless=False, decay=0.01):
    """Return the graph of a network."""
    sizes = (64, *(len(bias) for bias in network.biases))
    return blueprint.operations(sizes, batch=4, momentum=0.9, decay=decay, careless=careless)


@pytest.mark.parametrize("hidden", [(), (6,), (6, 5)])
@pytest.mark.parametrize("careless", [False, True])
def test_carried_out_it_gives_the_loss_the_gradients_and_the_next_weights_of_the_training(hidden, careless):
    one, images, labels = network(hidden)
    given = blueprint.run(graph_of(one, careless=careless), fed(one, images, labels))
    inputs, scores = demo._forward(one, images, careless=careless)
    loss, accuracy = demo._quality(scores, labels)
    weights, biases = demo._gradients(one, inputs, scores, labels, 0.01)
    assert given["loss/Neg"].array == pytest.approx(loss, rel=1e-6)
    assert given["accuracy/Mean"].array == accuracy
    demo._descend(one, weights, biases, 0.1, 0.9)
    for name, weight, bias, moved, shifted in zip(one.names, weights, biases, one.weights, one.biases, strict=True):
        last = f"gradients/{name}/decayed"
        assert given[last].array == pytest.approx(weight, rel=1e-5, abs=1e-7)
        assert given[f"gradients/{name}/bias"].array == pytest.approx(bias, rel=1e-5, abs=1e-7)
        for kind, array in (("weights", moved), ("bias", shifted)):
            applied = given[f"Momentum/{name}/{kind}/ResourceApplyKerasMomentum"].array
            assert applied == pytest.approx(array, rel=1e-5, abs=1e-6)


def test_it_leaves_the_network_as_it_was():
    one, images, labels = network()
    before = demo._copy(one)
    blueprint.run(graph_of(one), fed(one, images, labels))
    assert all(np.array_equal(old, new) for old, new in zip(before.weights, one.weights, strict=True))


def test_it_is_read_back_with_the_shapes_and_the_parameters_of_the_network():
    one, images, labels = network()
    graph = graph_of(one)
    read = graphdef.graph(blueprint.graph_def(graph, blueprint.run(graph, fed(one, images, labels))))
    counts = graphs.counts(read)
    assert (counts.nodes, counts.dangling, counts.ops["ResourceApplyKerasMomentum"]) == (72, 0, 6)
    outputs = {node.name: node.outputs[0] for node in read.nodes if node.outputs}
    assert outputs["hidden1/Relu"] == ("float32", (None, 6))
    assert outputs["loss/Neg"] == ("float32", ())
    assert outputs["accuracy/ArgMax"] == ("int64", (None,))
    table = graph_layers.layers(read)
    assert [(row.id, row.parameters, row.trainable, row.flops) for row in table.rows] == [
        ("hidden1", 64 * 6 + 6, 390, 2 * 64 * 6), ("hidden2", 35, 35, 60), ("output", 60, 60, 100),
    ]  # fmt: skip


def test_every_operation_is_measured_by_the_timer():
    one, images, labels = network(())
    ticks = iter(range(1000))
    ran = blueprint.run(graph_of(one), fed(one, images, labels), lambda: float(next(ticks)))
    costs = graphdef.run_metadata(blueprint.run_metadata(ran, 100.0)).costs
    assert len(costs) == 37
    assert {cost.time for cost in costs.values()} == {1.0}
    assert costs["images"].start == 101.0
    assert costs["output/MatMul"].memory == 4 * 10 * 4
    assert costs["output/MatMul"].outputs == (("float32", (4, 10)),)


def test_networks_of_other_sizes_and_without_decay_differ():
    def names(hidden, **how):
        return {one.name for one in graph_of(network(hidden)[0], **how)}

    assert names((6,)) < names((6, 5))
    assert names((6,)) - names((6,), careless=True) == {"loss/Max", "loss/shifted"}
    assert len(names((6,)) - names((6,), decay=0.0)) == 5
