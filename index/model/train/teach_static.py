"""Goes on from a trained static model: the similarities that MiniLM sees (Hinton 2015), and still the right tool first.

Tools are read field by field, as in use. Beside those of the batch each request is compared with a bank of further tools, among them the nearest
wrong ones: a crowd. Between these batches come some of train_static.py's own, so that what it knows of words stays."""
import argparse
import pickle
import random
import time

import numpy as np
import torch
import torch.nn.functional as F

from batches import OPENINGS
from static_lessons import Lesson, Lessons
from static_model import FIELDS, MAX_WORDS
from static_texts import Bags, Vocabulary, WordIds, read_sources, vocabulary_of
from train_static import GENERAL, REQUESTS, TOOLS, WORD_DROP, FamilyOrder, LazyAdam, StaticTrainer, phase_shares, with_opening

TEACHER_TEMPERATURE, START_TEMPERATURE = 0.04, 0.04
BACKWARD, CONTRAST = 0.5, 0.3  # weights of the teacher's similarities from tools to requests, and of the right tool first
OWN_BATCHES, OWN_SIZE = 0.15, 512
REFRESH = 250  # batches after which the bank is read anew


class TaughtTrainer(StaticTrainer):
    """StaticTrainer's rows and weights from a file, and a step that a teacher leads."""

    def __init__(self, vocabulary: Vocabulary, stored: dict, seed: int) -> None:
        self.vocabulary, self.rng = vocabulary, np.random.default_rng(seed)
        self.rows = torch.tensor(stored["rows"].astype(np.float32) * stored["scale"][:, None])
        self.log_weight = torch.tensor(stored["log_weight"])
        self.log_scale = torch.tensor(float(np.log(1 / START_TEMPERATURE)))
        self.adam_rows, self.adam_weight = LazyAdam(self.rows), LazyAdam(self.log_weight)
        self.place = torch.zeros(len(vocabulary.row_of_word), dtype=torch.long)

    def teach(self, requests: tuple, tools: list[tuple], bank: torch.Tensor, lesson: Lesson, rate: float) -> dict[str, float]:
        """One batch: bags of the requests and of the tools' fields, and this model's vectors of the bank. Returns the losses."""
        present = np.unique(np.concatenate([requests[0], *[bag[0] for bag in tools]]))
        self.place[present] = torch.arange(len(present))
        touched, back, word_rows, spelled, begins = self._rows_of(present)
        rows = self.rows[touched].requires_grad_()
        log_weight = self.log_weight[word_rows].requires_grad_()
        log_scale = self.log_scale.clone().requires_grad_()
        spelling = F.embedding_bag(back[len(present) :], rows, begins, mode="mean")
        vectors = F.embedding(back[: len(present)], rows).index_add(0, spelled, spelling)
        weight = log_weight.exp()
        asked = F.normalize(self._sum(requests, vectors, weight, WORD_DROP), dim=1)
        read = self._tools(tools, vectors, weight, WORD_DROP)
        parts = losses(asked @ torch.cat([read, bank]).T * log_scale.exp().clamp(max=60), lesson, len(read))
        sum(parts.values()).backward()
        with torch.no_grad():
            self.adam_rows.step(touched, rows.grad, rate)
            self.rows[0] = 0
            unique, inverse = torch.unique(word_rows, return_inverse=True)
            self.adam_weight.step(unique, torch.zeros(len(unique)).index_add(0, inverse, log_weight.grad), rate)
            self.log_scale -= rate * 0.1 * log_scale.grad.sign()
        return {name: part.item() for name, part in parts.items()}

    @torch.no_grad()
    def embed(self, fields: list[Bags], texts: np.ndarray, chunk: int = 8192) -> torch.Tensor:
        """Vectors of these texts as they are now: of tools if there are several fields, of requests if there is one."""
        vocabulary = self.vocabulary
        self.place = torch.arange(len(vocabulary.row_of_word))
        word_rows, spelled = torch.from_numpy(vocabulary.row_of_word), np.flatnonzero(vocabulary.spelled[vocabulary.row_of_word])
        grams, _, begins = Bags(vocabulary.ngrams, vocabulary.ngrams, vocabulary.ngram_offsets).take(spelled)
        spelling = F.embedding_bag(torch.from_numpy(grams + len(vocabulary.stems)), self.rows, torch.from_numpy(begins), mode="mean")
        vectors, weight = self.rows[word_rows].index_add(0, torch.from_numpy(spelled), spelling), self.log_weight[word_rows].exp()
        made = []
        for start in range(0, len(texts), chunk):
            bags = [field.take(texts[start : start + chunk]) for field in fields]
            made.append(self._tools(bags, vectors, weight, 0) if len(bags) > 1 else F.normalize(self._sum(bags[0], vectors, weight, 0), dim=1))
        return torch.cat(made)

    def _sum(self, bag: tuple, vectors: torch.Tensor, weight: torch.Tensor, drop: float) -> torch.Tensor:
        places = self.place[torch.from_numpy(bag[0])]
        strength = weight[places] * torch.from_numpy(bag[1]).sqrt() * (torch.rand(len(places)) >= drop).float()
        return F.embedding_bag(places, vectors, torch.from_numpy(bag[2]), mode="sum", per_sample_weights=strength)

    def _tools(self, bags: list[tuple], vectors: torch.Tensor, weight: torch.Tensor, drop: float) -> torch.Tensor:
        sums = [self._sum(bag, vectors, weight, drop) for bag in bags]
        return F.normalize(sum(share * part / (part.pow(2).sum(1, keepdim=True) + 1e-10).pow(0.25) for (share, _), part in zip(FIELDS, sums)), dim=1)


def losses(scores: torch.Tensor, lesson: Lesson, pairs: int) -> dict[str, torch.Tensor]:
    """`scores` of all requests against the batch's tools and the bank; the first `pairs` requests have their tool in the batch."""
    own, wanted, target = scores[:pairs, :pairs], lesson.goal[:pairs, :pairs], torch.arange(pairs)
    hard = own.masked_fill(lesson.ignored, -1e4)
    return {
        "bank": like_teacher(scores, lesson.goal),
        "backward": BACKWARD * like_teacher(own.T, wanted.T),
        "contrast": CONTRAST * (F.cross_entropy(hard, target) + F.cross_entropy(hard.T, target)),
    }


def like_teacher(scores: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
    """Cross-entropy with the teacher's softmax, row by row: its divergence but for a constant."""
    return -(F.softmax(goal / TEACHER_TEMPERATURE, -1) * F.log_softmax(scores, -1)).sum(-1).mean()


@torch.no_grad()
def held_out_score(trainer: TaughtTrainer, lessons: Lessons, requests: Bags, fields: list[Bags]) -> str:
    """Recall@5 and nDCG@10 of requests for tools that were not taught, among their like and among all tools."""
    tools = trainer.embed(fields, np.concatenate([lessons.held_tools, lessons.tools]))
    scores = trainer.embed([requests], lessons.held_requests) @ tools.T
    place = {row: number for number, row in enumerate(lessons.held_tools.tolist())}
    wanted = torch.tensor([place[row] for row in lessons.target[lessons.held_requests].tolist()])
    own = scores.gather(1, wanted[:, None])
    found = []
    for catalog in (scores[:, : len(place)], scores):
        rank = (catalog > own).sum(1)
        found.append(f"{(rank < 5).float().mean():.4f}/{torch.where(rank < 10, 1 / torch.log2(rank + 2), 0).mean():.4f}")
    return f"held out: {found[0]}, among all {found[1]}"


class OwnBatches:
    """The batches of train_static.py, in the shares of its second half."""

    def __init__(self, pairs: dict, word_ids: WordIds, rng: random.Random) -> None:
        self.rng, self.openings = rng, [np.array([*word_ids.bag(text.replace("{}", " "))], np.int64) for text in OPENINGS]
        self.names = [name for name in {**TOOLS, **GENERAL, **REQUESTS} if name in pairs]
        self.sources = read_sources({name: pairs[name] for name in self.names}, word_ids)
        self.orders = {name: FamilyOrder(source, rng) for name, source in self.sources.items()}

    def step(self, trainer: StaticTrainer, fraction: float, rate: float) -> dict[str, float]:
        """One batch. Returns its loss."""
        name = self.rng.choices(self.names, phase_shares(0.5 + 0.5 * fraction, self.names))[0]
        source, batch = self.sources[name], self.orders[name].next(OWN_SIZE)
        same = sum((kind[batch][:, None] == kind[batch][None]) for kind in (source.left_same, source.right_same)) > 0
        left = source.left.take(batch)
        if name.endswith(("_first", "_whole", "_split")):
            left = with_opening(left, self.openings, self.rng)
        return {"own": trainer.step(left, source.right.take(batch), torch.from_numpy(same).fill_diagonal_(False), rate)}


def train(options: argparse.Namespace) -> None:
    """Runs until the minutes are used up, with a linearly falling rate."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    with open(options.texts, "rb") as stream, open(options.pairs, "rb") as other:
        texts, pairs = pickle.load(stream), pickle.load(other)
    lessons = Lessons(texts, np.load(f"{options.vectors}/vectors.npy"), np.load(f"{options.vectors}/near.npy"), options.seed)
    stored, word_ids = dict(np.load(options.start)), WordIds()
    own = OwnBatches(pairs, word_ids, lessons.rng)
    requests = word_ids.bags(["" if fields else text for text, fields in zip(texts["text"], texts["fields"])], MAX_WORDS)
    fields = [word_ids.bags([row[at] if row else "" for row in texts["fields"]], limit) for at, (_, limit) in enumerate(FIELDS)]
    buckets = int(stored["buckets"])
    vocabulary = vocabulary_of(word_ids, [str(stem) for stem in stored["stems"]], stored["spelled"], np.empty(0), buckets)
    trainer = TaughtTrainer(vocabulary, stored, options.seed)
    print("start", held_out_score(trainer, lessons, requests, fields), flush=True)
    started, step, mean = time.time(), 0, {}
    while (elapsed := (time.time() - started) / (60 * options.minutes)) < 1:
        if step % REFRESH == 0:
            bank = trainer.embed(fields, lessons.tools)
        rate = options.lr * min(1, (step + 1) / 100) * max(0.02, 1 - elapsed)
        if lessons.rng.random() < OWN_BATCHES:
            parts = own.step(trainer, elapsed, rate)
        else:
            lesson = lessons.draw(options.pair_count, options.others, options.bank)
            parts = trainer.teach(requests.take(lesson.requests), [field.take(lesson.tools) for field in fields], bank[lesson.bank], lesson, rate)
        step += 1
        mean |= {name: 0.98 * mean.get(name, part) + 0.02 * part for name, part in parts.items()}
        if step % REFRESH == 0:
            print(step, f"{time.time() - started:.0f}s", {name: round(value, 3) for name, value in mean.items()}, flush=True)
    trainer.save(options.out, buckets)
    print("done:", step, "batches,", held_out_score(trainer, lessons, requests, fields), flush=True)


def main() -> None:
    """Command line: see README.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("start", "pairs", "texts", "vectors", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--pair-count", type=int, default=384)
    parser.add_argument("--others", type=int, default=384, help="requests a batch that only imitate")
    parser.add_argument("--bank", type=int, default=2048, help="tools a batch beside those of the pairs")
    parser.add_argument("--lr", type=float, default=4e-3)
    parser.add_argument("--seed", type=int, default=3)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
