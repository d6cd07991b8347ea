"""Words and stems as the TypeScript engine makes them: the static model's rows are addressed by these."""
import re
import unicodedata
import zlib

CJK = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
WORD = re.compile(r"[a-z0-9]+|[\u00c0-\u024f]+[a-z0-9\u00c0-\u024f]*|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
NGRAM_SIZES = (3, 4, 5)
MAX_WORD = 24


def words(text: str) -> list[str]:
    """Accents folded, camelCase opened, lower case; CJK gives its characters, then the bigrams of neighbouring ones."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = unicodedata.normalize("NFC", "".join(char for char in decomposed if not unicodedata.combining(char)))
    opened = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text))
    found = WORD.findall(opened.lower())
    if not text.isascii() and CJK.search(text):
        found += [left + right for left, right in zip(found, found[1:]) if CJK.match(left) and CJK.match(right)]
    return [word[:MAX_WORD] for word in found]


def stem(word: str) -> str:
    """Light suffix stripping: plural, -ing, -ed, doubled end consonant, silent e."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 5 and word.endswith("ing"):
        word = word[:-3]
    elif len(word) > 4 and word.endswith("ed"):
        word = word[:-2]
    elif len(word) > 3 and word.endswith("es") and word[-3] in "sxzh":
        word = word[:-2]
    elif len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lse":
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def ngram_buckets(word: str, buckets: int) -> list[int]:
    """Hash buckets (CRC-32) of the 3- to 5-grams of `<word>`; a word of one or two characters is one gram."""
    marked = f"<{word}>"
    if len(word) <= 2:
        return [zlib.crc32(marked.encode()) % buckets]
    return [zlib.crc32(marked[at : at + size].encode()) % buckets for size in NGRAM_SIZES for at in range(len(marked) - size + 1)]
