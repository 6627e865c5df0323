"""Writes a small encoder that has learned nothing, with a tokenizer trained on kabar's texts, to runs/tiny-encoder.

python benchmarks/tiny_transformer.py [FOLDER]

`kabar-full.toml` names it by path, so that a transformer is trained in CI without a download. The tokenizer sees the
texts and no labels, those of the held-out documents too: it knows pieces of their words and nothing about them. The
same libraries write the same bytes.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import harness

ROOT = Path(__file__).resolve().parent.parent
SEED = 13
SPECIAL = {"pad": "[PAD]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}


def write(
    folder: Path, texts: Iterable[str], *, words: int = 800, width: int = 64, layers: int = 1, tokens: int = 512
) -> None:
    """A BERT of random weights and a tokenizer of at most so many word pieces, learned from texts."""
    import torch
    from transformers import BertConfig, BertModel

    tokenizer = tokenizer_of(texts, words, tokens)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=2,
        attention_probs_dropout_prob=0.0,  # to draw a number for each pair of tokens costs as much as the rest
        intermediate_size=2 * width,
        max_position_embeddings=tokens,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=width**-0.5,  # as wide as few dimensions need to be told apart; BERT has 0.02 for 768
    )
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        BertModel(config).save_pretrained(folder)  # as safetensors
    tokenizer.save_pretrained(folder)


def tokenizer_of(texts: Iterable[str], words: int, tokens: int) -> Any:
    """A tokenizer of byte pairs: unlike the word pieces that BERT has, they come out the same each time."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    made.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=words,
            special_tokens=list(SPECIAL.values()),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, made.token_to_id(token)) for token in (SPECIAL["cls"], SPECIAL["sep"])],
    )
    named = {f"{name}_token": token for name, token in SPECIAL.items()}
    return PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=tokens, **named)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "runs" / "tiny-encoder"
    write(target, [document.text for document in harness.load(ROOT / "corpora" / "kabar")])
    print(target)
