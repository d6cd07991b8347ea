"""The small encoder: a post-norm BERT of few layers over a pruned vocabulary, mean pooling, a projection; weights named as in encoder.bin."""
import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import BertWordPieceTokenizer
from torch import nn

from teach import length_chunks, padded
from tool_text import MAX_TOKENS

HIDDEN, HEADS, FFN, EPSILON = 384, 12, 1536, 1e-12
CHUNK_TOKENS = 3072


def rounded(weight: torch.Tensor) -> torch.Tensor:
    """The weight as int8 with one scale a row would keep it; gradients pass as if nothing had happened (straight-through)."""
    scale = weight.detach().abs().amax(-1, keepdim=True).clamp_min(1e-8) / 127
    return weight + ((weight.detach() / scale).round() * scale - weight.detach())


class Row8Linear(nn.Linear):
    """A linear layer that can pretend to be int8."""

    pretend = False

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """values x weight^T + bias."""
        return F.linear(values, rounded(self.weight) if self.pretend else self.weight, self.bias)


class Layer(nn.Module):
    """Self-attention and feed-forward part, each followed by addition and norm."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (Row8Linear(HIDDEN, HIDDEN) for _ in range(3))
        self.attention_output, self.attention_norm = Row8Linear(HIDDEN, HIDDEN), nn.LayerNorm(HIDDEN, EPSILON)
        self.ffn_in, self.ffn_out, self.output_norm = Row8Linear(HIDDEN, FFN), Row8Linear(FFN, HIDDEN), nn.LayerNorm(HIDDEN, EPSILON)

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """[texts, tokens, 384] -> the same; `mask` is true where a token may be looked at."""
        query, key, value = (part(states).unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in (self.query, self.key, self.value))
        # Spelt out: on CPU the backward pass of PyTorch's fused attention takes several times as long in bfloat16.
        scores = (query @ key.transpose(2, 3) * (HIDDEN / HEADS) ** -0.5).masked_fill(~mask, -1e4)
        seen = (scores.softmax(-1).to(value.dtype) @ value).transpose(1, 2).flatten(2)
        states = self.attention_norm(states + self.attention_output(seen))
        return self.output_norm(states + self.ffn_out(F.gelu(self.ffn_in(states))))


class Student(nn.Module):
    """Token ids -> unit vectors."""

    def __init__(self, vocabulary: list[str], layers: int, dimensions: int) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.tokenizer = BertWordPieceTokenizer({piece: number for number, piece in enumerate(vocabulary)}, lowercase=True)
        self.tokenizer.enable_truncation(MAX_TOKENS)  # keeps [SEP]: [CLS], 126 pieces, [SEP]
        self.word, self.position = nn.Embedding(len(vocabulary), HIDDEN), nn.Embedding(MAX_TOKENS, HIDDEN)
        self.norm, self.layer = nn.LayerNorm(HIDDEN, EPSILON), nn.ModuleList(Layer() for _ in range(layers))
        self.projection = Row8Linear(HIDDEN, dimensions, bias=False) if dimensions < HIDDEN else None
        self.rounded_words = False

    def pretend_int8(self) -> None:
        """From now on every weight that the file keeps as int8 acts as if it were."""
        self.rounded_words = True
        for module in self.modules():
            if isinstance(module, Row8Linear):
                module.pretend = True

    def ids(self, texts: list[str]) -> list[list[int]]:
        """Token ids of texts."""
        return [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]

    def pooled(self, ids: list[list[int]]) -> torch.Tensor:
        """Vectors of one chunk, not yet of unit length."""
        tokens, mask = padded(ids)
        words = rounded(self.word(tokens)) if self.rounded_words else self.word(tokens)
        states = self.norm(words + self.position.weight[: tokens.shape[1]])
        for layer in self.layer:
            states = layer(states, mask.bool()[:, None, None])
        mean = (states.float() * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)
        return mean if self.projection is None else self.projection(mean).float()

    def forward(self, ids: list[list[int]]) -> torch.Tensor:
        """Unit vectors, in the order of the rows of ids."""
        chunks = length_chunks([len(row) for row in ids], CHUNK_TOKENS)
        rows = torch.cat([self.pooled([ids[row] for row in chunk]) for chunk in chunks])
        order = torch.tensor([row for chunk in chunks for row in chunk])
        return F.normalize(rows[order.argsort()], dim=-1)

    @torch.inference_mode()
    def encode(self, texts: list[str]) -> np.ndarray:
        """Unit vectors of texts in float32."""
        return self(self.ids(texts)).numpy()
