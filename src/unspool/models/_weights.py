"""Where a model's weights lie: a folder, a .gguf file (unpacked once into the user's cache), or a hub."""

import hashlib
import os
import re
import shutil
import socket
import struct
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from unspool.errors import UnspoolError
from unspool.models._libraries import INSTALL, NEEDED, NEEDED_BY_GGUF, absent, library, quiet

HUB_NAME = re.compile(r"\w[\w.-]*(/[\w.-]+)?")
DO = "Name a folder in the format of transformers, or a .gguf file."
SECONDS_TO_REACH = 5.0


def unavailable(name: str | None) -> str | None:
    """Why there is no model, in one sentence, and how to get it; None where a load may be tried.

    Cheap: nothing is loaded; a hub name that is not on this machine costs a connection of five seconds at most.
    """
    if not name:
        return f"No language model is named: {INSTALL}, then --lm with a hub name (gpt2), a folder or a .gguf file."
    if lacking := absent(NEEDED_BY_GGUF if is_gguf(name) else NEEDED):
        return f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} not installed; install: {INSTALL}."
    if is_hub_name(name) and not (downloaded(name) or reachable()):
        return f"The model {name} is not on this machine and its hub cannot be reached. {DO}"
    return None


def pretrained(kind: str, name: str, **options: Any) -> Any:
    """What `transformers.<kind>.from_pretrained` gives for a hub name, a folder or a .gguf file, without a word.

    The network is used for a hub name that is not on this machine, and for nothing else. UnspoolError where it cannot
    be loaded.
    """
    maker = getattr(library("transformers"), kind)
    wrong = (OSError, ValueError, RuntimeError, KeyError, library("safetensors").SafetensorError)
    place = name if is_hub_name(name) else str(local_folder(name))
    with quiet():
        try:
            return maker.from_pretrained(place, local_files_only=True, **options)
        except wrong as error:
            if not is_hub_name(name):
                raise unreadable(name, error) from error
        if not reachable():
            raise UnspoolError(
                f"The model {name} is not on this machine.", f"{hub()} cannot be reached.", DO, exit_code=1
            )
        try:
            return maker.from_pretrained(place, **options)
        except wrong as error:
            raise unreadable(name, error) from error


def unreadable(name: str, error: Exception) -> UnspoolError:
    """The error of a library in its first line."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return UnspoolError(f"The model {name} cannot be loaded.", lines[0], DO)


def is_gguf(name: str) -> bool:
    """Whether a name is that of a .gguf file."""
    return name.lower().endswith(".gguf")


def is_hub_name(name: str) -> bool:
    """Whether a name is to be looked up on a hub: `gpt2`, `owner/model`, and nothing here is called so."""
    return not is_gguf(name) and not Path(name).expanduser().exists() and bool(HUB_NAME.fullmatch(name))


def local_folder(name: str) -> Path:
    """The folder of a model on this machine; of a .gguf file the one that it was unpacked into."""
    path = Path(name).expanduser()
    if not path.exists():
        raise UnspoolError(f"There is no model at {name}.", "Neither a file nor a folder has this name.", DO)
    if is_gguf(name):
        return unpacked(path)
    if not (path / "config.json").is_file():
        raise UnspoolError(f"{name} is no language model.", "It has no config.json.", DO)
    return path


def unpacked(file: Path) -> Path:
    """The folder with the weights of a .gguf file in float32, made at the first use and kept in the cache.

    The folder's name ends with the hash of the file's content: another file of the same name has its own.
    """
    from filelock import FileLock

    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    target = cache_folder() / f"{file.stem}-{digest[:16]}"
    with FileLock(f"{target}.lock"):
        if not target.is_dir():
            unpack(file, target)
    return target


def cache_folder() -> Path:
    """`unspool/models` in $XDG_CACHE_HOME, or in ~/.cache."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "unspool" / "models"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        wrong = f"A .gguf file is unpacked into {folder}, which cannot be made."
        raise UnspoolError(wrong, str(error), "Set XDG_CACHE_HOME to a folder that can be written.") from error
    return folder


def unpack(file: Path, target: Path) -> None:
    """Write a .gguf file's model and tokenizer as a folder of safetensors, under its name only once it is whole."""
    for name in NEEDED_BY_GGUF:
        library(name)
    working = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    try:
        network, tokenizer = read_gguf(file)
        with quiet():
            network.save_pretrained(working)
            tokenizer.save_pretrained(working)
        working.rename(target)
    finally:
        shutil.rmtree(working, ignore_errors=True)


def read_gguf(file: Path) -> tuple[Any, Any]:
    """Model and tokenizer of a .gguf file; takes some seconds per 100 MB."""
    transformers, torch = library("transformers"), library("torch")
    options = {"gguf_file": file.name, "local_files_only": True}
    with quiet():
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(str(file.parent), **options)
            network = transformers.AutoModelForCausalLM.from_pretrained(
                str(file.parent), dtype=torch.float32, **options
            )
        except (OSError, ValueError, RuntimeError, KeyError, IndexError, struct.error) as error:
            raise unreadable(str(file), error) from error
    # The weights are plain numbers by now, but transformers takes the model for a quantised one and will not save it.
    network.hf_quantizer = None
    network.is_quantized = False
    network.config.__dict__.pop("quantization_config", None)
    return network, tokenizer


def downloaded(name: str) -> bool:
    """Whether a hub name's settings lie in the hub's own cache on this machine."""
    found = library("huggingface_hub").try_to_load_from_cache(name, "config.json")
    return isinstance(found, str)


def hub() -> str:
    """Address of the hub: $HF_ENDPOINT, or the public one."""
    return str(library("huggingface_hub").constants.ENDPOINT)


def reachable() -> bool:
    """Whether the hub answers at all; asked first, since the hub's library tries for most of a minute."""
    if library("huggingface_hub").constants.HF_HUB_OFFLINE:
        return False
    address = urlsplit(hub())
    if address.scheme in getproxies():
        return True
    port = address.port or (80 if address.scheme == "http" else 443)
    try:
        socket.create_connection((address.hostname or "", port), SECONDS_TO_REACH).close()
    except OSError:
        return False
    return True
