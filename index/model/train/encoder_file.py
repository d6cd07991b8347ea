"""encoder.bin, written and read: a header, the word pieces, int8 matrices with one scale a row, float32 vectors; every tensor on a multiple of 64 bytes."""
import json
import struct

import numpy as np
import torch

from student import EPSILON, FFN, HEADS, HIDDEN, Student
from tool_text import MAX_TOKENS

MAGIC = b"TDXENC01"
ALIGNMENT = 64


def file_name(parameter: str) -> str:
    """The student's name of a parameter -> its name in the file."""
    if parameter.startswith(("word.", "position.")):
        return f"embeddings.{parameter.removesuffix('.weight')}"
    return f"embeddings.{parameter}" if parameter.startswith("norm.") else parameter


def is_int8(parameter: str, values: np.ndarray) -> bool:
    """All matrices but the position table."""
    return values.ndim == 2 and not parameter.startswith("position.")


def quantized(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int8 rows and their scales: values = row x scale."""
    scales = (np.maximum(np.abs(values).max(1), 1e-8) / 127).astype(np.float32)
    return np.clip(np.rint(values / scales[:, None]), -127, 127).astype(np.int8), scales


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


class _Blocks:
    """Byte blocks one after the other, each aligned; `offset` of the next is counted from the first."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []
        self.offset = 0

    def add(self, data: bytes) -> int:
        at = self.offset
        self.blocks.append(data.ljust(_aligned(len(data)), b"\0"))
        self.offset += len(self.blocks[-1])
        return at


def _tensors(student: Student, blocks: _Blocks) -> dict[str, dict]:
    described = {}
    for name, tensor in student.state_dict().items():
        values = tensor.float().numpy()
        entry: dict = {"type": "int8" if is_int8(name, values) else "float32", "shape": list(values.shape)}
        if entry["type"] == "int8":
            rows, scales = quantized(values)
            entry |= {"offset": blocks.add(rows.tobytes()), "scales": blocks.add(scales.tobytes())}
        else:
            entry["offset"] = blocks.add(values.astype("<f4").tobytes())
        described[file_name(name)] = entry
    return described


def _shifted(header: dict, by: int) -> dict:
    """The header with offsets from the begin of the file."""
    tensors = {name: entry | {key: entry[key] + by for key in ("offset", "scales") if key in entry} for name, entry in header["tensors"].items()}
    return header | {"tokens": header["tokens"] | {"offset": header["tokens"]["offset"] + by}, "tensors": tensors}


def write_encoder(student: Student, name: str, path: str) -> int:
    """Writes the file and returns its size in bytes."""
    blocks, tokens = _Blocks(), "\n".join(student.vocabulary).encode()
    header = {
        "format": 1, "name": name, "layers": len(student.layer), "hidden": HIDDEN, "heads": HEADS, "ffn": FFN, "layerNormEpsilon": EPSILON,
        "vocab": len(student.vocabulary), "positions": MAX_TOKENS, "dimensions": HIDDEN if student.projection is None else len(student.projection.weight),
        "tokens": {"offset": blocks.add(tokens), "bytes": len(tokens)},
    }
    header["tensors"] = _tensors(student, blocks)
    begin = ALIGNMENT
    while len(text := json.dumps(_shifted(header, begin), separators=(",", ":")).encode()) + 12 > begin:
        begin = _aligned(len(text) + 12)
    data = (MAGIC + struct.pack("<I", len(text)) + text).ljust(begin, b"\0") + b"".join(blocks.blocks)
    with open(path, "wb") as out:
        out.write(data)
    return len(data)


def read_encoder(path: str) -> Student:
    """The student whose weights are what the file says, in float32."""
    with open(path, "rb") as stream:
        data = stream.read()
    if data[:8] != MAGIC:
        raise ValueError(f"{path} is no encoder file")
    header = json.loads(data[12 : 12 + struct.unpack_from("<I", data, 8)[0]])
    tokens = data[header["tokens"]["offset"] :][: header["tokens"]["bytes"]].decode().split("\n")
    student, state = Student(tokens, header["layers"], header["dimensions"]), {}
    for name in student.state_dict():
        entry = header["tensors"][file_name(name)]
        count = int(np.prod(entry["shape"]))
        values = np.frombuffer(data, np.int8 if entry["type"] == "int8" else "<f4", count, entry["offset"]).reshape(entry["shape"]).astype(np.float32)
        if entry["type"] == "int8":
            values = values * np.frombuffer(data, "<f4", entry["shape"][0], entry["scales"])[:, None]
        state[name] = torch.from_numpy(values)
    student.load_state_dict(state)
    return student.eval()
