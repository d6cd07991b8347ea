"""A checkpoint of distil.py -> encoder.bin and encoder-reference.json (the int8 weights, computed in float32)."""
import argparse
import json

from distil import load
from encoder_file import read_encoder, write_encoder
from reference_texts import REFERENCE_TEXTS


def write_reference(encoder: str, path: str) -> None:
    """Texts with their vectors, each embedded alone; one line a text."""
    student = read_encoder(encoder)
    rows = [json.dumps({"text": text, "vector": [round(float(value), 6) for value in student.encode([text])[0]]}, ensure_ascii=False) for text in REFERENCE_TEXTS]
    with open(path, "w", encoding="utf8") as out:
        out.write("[\n" + ",\n".join(rows) + "\n]\n")


def main() -> None:
    """Command line: see README.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("checkpoint", "encoder", "reference"):
        parser.add_argument(name)
    parser.add_argument("--name", default="tooldex-encoder-1")
    options = parser.parse_args()
    print(write_encoder(load(options.checkpoint), options.name, options.encoder), "bytes")
    write_reference(options.encoder, options.reference)


if __name__ == "__main__":
    main()
