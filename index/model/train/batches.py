"""Batches of pairs for the contrastive training of MiniLM: one source a batch, hard neighbours together, requests made less like copies."""
import random
from collections import defaultdict
from collections.abc import Callable

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from tool_text import first_words

Pair = tuple[str, str, str]
# Share of batches by source. Requests of people are few: a higher share would only repeat them.
SHARES = {
    "tool_first": 5, "tool_whole": 4, "tool_name": 1, "tool_split": 2, "tool_param": 1, "tool_server": 0.7,
    "function_first": 1, "function_whole": 0.8, "aws_first": 0.8, "aws_whole": 0.5, "aws_split": 0.5,
    "google_first": 0.7, "google_whole": 0.5, "google_split": 0.3,
    "request:metatool": 1.8, "request:seal-tools": 1.8, "request:bfcl": 1.2,
    "glossary_tool": 1.2, "glossary_phrase": 0.2, "wordnet_gloss": 0.2,
}
OPENINGS = (
    "I need to {}", "I want to {}", "help me {}", "please {}", "can you {}?", "how do I {}?", "a tool to {}", "tool that can {}",
    "find a tool to {}", "I'd like to {}", "we have to {} today", "could you {} for me", "{}, please", "my task: {}", "the user wants to {}",
)
THIRD_PERSON = {"does": "do", "goes": "go", "has": "have", "is": "be", "returns": "get", "retrieves": "get", "fetches": "get", "gets": "get"}


def imperative(sentence: str) -> str:
    """`Creates a new file.` -> `create a new file`; other sentences only lose capital and full stop."""
    words = sentence.strip().rstrip(".").split()
    if not words:
        return sentence
    first = words[0].lower()
    if first in THIRD_PERSON:
        first = THIRD_PERSON[first]
    elif first.endswith(("ches", "shes", "sses", "xes")):
        first = first[:-2]
    elif first.endswith("s") and not first.endswith(("ss", "us", "is")) and len(first) > 3:
        first = first[:-1]
    return " ".join([first, *words[1:]])


def with_typo(text: str, rng: random.Random) -> str:
    """One pair of neighbouring letters swapped, or one letter lost."""
    at = rng.randrange(max(1, len(text) - 1))
    return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :] if rng.random() < 0.5 else text[:at] + text[at + 1 :]


def as_request(text: str, rng: random.Random) -> str:
    """A sentence of a description turned into something a person could ask: imperative, an opening, words missing, sometimes a typo."""
    request = first_words(text, 40)
    if rng.random() < 0.7:
        request = imperative(request)
        if rng.random() < 0.5:
            request = rng.choice(OPENINGS).format(request)
    if rng.random() < 0.5:
        words = request.split()
        kept = [word for word in words if rng.random() > 0.2]
        request = " ".join(kept) if len(kept) >= 3 else request
    return with_typo(request, rng) if rng.random() < 0.1 else request


def two_needs(request: str, other: str, rng: random.Random) -> str:
    """A longer task of two steps, of which this pair's tool serves one."""
    first, second = (request, other) if rng.random() < 0.5 else (other, request)
    return first + rng.choice((" and then ", ", then ", ". Also ", ". After that, ", " and ")) + second


def neighbours(texts: list[str], count: int = 24) -> np.ndarray:
    """Indices of the nearest other texts by latent semantic analysis (TF-IDF, 128 dimensions), nearest first."""
    weights = TfidfVectorizer(sublinear_tf=True, min_df=2, stop_words="english").fit_transform(texts)
    vectors = TruncatedSVD(min(128, weights.shape[1] - 1), random_state=1).fit_transform(weights).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9
    nearest = np.empty((len(texts), count), np.int32)
    for start in range(0, len(texts), 1024):
        scores = vectors[start : start + 1024] @ vectors.T
        scores[np.arange(len(scores)), np.arange(start, start + len(scores))] = -2
        top = np.argpartition(-scores, count, axis=1)[:, :count]
        order = np.argsort(-np.take_along_axis(scores, top, 1), axis=1)
        nearest[start : start + 1024] = np.take_along_axis(top, order, 1)
    return nearest


class Source:
    """The pairs of one source, with the ways to pick hard company for one of them."""

    def __init__(self, name: str, rows: list[Pair], rng: random.Random) -> None:
        self.name, self.rows, self.rng = name, rows, rng
        self.siblings: dict[str, list[int]] = defaultdict(list)
        for index, row in enumerate(rows):
            self.siblings[row[2]].append(index)
        self.nearest = neighbours([row[1] for row in rows]) if name.split("_")[0] in ("tool", "function", "aws", "google") else None

    def pick(self) -> list[int]:
        """One pair, or one with up to seven siblings of its server, or one with seven nearest pairs."""
        seed, draw = self.rng.randrange(len(self.rows)), self.rng.random()
        if self.nearest is None or draw < 0.25:
            return [seed]
        if draw < 0.65:
            family = self.siblings[self.rows[seed][2]]
            return [seed, *self.rng.sample(family, min(7, len(family)))]
        return [seed, *self.rng.sample(list(self.nearest[seed]), 7)]

    def batch(self, size: int) -> list[Pair]:
        """`size` pairs (fewer if the source is small) with different tool texts."""
        chosen: dict[str, Pair] = {}
        for _ in range(20 * size):
            for index in self.pick():
                if len(chosen) < size:
                    chosen.setdefault(self.rows[index][1], self.rows[index])
            if len(chosen) == size:
                break
        return [self._reworded(row) for row in chosen.values()]

    def _reworded(self, row: Pair) -> Pair:
        request = row[0]
        if self.name.endswith(("_first", "_whole", "_split")):
            request = as_request(request, self.rng)
            if self.rng.random() < 0.1:
                request = two_needs(request, as_request(self.rng.choice(self.rows)[0], self.rng), self.rng)
        return request, row[1], row[2]


def batch_maker(pairs: dict[str, list[Pair]], size: int, seed: int, skip: tuple[str, ...] = ()) -> Callable[[], tuple[str, list[Pair]]]:
    """A function that draws (source name, batch), sources by their shares; sources that start with a word of `skip` are left out."""
    rng = random.Random(seed)
    names = [name for name in SHARES if name in pairs and not name.startswith(skip or ("\0",))]
    sources = {name: Source(name, pairs[name], rng) for name in names}
    shares = [SHARES[name] for name in names]

    def draw() -> tuple[str, list[Pair]]:
        name = rng.choices(names, shares)[0]
        return name, sources[name].batch(size)

    return draw
