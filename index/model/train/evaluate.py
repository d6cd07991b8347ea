"""Scores a model, alone and fused with BM25, on the selection sets: recall@5 and nDCG@10 per set and on average."""
import argparse
import json
import math
import random
import time
from collections.abc import Callable

import numpy as np

from bm25 import Bm25
from documents import SELECTION_SETS, Document, load_corpus, load_requests, needs

CROWD = ("toolsdk-registry", "arcade-toolkits", "docker-registry", "mcp-zero")  # 19,600 tools of other servers
CROWDED_SETS = ("azure-mcp-2025", "mcpproxy-golden", "mcp-zero:task", "mcp-zero:request")

Encode = Callable[[list], np.ndarray]


def recall_and_ndcg(request: dict, ranked: list[str]) -> tuple[float, float]:
    """Share of needs met in the first five; nDCG over the first ten, each need counted once."""
    wanted = needs(request)
    recall = sum(any(tool in ranked[:5] for tool in accepted) for accepted in wanted) / len(wanted)
    met: set[int] = set()
    gain = 0.0
    for place, tool in enumerate(ranked[:10]):
        hit = next((at for at, accepted in enumerate(wanted) if at not in met and tool in accepted), None)
        if hit is not None:
            met.add(hit)
            gain += 1 / math.log2(place + 2)
    return recall, gain / sum(1 / math.log2(place + 2) for place in range(min(10, len(wanted))))


def scaled(scores: np.ndarray) -> np.ndarray:
    """To 0..1 over the catalog."""
    low, high = scores.min(), scores.max()
    return (scores - low) / (high - low + 1e-9)


def best(scores: np.ndarray, tools: list[Document]) -> list[str]:
    """Ids of the ten best, ties in catalog order."""
    return [tools[at].id for at in np.argsort(-scores, kind="stable")[:10]]


def evaluate_set(data: str, spec: str, encode_tools: Encode, encode_requests: Encode, options: argparse.Namespace) -> dict[str, tuple[float, float]]:
    """{system: (recall@5, nDCG@10)} of one set."""
    name = spec.partition(":")[0]
    others = [tool for other in CROWD if other != name for tool in load_corpus(data, other)] if options.crowd else []
    tools, requests = load_corpus(data, name) + others, load_requests(data, spec)
    random.Random(5).shuffle(requests)
    requests = requests[: options.limit or None]
    lexical = Bm25(tools)
    similarity = encode_requests([request["query"] for request in requests]) @ encode_tools(tools).T
    systems: dict[str, list[tuple[float, float]]] = {}
    for request, cosine in zip(requests, similarity):
        words = scaled(lexical.scores(request["query"]))
        scores = {"bm25": words, "model": cosine}
        scores |= {f"fused {weight}": (1 - weight) * words + weight * scaled(cosine) for weight in options.weights}
        for system, values in scores.items():
            systems.setdefault(system, []).append(recall_and_ndcg(request, best(values, tools)))
    return {system: tuple(np.mean(rows, 0)) for system, rows in systems.items()}


def static_encoders(path: str) -> tuple[Encode, Encode]:
    """Encoders of a static model (train_static.py's file)."""
    from static_model import StaticModel

    model = StaticModel(path)
    return (lambda tools: np.array([model.embed_tool(tool) for tool in tools])), (lambda texts: np.array([model.embed(text) for text in texts]))


def minilm_encoders(folder: str) -> tuple[Encode, Encode]:
    """Encoders of a MiniLM folder: a quantized ONNX one if there is `onnx/`, otherwise a PyTorch one."""
    import os

    from tool_text import tool_text

    if os.path.exists(f"{folder}/onnx"):
        from onnx_encoder import OnnxEncoder

        encode = OnnxEncoder(folder).encode
    else:
        import torch

        from train_minilm import Encoder
        from tool_text import MAX_TOKENS

        torch.set_num_threads(1)
        encoder = Encoder(folder)
        encoder.model.eval()

        def encode(texts: list[str]) -> np.ndarray:
            with torch.no_grad():
                return encoder(texts, MAX_TOKENS).numpy()

    return (lambda tools: encode([tool_text(tool) for tool in tools])), encode


def encoder_encoders(path: str) -> tuple[Encode, Encode]:
    """Encoders of an encoder.bin, or of a checkpoint of distil.py."""
    import torch

    from distil import load
    from encoder_file import read_encoder
    from tool_text import tool_text

    torch.set_num_threads(1)
    student = load(path) if path.endswith(".pt") else read_encoder(path)
    return (lambda tools: student.encode([tool_text(tool) for tool in tools])), student.encode


def encoders_of(model: str) -> tuple[Encode, Encode]:
    """Encoders of whatever the path names."""
    if model.endswith(".npz"):
        return static_encoders(model)
    return encoder_encoders(model) if model.endswith((".bin", ".pt")) else minilm_encoders(model)


def main() -> None:
    """Command line: see README.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a .npz of the static model, a MiniLM folder, an encoder.bin or a .pt of distil.py")
    parser.add_argument("--data", required=True)
    parser.add_argument("--limit", type=int, default=0, help="at most so many requests a set (a fixed sample); 0 is all")
    parser.add_argument("--crowd", action="store_true", help="the sets of MCP servers only, their catalogs among 19,600 tools of others")
    parser.add_argument("--weights", type=lambda text: [float(part) for part in text.split(",")], default=[0.5, 0.7])
    options = parser.parse_args()
    encoders = encoders_of(options.model)
    started, table = time.time(), {}
    sets = CROWDED_SETS if options.crowd else SELECTION_SETS
    for spec in sets:
        table[spec] = evaluate_set(options.data, spec, *encoders, options)
        print(f"{spec:18s}", "  ".join(f"{system} {recall:.3f}/{ndcg:.3f}" for system, (recall, ndcg) in table[spec].items()), flush=True)
    macro = {system: np.mean([row[system] for row in table.values()], 0).round(4).tolist() for system in table[sets[0]]}
    print(f"{'macro':18s}", "  ".join(f"{system} {recall:.3f}/{ndcg:.3f}" for system, (recall, ndcg) in macro.items()), f" {time.time() - started:.0f}s")
    print(json.dumps({"model": options.model, "limit": options.limit, "crowd": options.crowd, "macro": macro}))


if __name__ == "__main__":
    main()
