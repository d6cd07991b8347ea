"""The pairs as numbers for the static trainer: every text a bag of word ids, every word a stem row and n-gram rows."""
import collections
from dataclasses import dataclass

import numpy as np

from words import ngram_buckets, stem, words

MAX_WORDS = 96


@dataclass
class Bags:
    """Texts as bags: text i has ids[offsets[i]:offsets[i+1]], each with its count."""

    ids: np.ndarray
    counts: np.ndarray
    offsets: np.ndarray

    def take(self, texts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Ids and counts of these texts end to end, and where each begins."""
        starts, lengths = self.offsets[texts], self.offsets[texts + 1] - self.offsets[texts]
        begins = np.concatenate(([0], np.cumsum(lengths)[:-1]))
        flat = np.arange(lengths.sum()) - np.repeat(begins, lengths) + np.repeat(starts, lengths)
        return self.ids[flat], self.counts[flat], begins


class WordIds:
    """Numbers for words, in order of first appearance, and how often each was seen."""

    def __init__(self) -> None:
        self.of: dict[str, int] = {}
        self.seen: list[int] = []

    def bag(self, text: str, limit: int = MAX_WORDS) -> collections.Counter:
        """Word ids of the text's first words, with counts."""
        bag: collections.Counter = collections.Counter()
        for word in words(text)[:limit]:
            number = self.of.setdefault(word, len(self.of))
            if number == len(self.seen):
                self.seen.append(0)
            self.seen[number] += 1
            bag[number] += 1
        return bag

    def bags(self, texts: list[str], limit: int = MAX_WORDS) -> Bags:
        """All texts as bags."""
        made = [self.bag(text, limit) for text in texts]
        ids = np.array([number for bag in made for number in bag], np.int64)
        counts = np.array([count for bag in made for count in bag.values()], np.float32)
        return Bags(ids, counts, np.concatenate(([0], np.cumsum([len(bag) for bag in made]))).astype(np.int64))


@dataclass
class StaticSource:
    """The pairs of one source: two bags a pair, the sibling group, and numbers that are equal for equal texts."""

    left: Bags
    right: Bags
    groups: dict[str, list[int]]
    left_same: np.ndarray
    right_same: np.ndarray

    def __len__(self) -> int:
        return len(self.left_same)


def read_sources(pairs: dict[str, list[tuple[str, str, str]]], word_ids: WordIds) -> dict[str, StaticSource]:
    """Encodes every source once; pairs with an empty bag are dropped."""
    sources = {}
    for name, rows in pairs.items():
        rows = [row for row in rows if words(row[0]) and words(row[1])]
        groups: dict[str, list[int]] = collections.defaultdict(list)
        for index, row in enumerate(rows):
            groups[row[2] or str(index)].append(index)
        same = [np.unique([row[side] for row in rows], return_inverse=True)[1] for side in (0, 1)]
        sources[name] = StaticSource(word_ids.bags([row[0] for row in rows]), word_ids.bags([row[1] for row in rows]), groups, *same)
    return sources


@dataclass
class Vocabulary:
    """Rows of the model: row 0 stands for unknown stems, then the most frequent stems; after them the n-gram buckets."""

    stems: list[str]
    row_of_word: np.ndarray
    spelled: np.ndarray  # for each row: do its words use n-grams besides (rare stems and unknown words)
    share: np.ndarray  # of all running words
    ngrams: np.ndarray
    ngram_offsets: np.ndarray


def build_vocabulary(word_ids: WordIds, size: int, buckets: int, rare: int) -> Vocabulary:
    """The `size` most frequent stems seen at least three times; stems seen fewer than `rare` times are spelled as well."""
    stem_counts: collections.Counter = collections.Counter()
    for word, number in word_ids.of.items():
        stem_counts[stem(word)] += word_ids.seen[number]
    stems = ["<none>"] + [text for text, count in stem_counts.most_common(size - 1) if count >= 3]
    counts = np.array([0] + [stem_counts[text] for text in stems[1:]], np.float64)
    share = counts / max(1, sum(word_ids.seen))
    share[0] = 1e-7
    return vocabulary_of(word_ids, stems, counts < rare, share, buckets)


def vocabulary_of(word_ids: WordIds, stems: list[str], spelled: np.ndarray, share: np.ndarray, buckets: int) -> Vocabulary:
    """The rows of these stems, and which of them and of the n-grams each word has."""
    rows = {text: row for row, text in enumerate(stems)}
    row_of_word = np.array([rows.get(stem(word), 0) for word in word_ids.of], np.int64)
    grams = [ngram_buckets(word, buckets) for word in word_ids.of]
    offsets = np.concatenate(([0], np.cumsum([len(gram) for gram in grams]))).astype(np.int64)
    return Vocabulary(stems, row_of_word, spelled, share, np.concatenate(grams).astype(np.int64), offsets)
