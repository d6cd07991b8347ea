"""Which word pieces the student keeps: every character, and the pieces most frequent in the licensed texts and in English at large."""
import argparse
import pickle
from collections import Counter

from transformers import AutoTokenizer

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
FIRST_WORD = 1996  # bert-base-uncased lists its whole words from here on, the most frequent first
ENGLISH = 30_000  # what the most frequent English word is worth, in texts; the n-th is worth an n-th (Zipf)
OTHER_LANGUAGES = 4  # texts of the glossary count so often: they are few


def piece_counts(texts: dict, teacher: str) -> Counter:
    """In how many texts each piece of the teacher's vocabulary stands."""
    counts: Counter = Counter()
    tokenizer = AutoTokenizer.from_pretrained(teacher)
    for kind, ids in zip(texts["kind"], tokenizer(texts["text"], add_special_tokens=False, truncation=True, max_length=256)["input_ids"]):
        for piece in set(ids):
            counts[piece] += OTHER_LANGUAGES if kind in ("glossary", "phrase") else 1
    return counts


def is_character(piece: str) -> bool:
    """Single characters, alone or inside a word: with them every word of known characters can be spelt. CJK never stands inside a word."""
    return len(piece) == 1 or (len(piece) == 3 and piece.startswith("##") and not 0x4E00 <= ord(piece[2]) <= 0x9FFF)


def prune(texts: dict, teacher: str, size: int) -> list[str]:
    """The kept pieces, special ones first, the rest in the teacher's order."""
    counts, vocabulary = piece_counts(texts, teacher), AutoTokenizer.from_pretrained(teacher).get_vocab()
    characters = {piece for piece in vocabulary if is_character(piece)}
    worth = {
        piece: counts[number] + (ENGLISH / (number - FIRST_WORD + 1) if number >= FIRST_WORD else 0)
        for piece, number in vocabulary.items()
        if piece not in characters and not (piece.startswith("[") and piece.endswith("]"))
    }
    best = sorted(worth, key=lambda piece: -worth[piece])[: size - len(SPECIAL) - len(characters)]
    return [*SPECIAL, *sorted(characters.union(best), key=vocabulary.__getitem__)]


def main() -> None:
    """Command line: see README.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("teacher", "texts", "out"):
        parser.add_argument(name)
    parser.add_argument("--size", type=int, default=10_500)
    options = parser.parse_args()
    with open(options.texts, "rb") as stream:
        texts = pickle.load(stream)
    with open(options.out, "w", encoding="utf8") as out:
        out.write("\n".join(prune(texts, options.teacher, options.size)))


if __name__ == "__main__":
    main()
