"""Batches for the distillation: requests with their tools and the tools' nearest neighbours, other texts, and a bank of tools only the teacher reads."""
import random
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import torch

# Share of the pairs by the kind of the request (its part before "_" or ":").
SHARES = {"tool": 50, "function": 8, "people": 16, "aws": 8, "google": 6, "glossary": 12}
LOOSE = ("clause", "phrase", "gloss")  # requests without a tool
POORER = 0.35  # how often a tool that has a poorer version is read in that one
LOOK_ALIKE = 0.9  # tools of different servers nearer than this are no negatives of each other


@dataclass(frozen=True)
class Batch:
    """`rows`: requests, their tools, others. `bank_goal`: the teacher's scores of requests and others against the bank. `ignored`: no negatives."""

    rows: list[int]
    bank: np.ndarray
    bank_goal: torch.Tensor
    ignored: torch.Tensor


def training_tools(texts: dict) -> np.ndarray:
    """Rows of the tools (each once, in its full version) that are trained on."""
    columns = zip(texts["kind"], texts["target"], texts["held_out"])
    return np.array([row for row, (kind, target, held) in enumerate(columns) if kind.startswith("tool:") and target == row and not held])


class Batches:
    """Draws batches from the columns of distil_texts.py; `ids` are the student's tokens, `vectors` the teacher's unit vectors of all texts,
    `near` the neighbours of the training tools (teach.py)."""

    def __init__(self, texts: dict, ids: list[list[int]], vectors: np.ndarray, near: np.ndarray, seed: int) -> None:
        self.ids, self.target, self.kind, self.group, self.text = ids, texts["target"], texts["kind"], texts["group"], texts["text"]
        self.vectors, self.rng = vectors, random.Random(seed)
        held = texts["held_out"]
        rows = range(len(ids))
        self.tools = training_tools(texts)
        self.poorer = {self.target[row]: row for row in rows if self._is_tool(row) and self.target[row] != row}
        self.loose = [row for row in rows if self.kind[row] in LOOSE]
        self.by_share: dict[str, list[int]] = defaultdict(list)
        self.asking: dict[int, list[int]] = defaultdict(list)
        for row in rows:
            if not self._is_tool(row) and self.target[row] >= 0 and not held[row]:
                self.by_share[self.kind[row].replace(":", "_").split("_")[0]].append(row)
                self.asking[self.target[row]].append(row)
        self.requests = [row for share in self.by_share.values() for row in share]
        self.held_tools = [row for row in rows if held[row] and self._is_tool(row) and self.target[row] == row]
        self.held_requests = [row for row in rows if held[row] and self.kind[row] == "tool_request"][:2000]
        self.place = {row: place for place, row in enumerate(self.tools.tolist())}
        self.near = near

    def _is_tool(self, row: int) -> bool:
        return self.kind[row].startswith("tool:")

    def _seeded(self) -> list[int]:
        """A request; mostly with requests for up to seven of the tools nearest to its own."""
        request = self.rng.choice(self.by_share[self.rng.choices([*SHARES], [*SHARES.values()])[0]])
        if self.rng.random() < 0.3:
            return [request]
        near = self.tools[self.rng.sample(self.near[self.place[self.target[request]]].tolist(), 7)].tolist()
        return [request, *(self.rng.choice(self.asking[tool]) for tool in near if tool in self.asking)]

    def _pairs(self, count: int) -> dict[int, int]:
        """Tool -> a request for it."""
        chosen: dict[int, int] = {}
        while len(chosen) < count:
            for request in self._seeded():
                if len(chosen) < count:
                    chosen.setdefault(self.target[request], request)
        return chosen

    def draw(self, pairs: int, others: int, bank: int) -> Batch:
        """The next batch."""
        chosen = self._pairs(pairs)
        read = [self.poorer[tool] if tool in self.poorer and self.rng.random() < POORER else tool for tool in chosen]
        requests, loose = [*chosen.values()], self.rng.choices(self.loose, k=others // 2) + self.rng.choices(self.requests, k=others - others // 2)
        near = self.tools[np.unique(self.near[[self.place[tool] for tool in chosen], :8])]
        shelf = np.unique(np.concatenate([near, np.array(self.rng.choices(self.tools, k=max(0, bank - len(near))), near.dtype)]))
        asked = torch.from_numpy(self.vectors[requests + loose].astype(np.float32))
        goal = asked @ torch.from_numpy(self.vectors[shelf].astype(np.float32)).T
        return Batch(requests + read + loose, shelf, goal, self._ignored(requests, read))

    def _ignored(self, requests: list[int], tools: list[int]) -> torch.Tensor:
        """Which (request, tool) of the batch must not count as wrong: look-alikes of other servers, and tools of a request that reads the same."""
        vectors = torch.from_numpy(self.vectors[tools].astype(np.float32))
        other = np.array([[self.group[left] != self.group[right] for right in tools] for left in tools])
        same = np.array([[self.text[left] == self.text[right] for right in requests] for left in requests])
        return ((vectors @ vectors.T > LOOK_ALIKE) & torch.from_numpy(other) | torch.from_numpy(same)).fill_diagonal_(False)
