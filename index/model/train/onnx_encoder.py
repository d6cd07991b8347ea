"""The quantized MiniLM as the gateway runs it: ONNX Runtime, mean pooling, unit length."""
import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from tool_text import MAX_TOKENS


class OnnxEncoder:
    """Reads an exported folder (export_minilm.py)."""

    def __init__(self, folder: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(f"{folder}/onnx/model_quantized.onnx", options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()

    def one(self, text: str) -> np.ndarray:
        """Unit vector of one text, embedded alone: dynamic quantization looks at the whole batch, so company changes the digits."""
        ids = np.array([self.tokenizer.encode(text).ids[:MAX_TOKENS]], np.int64)  # like transformers.js, a cut loses the final [SEP]
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        vector = self.session.run(None, feeds)[0][0].mean(0)
        return vector / np.linalg.norm(vector)

    def encode(self, texts: list[str]) -> np.ndarray:
        """One row a text."""
        return np.array([self.one(text) for text in texts])
