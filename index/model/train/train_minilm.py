"""Fine-tunes all-MiniLM-L6-v2 on the pairs: symmetric in-batch InfoNCE (van den Oord 2018; Henderson 2017), bfloat16 on CPU, bounded by wall time."""
import argparse
import os
import pickle
import time

import torch
import torch.nn.functional as F
from transformers import AutoModel, AutoTokenizer

from batches import Pair, batch_maker

REQUEST_TOKENS, TOOL_TOKENS = 64, 80
TEMPERATURE = 0.05
LOOK_ALIKE = 0.9  # tools of different servers nearer than this are no negatives of each other
WARM_UP_STEPS = 40


class Encoder:
    """Text -> unit vectors: mean of the last hidden states."""

    def __init__(self, folder: str) -> None:
        self.model = AutoModel.from_pretrained(folder, attn_implementation="eager")
        self.tokenizer = AutoTokenizer.from_pretrained(folder)

    def __call__(self, texts: list[str], max_tokens: int, chunk: int = 32) -> torch.Tensor:
        """Encodes in chunks of similar length, so that little is padded; the order of the rows is that of the texts."""
        ids = self.tokenizer(texts, truncation=True, max_length=max_tokens)["input_ids"]
        order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
        rows = [self._pooled([ids[index] for index in order[at : at + chunk]]) for at in range(0, len(order), chunk)]
        back = torch.empty(len(order), dtype=torch.long)
        back[torch.tensor(order)] = torch.arange(len(order))
        return F.normalize(torch.cat(rows)[back], dim=-1)

    def _pooled(self, ids: list[list[int]]) -> torch.Tensor:
        longest = max(len(row) for row in ids)
        tokens = torch.tensor([row + [0] * (longest - len(row)) for row in ids])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ids])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = self.model(input_ids=tokens, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).float()
        return (hidden.float() * weights).sum(1) / weights.sum(1)


def equal_pairs(values: list[str]) -> torch.Tensor:
    """Square matrix: are these two equal?"""
    numbers = {value: number for number, value in enumerate(dict.fromkeys(values))}
    index = torch.tensor([numbers[value] for value in values])
    return index[:, None] == index[None]


def contrastive_loss(requests: torch.Tensor, tools: torch.Tensor, batch: list[Pair]) -> torch.Tensor:
    """Each request must find its tool among the batch and each tool its request; look-alikes of other servers do not count against it,
    nor do pairs whose request reads the same."""
    scores = requests @ tools.T / TEMPERATURE
    with torch.no_grad():
        alike = tools @ tools.T > LOOK_ALIKE
        same_server = equal_pairs([row[2] or str(index) for index, row in enumerate(batch)])
        masked = (alike & ~same_server | equal_pairs([row[0] for row in batch])).fill_diagonal_(False)
    scores = scores.masked_fill(masked, -1e4)
    target = torch.arange(len(scores))
    return (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2


def learning_rate(peak: float, step: int, elapsed: float) -> float:
    """Linear warm-up by steps, then linear down to a fiftieth by the share of the wall time that is used up."""
    return peak * min(1.0, (step + 1) / WARM_UP_STEPS) * max(0.02, 1 - elapsed)


def save(encoder: Encoder, folder: str) -> None:
    """Writes model and tokenizer as transformers reads them, atomically enough for a reader that comes later."""
    encoder.model.save_pretrained(folder + ".new")
    encoder.tokenizer.save_pretrained(folder + ".new")
    if os.path.exists(folder):
        os.rename(folder, f"{folder}.{int(time.time())}")
    os.rename(folder + ".new", folder)


def train(arguments: argparse.Namespace) -> None:
    """Runs until the minutes are used up, with a checkpoint every `--checkpoint` minutes."""
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(1)
    with open(arguments.pairs, "rb") as stream:
        pairs = pickle.load(stream)
    draw = batch_maker(pairs, arguments.batch, arguments.seed, tuple(filter(None, arguments.skip.split(","))))
    encoder = Encoder(arguments.start)
    encoder.model.train()
    weights = list(encoder.model.parameters())
    optimizer = torch.optim.AdamW(weights, lr=arguments.lr, weight_decay=0.01)
    started = saved = time.time()
    step, seen, losses = 0, 0, {}
    while (elapsed := (time.time() - started) / (60 * arguments.minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(arguments.lr, step, elapsed)
        source, batch = draw()
        requests, tools = encoder([row[0] for row in batch], REQUEST_TOKENS), encoder([row[1] for row in batch], TOOL_TOKENS)
        loss = contrastive_loss(requests, tools, batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        step, seen = step + 1, seen + len(batch)
        losses[source] = 0.9 * losses.get(source, loss.item()) + 0.1 * loss.item()
        if step % 20 == 0:
            print(step, seen, f"{time.time() - started:.0f}s", {name: round(value, 2) for name, value in sorted(losses.items())}, flush=True)
        if time.time() - saved > 60 * arguments.checkpoint:
            save(encoder, arguments.out)
            saved = time.time()
    save(encoder, arguments.out)
    print("done:", step, "steps,", seen, "pairs,", f"{time.time() - started:.0f}s", flush=True)


def main() -> None:
    """Command line: see README.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("pairs", "start", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--lr", type=float, default=1e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--checkpoint", type=float, default=10, help="minutes")
    parser.add_argument("--skip", default="", help="comma-separated beginnings of sources to leave out")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
