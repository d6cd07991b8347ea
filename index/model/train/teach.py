"""The teacher's unit vectors of all texts of distil_texts.py, computed once (vectors.npy, float16), and the tools' nearest neighbours (near.npy)."""
import argparse
import os
import pickle
import time

import numpy as np
import torch
import torch.nn.functional as F
from transformers import AutoModel, AutoTokenizer

from distil_batches import training_tools
from tool_text import MAX_TOKENS

CHUNK_TOKENS = 4096
NEIGHBOURS = 24


def length_chunks(lengths: list[int], tokens: int) -> list[list[int]]:
    """Row numbers in chunks of similar length, each of at most `tokens` padded tokens (but at least one row), shortest first."""
    chunks: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if not chunks or (len(chunks[-1]) + 1) * lengths[row] > tokens:
            chunks.append([])
        chunks[-1].append(row)
    return chunks


def padded(ids: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids filled up with 0, and which of them are real."""
    longest = max(len(row) for row in ids)
    tokens = torch.tensor([row + [0] * (longest - len(row)) for row in ids])
    return tokens, torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ids])


@torch.inference_mode()
def teach(folder: str, texts: list[str], threads: int) -> np.ndarray:
    """float16 [texts, 384]: mean of the last hidden states, unit length, computed in bfloat16."""
    torch.set_num_threads(threads)
    model, tokenizer = AutoModel.from_pretrained(folder, attn_implementation="sdpa").eval(), AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(texts, truncation=True, max_length=MAX_TOKENS)["input_ids"]
    vectors = np.empty((len(texts), model.config.hidden_size), np.float16)
    chunks, started = length_chunks([len(row) for row in ids], CHUNK_TOKENS), time.time()
    print(len(texts), "texts", sum(map(len, ids)), "tokens", len(chunks), "chunks", flush=True)
    for number, chunk in enumerate(chunks):
        tokens, mask = padded([ids[row] for row in chunk])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = model(input_ids=tokens, attention_mask=mask).last_hidden_state.float()
        mean = (hidden * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)
        vectors[chunk] = F.normalize(mean, dim=-1).numpy()
        if number % 100 == 0:
            print(number, f"{time.time() - started:.0f}s", flush=True)
    return vectors


def nearest(vectors: torch.Tensor, count: int) -> np.ndarray:
    """Positions of the `count` nearest others, nearest first."""
    short, found = vectors.bfloat16(), []
    for start in range(0, len(vectors), 1024):
        found.append((short[start : start + 1024] @ short.T).float().topk(count + 1).indices[:, 1:])
    return torch.cat(found).numpy().astype(np.int32)


def main() -> None:
    """Command line: see README.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("teacher", "texts", "folder"):
        parser.add_argument(name)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    with open(options.texts, "rb") as stream:
        texts = pickle.load(stream)
    vectors = teach(options.teacher, texts["text"], options.threads)
    np.save(f"{options.folder}/vectors.npy", vectors)
    np.save(f"{options.folder}/near.npy", nearest(torch.from_numpy(vectors[training_tools(texts)]), NEIGHBOURS))


if __name__ == "__main__":
    main()
