"""CRC32C: the CPU's own instruction inside compiled code, the crc32c package outside it.

Source: the Castagnoli polynomial 0x1EDC6F41, reflected; TFRecord's masking is rotate right by 15, plus 0xA282EAD8.
"""

import os
import platform
from typing import Any

import crc32c as _crc32c
import numpy as np
from llvmlite import binding, ir
from numba import njit, types
from numba.extending import intrinsic

_MASK_DELTA = 0xA282EAD8


def masked_crc(data: bytes | memoryview) -> int:
    """Return TFRecord's masked CRC32C of `data`."""
    crc = _crc32c.crc32c(data)
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF


def _instruction_set() -> str:
    """Return which CRC32C instruction compiled code may use here: "x86", "arm" or "" for none."""
    if os.environ.get("NUMBA_CPU_NAME") or os.environ.get("NUMBA_CPU_FEATURES"):
        return ""  # compiled for another processor than this one
    machine = platform.machine().lower()
    features = binding.get_host_cpu_features()
    if machine in ("x86_64", "amd64") and features.get("sse4.2"):
        return "x86"
    if machine in ("arm64", "aarch64") and (features.get("crc") or platform.system() == "Darwin"):
        return "arm"
    return ""


INSTRUCTION_SET = _instruction_set()


def _tables() -> np.ndarray:
    """Return the eight tables [8, 256] of the byte-sliced CRC32C, for processors without the instruction."""
    tables = np.zeros((8, 256), np.uint32)
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
        tables[0, byte] = crc
    for level in range(1, 8):
        previous = tables[level - 1]
        tables[level] = (previous >> 8) ^ tables[0][previous & 0xFF]
    return tables


_TABLES = _tables()


@intrinsic
def _crc_word_x86(_context: Any, crc: Any, word: Any) -> Any:
    def codegen(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        wide = ir.IntType(64)
        function = builder.module.declare_intrinsic(
            "llvm.x86.sse42.crc32.64.64", (), ir.FunctionType(wide, [wide, wide])
        )
        result = builder.call(function, [builder.zext(args[0], wide), args[1]])
        return builder.trunc(result, ir.IntType(32))

    return types.uint32(types.uint32, types.uint64), codegen


@intrinsic
def _crc_byte_x86(_context: Any, crc: Any, byte: Any) -> Any:
    def codegen(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        word, small = ir.IntType(32), ir.IntType(8)
        function = builder.module.declare_intrinsic(
            "llvm.x86.sse42.crc32.32.8", (), ir.FunctionType(word, [word, small])
        )
        return builder.call(function, args)

    return types.uint32(types.uint32, types.uint8), codegen


@intrinsic
def _crc_word_arm(_context: Any, crc: Any, word: Any) -> Any:
    def codegen(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        word32, wide = ir.IntType(32), ir.IntType(64)
        function = builder.module.declare_intrinsic("llvm.aarch64.crc32cx", (), ir.FunctionType(word32, [word32, wide]))
        return builder.call(function, args)

    return types.uint32(types.uint32, types.uint64), codegen


@intrinsic
def _crc_byte_arm(_context: Any, crc: Any, byte: Any) -> Any:
    def codegen(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        word32 = ir.IntType(32)
        function = builder.module.declare_intrinsic(
            "llvm.aarch64.crc32cb", (), ir.FunctionType(word32, [word32, word32])
        )
        return builder.call(function, [args[0], builder.zext(args[1], word32)])

    return types.uint32(types.uint32, types.uint8), codegen


@njit(nogil=True, cache=True, inline="always")
def _crc_byte_table(crc: np.uint32, byte: np.uint8) -> np.uint32:
    return np.uint32((crc >> np.uint32(8)) ^ _TABLES[0, (crc ^ np.uint32(byte)) & np.uint32(0xFF)])


@njit(nogil=True, cache=True)
def _crc_word_table(crc: np.uint32, word: np.uint64) -> np.uint32:
    mixed = np.uint64(crc) ^ word
    result = np.uint32(0)
    for level in range(8):
        result ^= _TABLES[7 - level, (mixed >> np.uint64(8 * level)) & np.uint64(0xFF)]
    return result


# One step of the raw (uninverted) CRC over eight bytes, and over one.
crc_word, crc_byte = {
    "x86": (_crc_word_x86, _crc_byte_x86),
    "arm": (_crc_word_arm, _crc_byte_arm),
    "": (_crc_word_table, _crc_byte_table),
}[INSTRUCTION_SET]
