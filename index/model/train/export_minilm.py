"""Fine-tuned MiniLM -> the folder that transformers.js loads (int8 ONNX) and minilm-reference.json for its parity test."""
import argparse
import json
import os
import tempfile

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModel, AutoTokenizer

from onnx_encoder import OnnxEncoder
from reference_texts import REFERENCE_TEXTS
from tool_text import MAX_TOKENS

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
TOKENIZER_CONFIG = {
    "tokenizer_class": "BertTokenizer", "do_lower_case": True, "tokenize_chinese_chars": True, "strip_accents": None, "model_max_length": MAX_TOKENS,
    "cls_token": "[CLS]", "mask_token": "[MASK]", "pad_token": "[PAD]", "sep_token": "[SEP]", "unk_token": "[UNK]",
}


class LastHiddenState(torch.nn.Module):
    """What transformers.js expects of a feature extractor."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor) -> torch.Tensor:
        """Token vectors."""
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state


def export_float(source: str, path: str) -> None:
    """32-bit ONNX with free batch and length."""
    model = AutoModel.from_pretrained(source, attn_implementation="eager").eval()
    sample = AutoTokenizer.from_pretrained(source)(["read a file", "list the open pull requests"], padding=True, return_tensors="pt")
    axes = {name: {0: "batch", 1: "length"} for name in (*INPUTS, "last_hidden_state")}
    torch.onnx.export(
        LastHiddenState(model), tuple(sample[name] for name in INPUTS), path, input_names=list(INPUTS), output_names=["last_hidden_state"],
        dynamic_axes=axes, opset_version=17, dynamo=False,
    )


def write_tokenizer(source: str, folder: str) -> None:
    """tokenizer.json without the trainer's truncation and padding (the reader cuts at model_max_length), and its config."""
    with open(f"{source}/tokenizer.json", encoding="utf8") as stream:
        tokenizer = json.load(stream) | {"truncation": None, "padding": None}
    with open(f"{folder}/tokenizer.json", "w", encoding="utf8") as out:
        json.dump(tokenizer, out, ensure_ascii=False, separators=(",", ":"))
    with open(f"{folder}/tokenizer_config.json", "w", encoding="utf8") as out:
        json.dump(TOKENIZER_CONFIG, out, indent=2)


def export(source: str, folder: str) -> None:
    """Config, tokenizer and quantized weights."""
    os.makedirs(f"{folder}/onnx", exist_ok=True)
    AutoModel.from_pretrained(source).config.save_pretrained(folder)
    write_tokenizer(source, folder)
    with tempfile.TemporaryDirectory() as scratch:
        export_float(source, f"{scratch}/model.onnx")
        quantize_dynamic(f"{scratch}/model.onnx", f"{folder}/onnx/model_quantized.onnx", weight_type=QuantType.QInt8, per_channel=True)
    onnx.checker.check_model(f"{folder}/onnx/model_quantized.onnx")


def write_reference(folder: str, path: str) -> None:
    """Texts with the vectors of the quantized model; one line a text."""
    encoder = OnnxEncoder(folder)
    rows = [json.dumps({"text": text, "vector": [round(float(value), 5) for value in encoder.one(text)]}, ensure_ascii=False) for text in REFERENCE_TEXTS]
    with open(path, "w", encoding="utf8") as out:
        out.write("[\n" + ",\n".join(rows) + "\n]\n")


def main() -> None:
    """Command line: see README.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("source", "folder", "reference"):
        parser.add_argument(name)
    arguments = parser.parse_args()
    export(arguments.source, arguments.folder)
    write_reference(arguments.folder, arguments.reference)
    print(os.path.getsize(f"{arguments.folder}/onnx/model_quantized.onnx"), "bytes")


if __name__ == "__main__":
    main()
