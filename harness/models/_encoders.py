"""Hugging Face encoders: loaded from a folder or a pinned revision, long texts cut into windows, one pass over them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from harness.errors import AskedWrongly, NotInstalled
from harness.models._saved import need

LIBRARIES = ("torch", "transformers", "tokenizers", "safetensors", "numpy")
COMMIT = re.compile(r"[0-9a-f]{40}")
SHIFTED = 2  # positions that RoBERTa and its kin keep before the first token
Head = Literal["SequenceClassification", "TokenClassification"]
Places = list[tuple[int, int]]  # start and end of each token in the text, code points


@dataclass(frozen=True)
class Window:
    """A stretch of an item's tokens as the network takes it."""

    item: int
    columns: Mapping[str, list[int]]  # input_ids, attention_mask, …
    first: int  # the position of the window's first text token among those of the item
    inside: range  # where the text's tokens stand in the columns
    places: Places  # theirs


@dataclass(frozen=True)
class Encoder:
    """A network with its tokenizer, and the windows that it reads."""

    network: Any
    tokenizer: Any
    window: int  # tokens, special ones too
    stride: int  # tokens that a window shares with the one before
    batch: int

    def windows(self, first: Sequence[str], second: Sequence[str] | None = None, *, long: int = 0) -> list[Window]:
        """Texts or pairs of texts, cut where they are too long: the first of a pair (`long` 0) or the second (1).

        The other one of a pair is cut off after a quarter of the window, so that there is room.
        """
        if not first:
            return []
        pair = [list(texts) for texts in (first, second) if texts is not None]
        if len(pair) == 2:
            pair[1 - long] = [self._beginning(text) for text in pair[1 - long]]
        cut = {"truncation": "only_second" if long else "only_first", "max_length": self.window}
        encoded = self.tokenizer(*pair, **cut, stride=self.stride, return_overflowing_tokens=True)
        found: list[Window] = []
        owners = encoded["overflow_to_sample_mapping"]
        for i, (item, one) in enumerate(zip(owners, encoded.encodings, strict=True)):
            inside = [k for k, of in enumerate(one.sequence_ids) if of == long]
            before = found[-1] if found and found[-1].item == item else None
            start = before.first + len(before.places) - self.stride if before else 0
            columns = {name: encoded[name][i] for name in self.tokenizer.model_input_names if name in encoded}
            stretch = range(inside[0], inside[-1] + 1) if inside else range(0)
            found.append(Window(item, columns, start, stretch, [one.offsets[k] for k in inside]))
        return found

    def _beginning(self, text: str) -> str:
        room = self.window // 4
        one = self.tokenizer(text, add_special_tokens=False, truncation=True, max_length=room).encodings[0]
        return text[: one.offsets[-1][1]] if one.overflowing else text

    def logits(self, windows: Sequence[Window]) -> list[npt.NDArray[np.float64]]:
        """What the network says to each window: (n_classes,), or (n_tokens, n_classes) for classes of tokens.

        Windows are read in the order of their content, so that those asked in another order are answered alike.
        """
        import torch

        order = sorted(range(len(windows)), key=lambda k: (len(_ids(windows[k])), _ids(windows[k])))
        said: list[Any] = [None] * len(windows)
        self.network.eval()
        with torch.inference_mode():
            for at in range(0, len(order), self.batch):
                some = order[at : at + self.batch]
                rows = self.network(**self.inputs([windows[k] for k in some])).logits.double().cpu().numpy()
                for k, row in zip(some, rows, strict=True):
                    inside = windows[k].inside
                    said[k] = row if row.ndim == 1 else row[inside.start : inside.stop]
        return said

    def inputs(self, windows: Sequence[Window]) -> dict[str, Any]:
        """Windows as tensors (n_windows, longest), padded."""
        import torch

        longest = max(1, *(len(_ids(window)) for window in windows))
        made = {}
        for name in windows[0].columns:
            filler = self.tokenizer.pad_token_id if name == "input_ids" else 0
            rows = [list(w.columns[name]) + [filler] * (longest - len(w.columns[name])) for w in windows]
            made[name] = torch.tensor(rows, device=self.network.device)
        return made


def _ids(window: Window) -> list[int]:
    return window.columns["input_ids"]


def mean_of(
    n: int, classes: int, windows: Sequence[Window], said: Sequence[npt.NDArray[np.float64]]
) -> npt.NDArray[np.float64]:
    """(n_items, n_classes): what was said to the windows of each item, averaged."""
    total, times = np.zeros((n, classes)), np.zeros((n, 1))
    for window, row in zip(windows, said, strict=True):
        total[window.item] += row
        times[window.item] += 1
    return total / np.maximum(times, 1)


def refuse_source(part: str, name: str, revision: str, window: int, stride: int, batch: int) -> None:
    """Say no to what cannot be loaded again the same, and to windows that do not move on."""
    need("torch", "transformer")
    need("transformers", "transformer")
    if window < 32 or not 0 <= stride <= window // 2 or batch < 1:
        raise AskedWrongly(f"{part} needs a window of at least 32, a stride of at most half of it, batch at least 1.")
    if Path(name).is_dir() or COMMIT.fullmatch(revision):
        return
    found = f"there is no folder {name}" + (f", and {revision} is no commit" if revision else "")
    raise AskedWrongly(
        f"{part}: {found}. Name a folder with a saved model, or a model of the hub and, with revision=…, its commit "
        "(40 hexadecimal digits): a branch would change what is measured."
    )


def load(head: Head, name: str, revision: str, window: int, stride: int, batch: int, device: str, **config: Any) -> Any:
    """The encoder saved in a folder, or in the hub at a commit. No code comes with it, and nothing is unpickled.

    `config` replaces what its configuration says, the labels above all; the last layer, which tells them apart, is then
    drawn anew by torch's generator. Raises AskedWrongly where it cannot be had.
    """
    import torch
    import transformers

    local = Path(name).is_dir()
    source: dict[str, Any] = {"local_files_only": True} if local else {"revision": revision}
    source["trust_remote_code"] = False
    try:
        settings = transformers.AutoConfig.from_pretrained(name, **source, **config)
        tokenizer = transformers.AutoTokenizer.from_pretrained(name, **source, use_fast=True)
        kind = getattr(transformers, f"AutoModelFor{head}")
        network, told = kind.from_pretrained(
            name,
            config=settings,
            **source,
            use_safetensors=True,
            dtype=torch.float32,
            ignore_mismatched_sizes=bool(config),
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        said = str(error).strip().splitlines()[0]
        raise AskedWrongly(
            f"{name} cannot be loaded: {said}. A configuration, a tokenizer and weights as safetensors are needed."
        ) from error
    if not tokenizer.is_fast or tokenizer.pad_token_id is None:
        raise AskedWrongly(f"{name} needs a fast tokenizer, which tells offsets, with a token for padding.")
    if config:
        _renew(network, told)
    window = min(window, _longest(tokenizer, settings))
    return Encoder(network.to(device or "cpu"), tokenizer, window, min(stride, window // 2), batch)


def _renew(network: Any, told: Mapping[str, Any]) -> None:
    """Draw a last layer anew that came with the weights: its classes were others, even where they were as many."""
    import torch

    linear = [(name, part) for name, part in network.named_modules() if isinstance(part, torch.nn.Linear)]
    name, last = next(one for one in reversed(linear) if one[1].out_features == network.config.num_labels)
    fresh = {*told["missing_keys"], *(str(one[0]) for one in told["mismatched_keys"])}
    if f"{name}.weight" not in fresh:
        last.reset_parameters()


def _longest(tokenizer: Any, settings: Any) -> int:
    """The most tokens that the network has positions for."""
    positions = getattr(settings, "max_position_embeddings", None) or 10**9
    if "roberta" in settings.model_type or settings.model_type in ("camembert", "mpnet"):
        positions -= SHIFTED
    return int(min(tokenizer.model_max_length, positions))


@contextmanager
def calm(seed: int) -> Iterator[None]:
    """One thread, exact kernels, torch's generator seeded and no chatter; all given back as it was."""
    try:
        import torch
        from transformers.utils import logging
    except ImportError as error:
        raise NotInstalled(error.name or "transformers", "transformer") from error

    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(), logging.get_verbosity()
    bars = logging.is_progress_bar_enabled()
    with warnings.catch_warnings(), torch.random.fork_rng():
        warnings.simplefilter("ignore")  # advice to those who write models
        try:
            torch.set_num_threads(1)
            torch.use_deterministic_algorithms(True)
            torch.manual_seed(seed)
            logging.set_verbosity_error()
            logging.disable_progress_bar()
            yield
        finally:
            torch.set_num_threads(before[0])
            torch.use_deterministic_algorithms(before[1])
            logging.set_verbosity(before[2])
            if bars:
                logging.enable_progress_bar()
