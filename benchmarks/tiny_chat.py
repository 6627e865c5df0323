"""Serves a tiny chat model of random weights on loopback: the server and the protocol are real, the answers are noise.

python benchmarks/tiny_chat.py FOLDER PORT      writes the model to FOLDER and serves it until it is stopped

A request's `model` is FOLDER as it is given here. Needs torch and transformers[serving].
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path

HOST = "127.0.0.1"
PATIENCE = 180  # seconds to start, on a machine that has other things to do
TEMPLATE = (
    "{% for message in messages %}<|start|>{{ message['role'] }}\n{{ message['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)


def write(folder: Path, seed: int = 13) -> None:
    """A byte-level tokenizer without merges and a Llama of two small layers, about 1 MB."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    special = ["<|pad|>", "<|start|>", "<|end|>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = {word: i for i, word in enumerate([*special, *alphabet])}
    bytewise = Tokenizer(models.BPE(vocab=words, merges=[]))
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytewise.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bytewise, pad_token=special[0], eos_token=special[2])
    tokenizer.add_special_tokens({"additional_special_tokens": [special[1]]})
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=2,
    )
    LlamaForCausalLM(config).save_pretrained(folder)


@contextmanager
def serving(folder: Path, port: int = 0) -> Iterator[tuple[str, subprocess.Popen]]:
    """(url, process) of a server that is ready, on a free port where none is given; stopped at the end.

    Raises RuntimeError with the last of its log where it does not start.
    """
    port = _free(port)
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "hub").mkdir()  # without it, /v1/models answers 500
        own = {"HF_HOME": home, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}  # more threads cost ten times as much
        log = Path(home) / "log"
        with log.open("wb") as file:
            # -P: this folder's files are not to be found by the names of libraries
            command = [sys.executable, "-P", __file__, str(folder), str(port)]
            process = subprocess.Popen(command, env={**os.environ, **own}, stdout=file, stderr=file)
        try:
            _wait_for(f"http://{HOST}:{port}/health", process, log)
            yield f"http://{HOST}:{port}/v1", process
        finally:
            process.kill()
            process.wait()


def _free(port: int) -> int:
    """The port, or any where it is 0. Raises OSError where somebody else has it, who would be asked in our stead."""
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind((HOST, port))
        return int(free.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the chat server did not start:\n{log.read_text(errors='replace')[-3000:]}")


if __name__ == "__main__":  # writer and server in one process, since it takes seconds to import torch
    model, at = sys.argv[1:]
    write(Path(model))
    [transformers] = entry_points(group="console_scripts", name="transformers")
    sys.argv = ["transformers", "serve", model, "--device", "cpu", "--host", HOST, "--port", at]
    transformers.load()()
