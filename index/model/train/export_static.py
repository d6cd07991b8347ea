"""Trained static model -> static.bin, the file that the TypeScript embedder reads, and static-reference.json for its parity test.

Layout, little-endian: u32 header length, header JSON, stems, int8 rows, f32 row scales, f32 stem weights; the first three padded to 4
bytes. Stems stand in sorted lines with their rows, so that they can be looked up in the file as it is.
"""
import argparse
import hashlib
import json

import numpy as np

from reference_texts import REFERENCE_TEXTS
from static_model import StaticModel


def layout(stored: dict) -> bytes:
    """The whole file as bytes."""
    rows = padded(stored["rows"].tobytes())
    weights = np.exp(stored["log_weight"]).astype("<f4").tobytes()
    stems = [str(stem) for stem in stored["stems"]]
    return with_header(
        {"dim": int(stored["rows"].shape[1]), "words": len(stems), "buckets": int(stored["buckets"])},
        stems, "".join("1" if spelled else "0" for spelled in stored["spelled"]),
        rows + stored["scale"].astype("<f4").tobytes() + weights,
    )


def with_header(sizes: dict, stems: list[str], ngram: str, numbers: bytes) -> bytes:
    """Header and stems before the numbers. Python sorts text as UTF-8 sorts its bytes."""
    lines = "".join(f"{stem} {row}\n" for stem, row in sorted((stem, row) for row, stem in enumerate(stems))).encode()
    body = padded(lines) + numbers
    header = {**sizes, "vocab": len(lines), "ngram": ngram, "sha256": hashlib.sha256(body).hexdigest()}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 4) % 4)
    return np.uint32(len(text)).tobytes() + text + body


def padded(part: bytes) -> bytes:
    """Up to a multiple of 4 bytes."""
    return part + b"\0" * (-len(part) % 4)


def reference(model: StaticModel) -> str:
    """Texts with their vectors; one line a text."""
    rows = [{"text": text, "vector": [round(float(value), 6) for value in model.embed(text)]} for text in REFERENCE_TEXTS]
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


def main() -> None:
    """Command line: see README.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trained")
    parser.add_argument("binary")
    parser.add_argument("reference")
    arguments = parser.parse_args()
    data = layout(dict(np.load(arguments.trained)))
    with open(arguments.binary, "wb") as out:
        out.write(data)
    with open(arguments.reference, "w", encoding="utf8") as out:
        out.write(reference(StaticModel(arguments.trained)))
    print(len(data), "bytes")


if __name__ == "__main__":
    main()
