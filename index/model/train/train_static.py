"""Trains the static model from random rows: text = normalised weighted sum of word vectors (after fastText, Bojanowski 2017, and SIF, Arora 2017)."""
import argparse
import pickle
import random
import time
from collections import defaultdict

import numpy as np
import torch
import torch.nn.functional as F

from batches import OPENINGS
from static_texts import StaticSource, Vocabulary, WordIds, build_vocabulary, read_sources

# Share of batches by source.
TOOLS = {"tool_first": 3, "tool_whole": 2, "tool_name": 3, "tool_split": 1.5, "tool_param": 1, "tool_server": 1.5, "function_first": 0.7, "function_name": 0.5}
GENERAL = {
    "aws_name": 0.8, "aws_param": 0.3, "aws_split": 0.4, "aws_first": 0.6, "google_name": 0.5, "google_first": 0.6, "google_split": 0.2,
    "wordnet_gloss": 0.7, "wordnet_synonym": 0.5, "wordnet_related": 0.6, "wordnet_example": 0.15, "glossary_phrase": 0.3, "glossary_word": 0.15,
}
REQUESTS = {"request:bfcl": 0.6, "request:metatool": 1.0, "request:seal-tools": 0.5, "glossary_tool": 0.7}
# (until which share of the steps, weight of tools, of general texts, of requests)
PHASES = ((0.3, 1.0, 3.0, 0.3), (0.7, 1.0, 1.0, 0.6), (1.0, 1.0, 0.4, 1.5))
WORD_DROP, ROW_DROP, OPENING = 0.1, 0.08, 0.4
FAMILY = 12  # at most so many tools of one server stand together


def phase_shares(fraction: float, names: list[str]) -> np.ndarray:
    """Probability of each source at this point of the training."""
    _, tools, general, requests = next(phase for phase in PHASES if fraction < phase[0] or phase[0] == 1.0)
    weights = {**{n: w * tools for n, w in TOOLS.items()}, **{n: w * general for n, w in GENERAL.items()}, **{n: w * requests for n, w in REQUESTS.items()}}
    shares = np.array([weights[name] for name in names])
    return shares / shares.sum()


class FamilyOrder:
    """Endless order over a source in which tools of one server stand together, so that batches hold siblings."""

    def __init__(self, source: StaticSource, rng: random.Random) -> None:
        self.source, self.rng, self.queue = source, rng, np.empty(0, np.int64)

    def next(self, size: int) -> np.ndarray:
        """The next `size` pairs (all of them when there are fewer)."""
        size = min(size, len(self.source))
        if len(self.queue) < size:
            self.queue = self._shuffled()
        batch, self.queue = self.queue[:size], self.queue[size:]
        return batch

    def _shuffled(self) -> np.ndarray:
        chunks = []
        for family in self.source.groups.values():
            members = self.rng.sample(family, len(family))
            chunks += [members[at : at + FAMILY] for at in range(0, len(members), FAMILY)]
        self.rng.shuffle(chunks)
        return np.array([index for chunk in chunks for index in chunk], np.int64)


class LazyAdam:
    """Adam that touches only the rows of a batch: first moment per value, second per row."""

    def __init__(self, table: torch.Tensor) -> None:
        self.table, self.mean, self.square = table, torch.zeros_like(table), torch.zeros(len(table))

    def step(self, rows: torch.Tensor, gradient: torch.Tensor, rate: float) -> None:
        """One update of these rows."""
        flat = gradient if gradient.dim() == 2 else gradient[:, None]
        mean = self.mean[rows] * 0.9 + gradient * 0.1
        square = self.square[rows] * 0.99 + flat.pow(2).mean(1) * 0.01
        self.mean[rows], self.square[rows] = mean, square
        scale = square.sqrt() + 1e-8
        self.table[rows] -= rate * mean / (scale[:, None] if gradient.dim() == 2 else scale)


class StaticTrainer:
    """Rows, word weights and temperature, and one training step over them."""

    def __init__(self, vocabulary: Vocabulary, dim: int, buckets: int, seed: int) -> None:
        self.vocabulary, self.rng = vocabulary, np.random.default_rng(seed)
        self.rows = torch.randn(len(vocabulary.stems) + buckets, dim) * 0.1
        self.rows[0] = 0
        self.log_weight = torch.tensor(np.log(1e-3 / (1e-3 + vocabulary.share)), dtype=torch.float32)
        self.log_scale = torch.tensor(float(np.log(1 / 0.05)))
        self.adam_rows, self.adam_weight = LazyAdam(self.rows), LazyAdam(self.log_weight)
        self.place = torch.zeros(len(vocabulary.row_of_word), dtype=torch.long)  # word id -> its place in the batch

    def step(self, left: tuple, right: tuple, same: torch.Tensor, rate: float) -> float:
        """One batch: `left` and `right` are (ids, counts, begins); `same` marks pairs that are no negatives. Returns the loss."""
        present = np.unique(np.concatenate([left[0], right[0]]))
        self.place[present] = torch.arange(len(present))
        touched, back, word_rows, spelled, begins = self._rows_of(present)
        rows = self.rows[touched].requires_grad_()
        log_weight = self.log_weight[word_rows].requires_grad_()
        log_scale = self.log_scale.clone().requires_grad_()
        spelling = F.embedding_bag(back[len(present) :], rows, begins, mode="mean")
        vectors = F.embedding(back[: len(present)], rows).index_add(0, spelled, spelling)
        weight = log_weight.exp()
        scores = self._pool(left, vectors, weight) @ self._pool(right, vectors, weight).T * log_scale.exp().clamp(max=60)
        scores, target = scores.masked_fill(same, -1e4), torch.arange(len(same))
        loss = F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)
        loss.backward()
        with torch.no_grad():
            self.adam_rows.step(touched, rows.grad, rate)
            self.rows[0] = 0
            unique, inverse = torch.unique(word_rows, return_inverse=True)
            self.adam_weight.step(unique, torch.zeros(len(unique)).index_add(0, inverse, log_weight.grad), rate)
            self.log_scale -= rate * 0.1 * log_scale.grad.sign()
        return loss.item() / 2

    def _rows_of(self, present: np.ndarray) -> tuple[torch.Tensor, ...]:
        """Table rows these words need. Some words lose their stem row for this batch, so that the n-grams learn to stand for it."""
        vocabulary = self.vocabulary
        word_rows = np.where(self.rng.random(len(present)) < ROW_DROP, 0, vocabulary.row_of_word[present])
        spelled = np.flatnonzero(vocabulary.spelled[word_rows])
        starts = vocabulary.ngram_offsets[present[spelled]]
        lengths = vocabulary.ngram_offsets[present[spelled] + 1] - starts
        begins = np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.int64)
        flat = np.arange(lengths.sum()) - np.repeat(begins, lengths) + np.repeat(starts, lengths)
        grams = vocabulary.ngrams[flat] + len(vocabulary.stems)
        touched, back = np.unique(np.concatenate([word_rows, grams]), return_inverse=True)
        return tuple(torch.from_numpy(array) for array in (touched, back, word_rows, spelled, begins))

    def _pool(self, bag: tuple, vectors: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        places = self.place[torch.from_numpy(bag[0])]
        kept = (torch.rand(len(places)) > WORD_DROP).float()
        strength = weight[places] * torch.from_numpy(bag[1]).sqrt() * kept
        return F.normalize(F.embedding_bag(places, vectors, torch.from_numpy(bag[2]), mode="sum", per_sample_weights=strength), dim=1)

    def save(self, path: str, buckets: int) -> None:
        """int8 rows with one scale each, log weights, vocabulary."""
        rows = self.rows.numpy()
        scale = np.abs(rows).max(1, keepdims=True) / 127 + 1e-12
        vocabulary = self.vocabulary
        np.savez_compressed(
            path, rows=np.round(rows / scale).astype(np.int8), scale=scale.astype(np.float32).ravel(), log_weight=self.log_weight.numpy(),
            stems=np.array(vocabulary.stems), spelled=vocabulary.spelled, buckets=buckets,
        )


def with_opening(bag: tuple, openings: list[np.ndarray], rng: random.Random) -> tuple:
    """Some texts get the words of `I need to`, `please` and the like, so that the model learns how little those say."""
    ids, counts, begins = bag
    ends = np.concatenate((begins[1:], [len(ids)]))
    extra = [rng.choice(openings) if rng.random() < OPENING else np.empty(0, np.int64) for _ in begins]
    new_ids = np.concatenate([part for index in range(len(begins)) for part in (ids[begins[index] : ends[index]], extra[index])])
    new_counts = np.concatenate([part for index in range(len(begins)) for part in (counts[begins[index] : ends[index]], np.ones(len(extra[index]), np.float32))])
    lengths = ends - begins + np.array([len(part) for part in extra])
    return new_ids, new_counts, np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.int64)


def train(arguments: argparse.Namespace) -> None:
    """Encodes all pairs, then runs the given number of batches with a linearly falling rate."""
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(1)
    rng, started = random.Random(arguments.seed), time.time()
    with open(arguments.pairs, "rb") as stream:
        pairs = pickle.load(stream)
    names = [name for name in {**TOOLS, **GENERAL, **REQUESTS} if name in pairs]
    word_ids = WordIds()
    openings = [np.array([*word_ids.bag(text.replace("{}", " "))], np.int64) for text in OPENINGS]
    sources = read_sources({name: pairs[name] for name in names}, word_ids)
    vocabulary = build_vocabulary(word_ids, arguments.vocabulary, arguments.buckets, arguments.rare)
    print(f"{len(word_ids.of)} words, {len(vocabulary.stems)} stems, {time.time() - started:.0f}s", flush=True)
    trainer = StaticTrainer(vocabulary, arguments.dim, arguments.buckets, arguments.seed)
    orders = {name: FamilyOrder(source, rng) for name, source in sources.items()}
    losses: dict[str, float] = defaultdict(float)
    for step in range(arguments.steps):
        fraction = step / arguments.steps
        name = rng.choices(names, phase_shares(fraction, names))[0]
        source, batch = sources[name], orders[name].next(arguments.batch)
        same = torch.from_numpy(sum((kind[batch][:, None] == kind[batch][None]) for kind in (source.left_same, source.right_same)) > 0).fill_diagonal_(False)
        left = source.left.take(batch)
        if name.endswith(("_first", "_whole", "_split")):
            left = with_opening(left, openings, rng)
        rate = arguments.lr * min(1, (step + 1) / 100) * max(0.02, 1 - fraction)
        loss = trainer.step(left, source.right.take(batch), same, rate)
        losses[name] = 0.9 * losses[name] + 0.1 * loss if name in losses else loss
        if step % 250 == 249:
            scale = float(trainer.log_scale.exp())
            print(step + 1, f"{time.time() - started:.0f}s temperature {1 / scale:.3f}", {key: round(value, 2) for key, value in sorted(losses.items())}, flush=True)
        if step % 2000 == 1999:
            trainer.save(arguments.out, arguments.buckets)
    trainer.save(arguments.out, arguments.buckets)


def main() -> None:
    """Command line: see README.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", required=True)
    parser.add_argument("--out", required=True)
    for name, value in (("dim", 128), ("vocabulary", 30000), ("buckets", 8192), ("rare", 100), ("steps", 20000), ("batch", 512), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--lr", type=float, default=4e-3)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
