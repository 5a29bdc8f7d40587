"""What names say: which are loading data, communication, steps."""

import pytest

from tbcore.analysis import profile_roles
from tbcore.errors import PatternError


@pytest.mark.parametrize(
    "name",
    [
        "enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__",
        "enumerate(DataLoader)#_MultiProcessingDataLoaderIter.__next__",
        "enumerate(DataPipe)#BatcherIterDataPipe",
        "load_batch",
        "loadBatch",
        "GetNextBatch",
        "get_batch",
        "next batch",
        "fetch_data",
        "Fetching next batch",
        "data_loading",
        "dataloader",
        "data",
        "[pl][profile][_TrainingEpochLoop].train_dataloader_next",
        "[pl][profile][_EvaluationLoop].val_next",
        "IteratorGetNext",
        "input_pipeline",
        "wait_for_data",
        "read_inputs",
        "get_train_batch",
        "load_batch_from_disk",
        "## data loading ##",
        "data_time",
        "prefetch",
        "collate_fn",
        "input_fn",
    ],
)
def test_usual_names_of_loading_data_are_known(name: str) -> None:
    assert profile_roles.loading()(name)


@pytest.mark.parametrize(
    "name",
    [
        "DistributedDataParallel.forward",
        "DataParallel.forward",
        "FullyShardedDataParallel.forward",
        "train_batch",
        "train_step",
        "on_train_batch_start",
        "batch_norm",
        "get_batch_norm_stats",
        "nn.Module: BatchNorm2d_0",
        "load_state_dict",
        "load_checkpoint",
        "load_model",
        "next_token",
        "get_input_embeddings",
        "input_layer",
        "InputProjection",
        "Optimizer.step#SGD.step",
        "forward",
        "[pl][profile]run_training_batch",
        "nccl:all_gather_into_tensor_out",
        "metadata",
        "workload_batch",
        "update",
    ],
)
def test_names_that_only_sound_like_it_are_not(name: str) -> None:
    assert not profile_roles.loading()(name)


def test_another_pattern_replaces_the_usual_names() -> None:
    loads = profile_roles.loading("^reader$")
    assert loads("Reader")
    assert not loads("load_batch")


def test_a_wrong_pattern_is_said_to_be_wrong() -> None:
    with pytest.raises(PatternError, match="position 1"):
        profile_roles.loading("(")


def test_collectives_are_told_by_the_names_of_their_kernels() -> None:
    assert profile_roles.collective("ncclKernel_AllReduce_RING_LL_Sum_float(ncclWorkElem)")
    assert profile_roles.collective("ncclDevKernel_AllGather_RING_LL(ncclDevComm*, unsigned long, ncclWork*)")
    assert not profile_roles.collective("void gemmSN_TN_kernel")


def test_operations_of_process_groups_are_told_by_their_names() -> None:
    assert profile_roles.communicates("nccl:_all_gather_base")
    assert profile_roles.communicates("gloo:all_reduce")
    assert profile_roles.communicates("record_param_comms")
    assert not profile_roles.communicates("aten::nccl_like")


@pytest.mark.parametrize(
    ("name", "number"),
    [("ProfilerStep#12", "12"), ("ProfilerStep#", ""), ("step 3", ""), ("ProfilerStep#1x", "")],
)
def test_pytorch_numbers_its_steps(name: str, number: str) -> None:
    assert profile_roles.step_of(name) == number


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("step 3", "3"),
        ("train_step#14", "14"),
        ("## iteration: 5 ##", "5"),
        ("conv 3", ""),
        ("batch_norm", ""),
        ("steps", ""),
    ],
)
def test_programs_number_steps_in_their_own_way(name: str, number: str) -> None:
    assert profile_roles.numbered(name) == number


@pytest.mark.parametrize(
    ("name", "sends"),
    [
        ("all-reduce", True), ("all-reduce.12", True), ("all-gather-start.1", True), ("collective-permute-done", True),
        ("reduce-scatter.3", True), ("all-reduce-fusion", False), ("copy-done", False), ("reduce", False),
    ],
)  # fmt: skip
def test_collectives_of_tpus_are_told_by_xlas_names(name: str, sends: bool) -> None:
    assert profile_roles.collective(name) is sends
