"""Trained static model -> static.bin, the file that the TypeScript embedder reads, and static-reference.json for its parity test.

Layout, little-endian: u32 header length, header JSON padded to 4 bytes, int8 rows padded to 4 bytes, f32 row scales, f32 stem weights.
"""
import argparse
import json

import numpy as np

from reference_texts import REFERENCE_TEXTS
from static_model import StaticModel


def layout(stored: dict) -> bytes:
    """The whole file as bytes."""
    stems = [str(stem) for stem in stored["stems"]]
    header = {
        "dim": int(stored["rows"].shape[1]), "words": len(stems), "buckets": int(stored["buckets"]), "vocab": "\n".join(stems),
        "ngram": "".join("1" if spelled else "0" for spelled in stored["spelled"]),
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 4) % 4)
    rows = stored["rows"].tobytes()
    rows += b"\0" * (-len(rows) % 4)
    weights = np.exp(stored["log_weight"]).astype("<f4").tobytes()
    return np.uint32(len(text)).tobytes() + text + rows + stored["scale"].astype("<f4").tobytes() + weights


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
