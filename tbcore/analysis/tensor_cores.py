"""Tensor Cores by the names of kernels and operators: which kernels compute on them, and which operators could.

A trace does not say whether a kernel used Tensor Cores; the libraries' names do, by architecture and instruction.

Source: the names of cuDNN, cuBLAS and CUTLASS kernels; PyTorch's list of operators that autocast runs in 16 bits
(https://pytorch.org/docs/stable/amp.html) with their backward forms.
"""

import re

# Parts of names that say mma instructions, of Volta to Ampere as xprof and torch-tb-profiler know them.
_KNOWN = (
    "16816", "c1688", "conv1x1", "conv2d_c1_k1", "dgrad_1x1_stride_2x2", "direct_group", "first_layer_wgrad_kernel", "h1688",
    "h884", "hmma", "i16832", "i8816", "s884", "s1688", "xmma_gemm", "xmma_implicit_gemm", "xmma_sparse_conv", "xmma_sparse_gemm",
    "xmma_warp_specialized_implicit_gemm",
)  # fmt: skip
# And of what came later: Hopper's and Blackwell's instructions, CUTLASS's classes, cuBLAS's own compiler, 16-bit attention.
_LATER = (
    "gmma", "tcgen05", "tensorop", "sm90_xmma", "sm100_xmma", "cutlass_sm90", "cutlass_sm100", "cutlass3x_sm90", "cutlass3x_sm100",
    "nvjet", "s16816", "i16864", "flash_fwd", "flash_bwd", "bf16gemm", "bf16_gemm", "gemm_bf16",
)  # fmt: skip
_USES = re.compile("|".join(map(re.escape, (*_KNOWN, *_LATER))))

_MATRICES = (
    "addbmm", "addmm", "addmm_", "addmv", "addmv_", "addr", "baddbmm", "bmm", "chain_matmul", "linalg_multi_dot", "linear",
    "matmul", "mm", "mv", "prelu", "prelu_backward", "_scaled_mm", "_grouped_mm", "linear_backward", "einsum",
)  # fmt: skip
_CONVOLUTIONS = (
    "_convolution", "convolution", "conv1d", "conv2d", "conv3d", "conv_tbc", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "cudnn_convolution", "cudnn_convolution_transpose", "cudnn_convolution_add_relu", "cudnn_convolution_relu",
    "convolution_backward", "cudnn_convolution_backward", "cudnn_convolution_backward_input", "cudnn_convolution_backward_weight",
    "cudnn_convolution_transpose_backward", "cudnn_convolution_transpose_backward_input",
    "cudnn_convolution_transpose_backward_weight", "miopen_convolution",
)  # fmt: skip
_CELLS = ("_thnn_fused_lstm_cell", "_thnn_fused_gru_cell", "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")
_ATTENTION = (
    "_scaled_dot_product_flash_attention", "_scaled_dot_product_efficient_attention", "_scaled_dot_product_cudnn_attention",
    "_flash_attention_forward", "_flash_attention_backward", "_efficient_attention_forward", "_efficient_attention_backward",
)  # fmt: skip
_ELIGIBLE = {f"aten::{name}" for name in (*_MATRICES, *_CONVOLUTIONS, *_CELLS, *_ATTENTION)}
# The nodes of autograd: AddmmBackward, ConvolutionBackward0, MkldnnLinearBackward0 are the same work backward.
_BACKWARD = re.compile(r"^(Cudnn|Miopen)?(Convolution(Transpose|Overrideable)?|Addbmm|Addmm|Addmv|Addr|Baddbmm|Bmm|Mm|Mv|Prelu|Linear)Backward\d*$")  # fmt: skip

# TensorFlow's and XLA's operators; names are "scope/name:Type".
_ENDS = (
    "Conv2D", "Conv2DBackpropFilter", "Conv2DBackpropInput", "Conv3D", "DepthwiseConv2dNative", "FusedMatMul", "/MatMul", ":MatMul",
    "DepthwiseConv2dNativeBackpropFilter", "DepthwiseConv2dNativeBackpropInput", "/CudnnRNN", ":CudnnRNN", "XlaDot", "XlaDotV2",
)  # fmt: skip
_HOLDS = ("BatchMatMul", "CudnnRNNV", "CudnnRNNForward", "CudnnRNNBackprop")


def uses(kernel: str) -> bool:
    """Return whether the name of a kernel says that it computes on Tensor Cores."""
    return _USES.search(kernel) is not None


def eligible(operator: str) -> bool:
    """Return whether an operator of this name can run on Tensor Cores when its numbers have 16 bits."""
    return (
        operator in _ELIGIBLE
        or _BACKWARD.match(operator) is not None
        or operator.endswith(_ENDS)
        or any(part in operator for part in _HOLDS)
    )
