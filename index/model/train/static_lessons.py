"""What the static model is taught in one batch: requests with their tools, other requests, further tools, and the teacher's similarities of them."""
from dataclasses import dataclass

import numpy as np
import torch

from distil_batches import LOOK_ALIKE, POORER, Batches

NEAR = 4  # so many of each tool's nearest stand in the bank


@dataclass(frozen=True)
class Lesson:
    """Rows of texts: `requests` (first those with a tool, then others) and `tools`; `bank` are places among all tools.
    `goal`: the teacher's cosines of the requests with tools and bank. `ignored`: which pairs must not count as wrong."""

    requests: np.ndarray
    tools: np.ndarray
    bank: np.ndarray
    goal: torch.Tensor
    ignored: torch.Tensor


def numbered(texts: list[str]) -> np.ndarray:
    """Equal numbers for equal texts. (`np.unique` would pad every text to the longest: tens of gigabytes.)"""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(text, len(numbers)) for text in texts])


class Lessons(Batches):
    """Draws lessons as distil_batches.py draws batches, from the same texts and the same teacher."""

    def __init__(self, texts: dict, vectors: np.ndarray, near: np.ndarray, seed: int) -> None:
        super().__init__(texts, [[]] * len(texts["text"]), vectors, near, seed)
        self.target, self.held_tools, self.held_requests = np.array(self.target), np.array(self.held_tools), np.array(self.held_requests)
        self.numbers = np.random.default_rng(seed)
        self.group_number, self.text_number = numbered(texts["group"]), numbered(texts["text"])
        self.tool_vectors = torch.from_numpy(vectors[self.tools]).bfloat16()

    def draw(self, pairs: int, others: int, bank: int) -> Lesson:
        """The next lesson."""
        chosen = self._pairs(pairs)
        tools = [self.poorer[tool] if tool in self.poorer and self.rng.random() < POORER else tool for tool in chosen]
        loose = self.rng.choices(self.loose, k=others // 2) + self.rng.choices(self.requests, k=others - others // 2)
        requests, tools = np.array([*chosen.values(), *loose]), np.array(tools)
        shelf = self._shelf(np.array([self.place[tool] for tool in chosen]), bank)
        asked, read = (torch.from_numpy(self.vectors[rows]).bfloat16() for rows in (requests, tools))
        goal = (asked @ torch.cat([read, self.tool_vectors[shelf]]).T).float()
        return Lesson(requests, tools, shelf, goal, self._no_negatives(requests[:pairs], tools, (read @ read.T).float()))

    def _shelf(self, places: np.ndarray, count: int) -> np.ndarray:
        """Places of the nearest tools of these and of random ones, but none of these themselves."""
        near = np.unique(self.near[places, :NEAR])
        return np.setdiff1d(np.concatenate([near, self.numbers.integers(0, len(self.tools), max(0, count - len(near)))]), places)

    def _no_negatives(self, requests: np.ndarray, tools: np.ndarray, alike: torch.Tensor) -> torch.Tensor:
        """Look-alikes of other servers, and tools of a request that reads the same."""
        group, text = self.group_number[tools], self.text_number[requests]
        other, same = (torch.from_numpy(mask) for mask in (group[:, None] != group[None], text[:, None] == text[None]))
        return ((alike > LOOK_ALIKE) & other | same).fill_diagonal_(False)
