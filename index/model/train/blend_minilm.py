"""Averages start and fine-tuned weights: keeps some of the generality that fine-tuning costs (WiSE-FT, Wortsman 2022)."""
import argparse

from transformers import AutoModel, AutoTokenizer


def blend(start: str, tuned: str, share: float, out: str) -> None:
    """Writes (1 - share) x start + share x tuned, with the start's tokenizer."""
    model, origin = AutoModel.from_pretrained(tuned), AutoModel.from_pretrained(start).state_dict()
    weights = model.state_dict()
    model.load_state_dict({name: (1 - share) * origin[name] + share * weight if weight.is_floating_point() else weight for name, weight in weights.items()})
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(start).save_pretrained(out)


def main() -> None:
    """Command line: see README.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("start", "tuned", "out"):
        parser.add_argument(name)
    parser.add_argument("--share", type=float, default=0.7)
    arguments = parser.parse_args()
    blend(arguments.start, arguments.tuned, arguments.share, arguments.out)


if __name__ == "__main__":
    main()
