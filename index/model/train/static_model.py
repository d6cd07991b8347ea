"""The trained static model in use: text -> vector. The TypeScript embedder mirrors this."""
from collections import Counter

import numpy as np

from documents import Document
from words import ngram_buckets, stem, words

MAX_WORDS = 128
FIELDS = ((1.0, 32), (1.0, 96), (0.6, 64), (0.3, 32))  # of tool_fields: weight, and how many words are read


class StaticModel:
    """Reads what train_static.py wrote."""

    def __init__(self, path: str) -> None:
        stored = np.load(path)
        self.rows = stored["rows"].astype(np.float32) * stored["scale"][:, None]
        self.weight = np.exp(stored["log_weight"]).astype(np.float32)
        self.row_of = {text: row for row, text in enumerate(stored["stems"])}
        self.spelled, self.buckets = stored["spelled"], int(stored["buckets"])
        self.cache: dict[str, tuple[np.ndarray, float]] = {}

    def word(self, word: str) -> tuple[np.ndarray, float]:
        """Vector and weight of one word: its stem's row, plus the mean of its n-gram rows if the stem is rare or unknown."""
        if word not in self.cache:
            row = self.row_of.get(stem(word), 0)
            vector = self.rows[row] if row else np.zeros(self.rows.shape[1], np.float32)
            if not row or self.spelled[row]:
                grams = np.array(ngram_buckets(word, self.buckets)) + len(self.row_of)
                vector = vector + self.rows[grams].mean(0)
            self.cache[word] = (vector, self.weight[row])
        return self.cache[word]

    def raw(self, text: str, limit: int = MAX_WORDS) -> np.ndarray:
        """Sum over the first words of weight x sqrt(count) x vector; zeros for no words."""
        total = np.zeros(self.rows.shape[1], np.float32)
        for word, count in Counter(words(text)[:limit]).items():
            vector, weight = self.word(word)
            total += weight * np.sqrt(count) * vector
        return total

    def embed(self, text: str) -> np.ndarray:
        """Unit vector of a request (zeros for no words)."""
        return unit(self.raw(text))

    def embed_tool(self, tool: Document) -> np.ndarray:
        """u(name) + u(description) + .6 u(server and its description) + .3 u(parameter names), u(x) = x / sqrt|x|; then unit length."""
        return unit(sum(weight * softened(self.raw(text, limit)) for text, (weight, limit) in zip(tool_fields(tool), FIELDS)))


def tool_fields(tool: Document) -> tuple[str, str, str, str]:
    """Name, description, server with its description, parameter names."""
    return tool.name, tool.description, f"{tool.server} . {tool.server_description}", " ".join(name for name, _ in tool.parameters)


def unit(vector: np.ndarray) -> np.ndarray:
    """Length one, or zeros."""
    return vector / (np.linalg.norm(vector) + 1e-9)


def softened(vector: np.ndarray) -> np.ndarray:
    """Half-way to unit length: a long field counts more than a short one, but not by its length."""
    return vector / np.sqrt(np.linalg.norm(vector) + 1e-12)
