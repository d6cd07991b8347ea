"""First rows of the static model from a sentence encoder (after Model2Vec): each stem's most frequent word, embedded alone, in few dimensions."""
import numpy as np
import torch

from train_minilm import Encoder

ROW_LENGTH = 1.13  # that of random rows: .1 x sqrt(128)


def word_rows(folder: str, texts: list[str], dim: int) -> np.ndarray:
    """One row a text: encoder vector, centred, on its first `dim` principal axes, each axis damped by the fourth root of its variance."""
    encoder = Encoder(folder)
    encoder.model.eval()
    with torch.no_grad():
        vectors = np.concatenate([encoder(texts[at : at + 512], 16, chunk=256).numpy() for at in range(0, len(texts), 512)])
    vectors -= vectors.mean(0)
    variance, axes = np.linalg.eigh(np.cov(vectors.T))
    strongest = np.argsort(-variance)[:dim]
    rows = vectors @ axes[:, strongest] / variance[strongest] ** 0.25
    return (ROW_LENGTH * rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)).astype(np.float32)
