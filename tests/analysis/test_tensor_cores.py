"""Which kernels compute on Tensor Cores, and which operators could."""

import pytest

from tbcore.analysis import tensor_cores


@pytest.mark.parametrize(
    "kernel",
    [
        "volta_fp16_s884gemm_fp16_128x128_ldg8_f2f_nn",
        "turing_h1688gemm_128x128_ldg8_stages_32x1_tn",
        "ampere_fp16_s16816gemm_fp16_128x128_ldg8_f2f_stages_32x5_nn",
        "void cutlass::Kernel<cutlass_80_tensorop_s1688gemm_256x64_16x4_tn_align1>",
        "sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_tilesize128x128x64_warpgroupsize1x1x1_execute_segment_k_off_kernel",
        "nvjet_hsh_128x256_64x4_1x2_h_bz_coopA_TNT",
        "void flash_fwd_kernel<Flash_fwd_kernel_traits<64, 128, 128, 4>>",
    ],
)
def test_kernels_of_tensor_cores_are_known(kernel: str) -> None:
    assert tensor_cores.uses(kernel)


@pytest.mark.parametrize(
    "kernel",
    [
        "volta_sgemm_64x64_nt",
        "void at::native::vectorized_elementwise_kernel<4>",
        "ncclKernel_AllReduce_RING_LL_Sum_half",
    ],
)
def test_other_kernels_are_not(kernel: str) -> None:
    assert not tensor_cores.uses(kernel)


@pytest.mark.parametrize(
    "operator",
    [
        "aten::conv2d",
        "aten::addmm",
        "aten::cudnn_convolution_backward_weight",
        "aten::convolution_backward",
        "AddmmBackward0",
        "CudnnConvolutionBackward",
        "ConvolutionBackward0",
        "model/dense/MatMul",
        "gradients/conv/Conv2DBackpropFilter",
        "encoder/BatchMatMulV2",
    ],
)
def test_operators_that_could_use_them_are_known(operator: str) -> None:
    assert tensor_cores.eligible(operator)


@pytest.mark.parametrize(
    "operator", ["aten::relu", "aten::batch_norm", "AddBackward0", "aten::mm_like", "MatMulGradient"]
)
def test_other_operators_are_not(operator: str) -> None:
    assert not tensor_cores.eligible(operator)
