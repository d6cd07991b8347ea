"""Teaches the student (Hinton 2015): vectors like the teacher's, similarities like the teacher's, and still the right tool first.

Start: some layers of the teacher (DistilBERT, Sanh 2019), its embedding rows of the kept pieces. Bfloat16 on CPU, bounded by wall time."""
import argparse
import os
import pickle
import time

import numpy as np
import torch
import torch.distributed as workers
import torch.nn.functional as F
from transformers import AutoModel, AutoTokenizer

from distil_batches import Batches
from student import Student
from tool_text import MAX_TOKENS

TEMPERATURE = 0.05
WARM_UP_STEPS = 30
ALIGN, MATCH, BANK, CONTRAST = 4.0, 1.0, 1.0, 0.2  # weights of the four losses
INT8_FROM = 0.85  # share of the time after which the weights pretend to be int8
LAYER_PARTS = {
    "query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value", "attention_output": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm", "ffn_in": "intermediate.dense", "ffn_out": "output.dense", "output_norm": "output.LayerNorm",
}


def start_of(teacher: str, vocabulary: list[str], layers: list[int], directions: torch.Tensor | None) -> Student:
    """A student with the teacher's embeddings of the kept pieces, the given layers of it, and `directions` as projection."""
    weights, numbers = AutoModel.from_pretrained(teacher).state_dict(), AutoTokenizer.from_pretrained(teacher).get_vocab()
    student = Student(vocabulary, len(layers), 384 if directions is None else len(directions))
    state = {
        "word.weight": weights["embeddings.word_embeddings.weight"][[numbers[piece] for piece in vocabulary]],
        "position.weight": weights["embeddings.position_embeddings.weight"][:MAX_TOKENS] + weights["embeddings.token_type_embeddings.weight"][0],
    }
    for end in ("weight", "bias"):
        state[f"norm.{end}"] = weights[f"embeddings.LayerNorm.{end}"]
        for number, layer in enumerate(layers):
            for name, origin in LAYER_PARTS.items():
                state[f"layer.{number}.{name}.{end}"] = weights[f"encoder.layer.{layer}.{origin}.{end}"]
    if directions is not None:
        state["projection.weight"] = directions
    student.load_state_dict(state)
    return student


def main_directions(vectors: np.ndarray, dimensions: int) -> torch.Tensor | None:
    """[dimensions, 384]: the orthonormal directions that keep most of the vectors; nothing if all are kept."""
    if dimensions >= vectors.shape[1]:
        return None
    sample = vectors[:: max(1, len(vectors) // 100_000)].astype(np.float32)
    _, axes = np.linalg.eigh(sample.T @ sample)
    return torch.tensor(np.ascontiguousarray(axes[:, ::-1][:, :dimensions].T))


def divergence(scores: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
    """Kullback-Leibler divergence of the rows' softmax from the goal's."""
    return F.kl_div(F.log_softmax(scores / TEMPERATURE, -1), F.log_softmax(goal / TEMPERATURE, -1), log_target=True, reduction="batchmean")


def losses(student: torch.Tensor, goal: torch.Tensor, pairs: int, bank: torch.Tensor, full_bank_goal: torch.Tensor, ignored: torch.Tensor) -> dict[str, torch.Tensor]:
    """Rows: `pairs` requests, their tools, other texts. `goal` are the teacher's (projected) vectors, `full_bank_goal` its scores of all but tools against the bank."""
    requests, tools = student[:pairs], student[pairs : 2 * pairs]
    asked = torch.cat([requests, student[2 * pairs :]])
    scores, wanted = requests @ tools.T, goal[:pairs] @ goal[pairs : 2 * pairs].T
    hard = (scores / TEMPERATURE).masked_fill(ignored, -1e4)
    target = torch.arange(pairs)
    return {
        "align": ALIGN * (1 - (student * goal).sum(-1)).mean(),
        "match": MATCH * (divergence(scores, wanted) + divergence(scores.T, wanted.T)) / 2,
        "bank": BANK * divergence(asked @ bank.T, full_bank_goal),
        "contrast": CONTRAST * (F.cross_entropy(hard, target) + F.cross_entropy(hard.T, target)) / 2,
    }


def save(student: Student, path: str) -> None:
    """Weights, vocabulary and sizes in one file, replaced at once."""
    torch.save({"state": student.state_dict(), "vocabulary": student.vocabulary, "layers": len(student.layer)}, path + ".new")
    os.replace(path + ".new", path)


def load(path: str) -> Student:
    """What save() wrote."""
    saved = torch.load(path)
    projection = saved["state"].get("projection.weight")
    student = Student(saved["vocabulary"], saved["layers"], 384 if projection is None else len(projection))
    student.load_state_dict(saved["state"])
    return student.eval()


@torch.no_grad()
def held_out_score(student: Student, batches: Batches, goal: np.ndarray) -> str:
    """Cosine to the teacher of held-out tools and requests, and how often a request finds its tool among the first five, student and teacher."""
    student.eval()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        requests, tools = (student([batches.ids[row] for row in rows]).numpy() for rows in (batches.held_requests, batches.held_tools))
    student.train()
    place = {row: number for number, row in enumerate(batches.held_tools)}
    wanted = np.array([place[batches.target[row]] for row in batches.held_requests])
    teacher = goal[batches.held_requests], goal[batches.held_tools]
    found = [(np.argsort(-left @ right.T, 1)[:, :5] == wanted[:, None]).any(1).mean() for left, right in ((requests, tools), teacher)]
    alike = [(mine * theirs).sum(1).mean() for mine, theirs in zip((requests, tools), teacher)]
    return f"held out: cosine requests {alike[0]:.4f} tools {alike[1]:.4f}, recall@5 {found[0]:.4f} (teacher {found[1]:.4f})"


def projected(vectors: np.ndarray, directions: torch.Tensor | None) -> np.ndarray:
    """The teacher's vectors in the student's dimensions, unit length, float32."""
    goal = vectors.astype(np.float32)
    if directions is not None:
        goal = goal @ directions.numpy().T
        goal /= np.linalg.norm(goal, axis=1, keepdims=True)
    return goal


def agreed(elapsed: float) -> float:
    """The first worker's clock: all must stop after the same step."""
    clock = torch.tensor([elapsed], dtype=torch.float64)
    if workers.is_initialized():
        workers.broadcast(clock, 0)
    return clock.item()


def share_gradients(weights: list[torch.nn.Parameter]) -> None:
    """Every worker gets the mean of all workers' gradients."""
    if workers.is_initialized():
        flat = torch.cat([weight.grad.flatten() for weight in weights])
        workers.all_reduce(flat)
        for weight, part in zip(weights, flat.split([weight.numel() for weight in weights])):
            weight.grad.copy_(part.view_as(weight) / workers.get_world_size())


def train(options: argparse.Namespace) -> None:
    """Runs until the minutes are used up; a checkpoint and a held-out score every `--checkpoint` minutes. Under torchrun each worker draws its own batches."""
    torch.set_num_threads(1)
    if "RANK" in os.environ:
        workers.init_process_group("gloo")
    rank = workers.get_rank() if workers.is_initialized() else 0
    with open(options.texts, "rb") as stream, open(options.vocabulary, encoding="utf8") as pieces:
        texts, vocabulary = pickle.load(stream), pieces.read().split("\n")
    teacher, near = (np.load(f"{options.vectors}/{name}.npy") for name in ("vectors", "near"))
    directions = main_directions(teacher, options.dimensions)
    student = load(options.resume) if options.resume else start_of(options.teacher, vocabulary, options.layers, directions)
    batches, goal = Batches(texts, student.ids(texts["text"]), teacher, near, options.seed + rank), projected(teacher, directions)
    student.train()
    weights = list(student.parameters())
    optimizer = torch.optim.AdamW(weights, lr=options.lr, weight_decay=0.01, fused=True)
    if rank == 0:
        print("start", held_out_score(student, batches, goal), flush=True)
    started = saved = time.time()
    step, mean, int8 = 0, {}, False
    while (elapsed := agreed((time.time() - started) / (60 * options.minutes))) < 1:
        if elapsed > INT8_FROM and not int8:
            student.pretend_int8()
            int8 = True
        for group in optimizer.param_groups:
            group["lr"] = options.lr * min(1.0, (step + 1) / WARM_UP_STEPS) * max(0.02, 1 - elapsed)
        batch = batches.draw(options.pairs, options.others, options.bank)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            vectors = student([batches.ids[row] for row in batch.rows])
        bank = torch.from_numpy(goal[batch.bank])
        parts = losses(vectors, torch.from_numpy(goal[batch.rows]), options.pairs, bank, batch.bank_goal, batch.ignored)
        optimizer.zero_grad()
        sum(parts.values()).backward()
        share_gradients(weights)
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        step += 1
        mean = {name: 0.98 * mean.get(name, part.item()) + 0.02 * part.item() for name, part in parts.items()}
        if rank == 0 and step % 20 == 0:
            print(step, f"{time.time() - started:.0f}s", {name: round(value, 4) for name, value in mean.items()}, flush=True)
        if rank == 0 and time.time() - saved > 60 * options.checkpoint:
            save(student, options.out)
            print(held_out_score(student, batches, goal), flush=True)
            saved = time.time()
    if rank == 0:
        save(student, options.out)
        print("done:", step, "steps,", held_out_score(student, batches, goal), flush=True)


def main() -> None:
    """Command line: see README.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("teacher", "texts", "vectors", "vocabulary", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--layers", type=lambda text: [int(part) for part in text.split(",")], default=[0, 3, 5], help="the teacher's, to start from")
    parser.add_argument("--dimensions", type=int, default=256)
    parser.add_argument("--pairs", type=int, default=80)
    parser.add_argument("--others", type=int, default=120, help="texts a batch that only imitate")
    parser.add_argument("--bank", type=int, default=2048, help="tools a batch that only the teacher has read")
    parser.add_argument("--lr", type=float, default=4e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--checkpoint", type=float, default=5, help="minutes")
    parser.add_argument("--resume", default="", help="a checkpoint to go on from")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
