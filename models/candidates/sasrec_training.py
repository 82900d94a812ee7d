"""Training of `models.candidates.sasrec` in PyTorch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.candidates.histories import Histories
from models.candidates.sequences import POSITIONS, pad_histories

HELD_OUT: Final = 0.05  # share of the histories whose last course chooses the epoch
MAX_HELD_OUT: Final = 2_000
PATIENCE: Final = 3  # epochs without a better figure
K: Final = 10


class Recipe(Protocol):
    """How to learn, see `models.candidates.sasrec.SASRec`."""

    dimensions: int
    dropout: float
    smoothing: float
    learning_rate: float
    batch_size: int
    max_epochs: int
    max_targets: int
    negatives: int
    device: str
    seed: int


class Network(nn.Module):
    """One block of causal self-attention before a layer forward, normalised before each."""

    def __init__(self, n_items: int, dimensions: int, dropout: float) -> None:
        super().__init__()
        self.items = nn.Embedding(n_items, dimensions)
        self.positions = nn.Embedding(POSITIONS, dimensions)
        self.query, self.key, self.value, self.output, self.inner, self.outer = (
            nn.Linear(dimensions, dimensions, bias=False) for _ in range(6)
        )
        self.before, self.between, self.after = (nn.LayerNorm(dimensions) for _ in range(3))
        self.dropout = nn.Dropout(dropout)
        for table in (self.items, self.positions):
            nn.init.normal_(table.weight, std=dimensions**-0.5)

    def forward(self, courses: Tensor, there: Tensor) -> Tensor:
        """Return the state after each course, (B, L, D); ``there`` is False in the padding on the left."""
        length = courses.shape[1]
        states = self.dropout(self.items(courses) + self.positions.weight[-length:])
        normal = self.before(states)
        earlier = torch.ones(length, length, dtype=torch.bool, device=courses.device).tril()
        itself = torch.eye(length, dtype=torch.bool, device=courses.device)
        seen = (earlier & there[:, None, :]) | itself  # the padding sees itself, and is not used
        attended = functional.scaled_dot_product_attention(
            self.query(normal), self.key(normal), self.value(normal), attn_mask=seen
        )
        states = states + self.dropout(self.output(attended))
        forward = functional.relu(self.inner(self.between(states)))
        states = states + self.dropout(self.outer(self.dropout(forward)))
        return cast(Tensor, self.after(states))

    def export(self, name: str) -> NDArray[np.float32]:
        """Return the weights of a part."""
        return cast(Tensor, getattr(self, name).weight).detach().cpu().numpy().copy()

    def export_norm(self, name: str) -> NDArray[np.float32]:
        """Return scale and shift of a normalisation, (2, D)."""
        part = getattr(self, name)
        return np.stack([part.weight.detach().cpu().numpy(), part.bias.detach().cpu().numpy()])


@dataclass(frozen=True)
class Sequences:
    """Pieces of histories of at most ``POSITIONS`` inputs, the course after each input being its target.

    Attributes
    ----------
    inputs, targets : ndarray of int32, shape (E,)
    indptr : ndarray of int64, shape (S + 1,)
        Where pieces begin.
    """

    inputs: NDArray[np.int32]
    targets: NDArray[np.int32]
    indptr: NDArray[np.int64]


class Negatives:
    """The softmax loss over all courses, its sum estimated from some that are drawn anew for each step.

    Drawn by the square root of how often a course is a target, and weighed by how likely that was (LogQ; Bengio and
    Senecal, 2008). What smoothing takes off is exact: the mean score of all courses is one product.
    """

    def __init__(self, targets: NDArray[np.int32], items: Tensor, count: int) -> None:
        counts = np.bincount(targets, minlength=len(items)) + 1.0
        chance = torch.from_numpy(np.sqrt(counts) / np.sqrt(counts).sum()).float()
        self._chance = chance.to(items.device)
        self._count = count
        self._shift = torch.log(self._chance * count)

    def loss(self, states: Tensor, targets: Tensor, items: Tensor, smoothing: float) -> Tensor:
        """Return the mean loss of some targets."""
        if self._count >= len(items):
            scores = states @ items.T
            return functional.cross_entropy(scores, targets, label_smoothing=smoothing)
        drawn = torch.multinomial(self._chance, self._count, replacement=True)
        scores = states @ items[drawn].T - self._shift[drawn]
        scores = scores.masked_fill(targets[:, None] == drawn, -torch.inf)
        own = (states * items[targets]).sum(dim=1)
        total = torch.logsumexp(torch.cat([own[:, None], scores], dim=1), dim=1)
        return (total - (1 - smoothing) * own - smoothing * (states @ items.mean(dim=0))).mean()


def learn(recipe: Recipe, everybody: Histories) -> Network:
    """Learn a network from histories; the same from the same seed."""
    device = torch.device(choose_device(recipe.device))
    starts, courses = everybody.sequences()
    rng = np.random.default_rng(recipe.seed)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(recipe.seed)
        network = Network(everybody.n_items, recipe.dimensions, recipe.dropout).to(device)
        held_out = _draw_held_out(starts, rng)
        sequences = _cut_sequences(starts, courses, held_out)
        if len(sequences.inputs):
            _train(network, recipe, sequences, (starts, courses, held_out), rng)
    return network.eval()


def choose_device(wanted: str) -> str:
    """Return the device that "auto" stands for here."""
    if wanted != "auto":
        return wanted
    return "cuda" if torch.cuda.is_available() else "cpu"


def is_quick_in_bfloat16(device: torch.device) -> bool:
    """Return whether products of half the bits are quicker here; figures do not suffer."""
    return device.type == "cuda" or bool(torch.cpu.get_capabilities().get("amx_bf16"))


def _draw_held_out(starts: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.intp]:
    """Return whose last course is held out, of those with three or more."""
    able = np.flatnonzero(np.diff(starts) >= 3)
    count = min(int(HELD_OUT * len(able)), MAX_HELD_OUT)
    return np.sort(rng.choice(able, count, replace=False)) if count else able[:0]


def _cut_sequences(
    starts: NDArray[np.int32], courses: NDArray[np.int32], held_out: NDArray[np.intp]
) -> Sequences:
    """Cut histories into pieces, counted from their ends, that the newest input stands at the last position."""
    ends = starts[1:].astype(np.int64)
    ends[held_out] -= 1
    lengths = np.maximum(ends - starts[:-1] - 1, 0)  # inputs: all but the last
    pieces = -(-lengths // POSITIONS)
    owner = np.repeat(np.arange(len(lengths)), pieces)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    last = ends[owner] - 1 - number * POSITIONS  # before the end of each piece
    first = np.maximum(last - POSITIONS, starts[:-1][owner])
    sizes = last - first
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    at = np.arange(indptr[-1]) - np.repeat(indptr[:-1] - first, sizes)
    return Sequences(courses[at], courses[at + 1], indptr)


def _train(
    network: Network,
    recipe: Recipe,
    sequences: Sequences,
    validation: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.intp]],
    rng: np.random.Generator,
) -> None:
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate)
    epochs = min(recipe.max_epochs, -(-recipe.max_targets // len(sequences.targets)))
    share = min(1.0, recipe.max_targets / len(sequences.targets))
    negatives = Negatives(sequences.targets, network.items.weight, recipe.negatives)
    device = network.items.weight.device
    best, best_state, since = -1.0, network.state_dict(), 0
    for _ in range(epochs):
        network.train()
        for batch in _draw_batches(sequences, recipe.batch_size, share, rng):
            inputs, targets, there = (part.to(device) for part in batch)
            with torch.autocast(device.type, torch.bfloat16, enabled=is_quick_in_bfloat16(device)):
                states = network(inputs, there)[there]
                loss = negatives.loss(
                    states, targets[there], network.items.weight, recipe.smoothing
                )
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        figure = _validate(network, *validation)
        if figure > best:
            best, since = figure, 0
            best_state = {name: part.clone() for name, part in network.state_dict().items()}
        else:
            since += 1
            if since == PATIENCE:
                break
    network.load_state_dict(best_state)


def _draw_batches(
    sequences: Sequences, size: int, share: float, rng: np.random.Generator
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield inputs, targets and where there are any, (B, L) each; pieces of like length together."""
    lengths = np.diff(sequences.indptr)
    pieces = rng.permutation(len(lengths))[: max(int(share * len(lengths)), 1)]
    # in order of length, but so loosely that which pieces meet is chance
    pieces = pieces[np.argsort(lengths[pieces] + rng.uniform(0, 3, len(pieces)), kind="stable")]
    batch = np.cumsum(lengths[pieces]) // size
    batches = np.split(pieces, np.flatnonzero(np.diff(batch)) + 1)
    for place in rng.permutation(len(batches)):
        chosen = batches[place]
        begins, ends = sequences.indptr[:-1][chosen], sequences.indptr[1:][chosen]
        inputs, there = pad_histories(begins, ends, sequences.inputs)
        targets, _ = pad_histories(begins, ends, sequences.targets)
        yield torch.from_numpy(inputs), torch.from_numpy(targets), torch.from_numpy(there)


@torch.no_grad()
def _validate(
    network: Network,
    starts: NDArray[np.int32],
    courses: NDArray[np.int32],
    held_out: NDArray[np.intp],
) -> float:
    """Return NDCG@10 of the held-out last courses among those not taken before."""
    network.eval()
    total, device = 0.0, network.items.weight.device
    ends = starts[1:].astype(np.int64)[held_out] - 1
    begins = starts[:-1][held_out]
    for first in range(0, len(held_out), 256):
        part = slice(first, first + 256)
        padded, there = pad_histories(begins[part], ends[part], courses)
        padded = np.where(there, padded, padded[:, -1:])  # the padding is no course to leave out
        inputs = torch.from_numpy(padded).to(device)
        states = network(inputs, torch.from_numpy(there).to(device))[:, -1]
        scores = (states @ network.items.weight.T).scatter(1, inputs, -torch.inf)
        target = torch.from_numpy(courses[ends[part]].astype(np.int64)).to(device)
        own = scores.gather(1, target[:, None])
        rank = (scores > own).sum(dim=1).cpu().numpy()
        total += float((1 / np.log2(rank[rank < K] + 2)).sum())
    return total / max(len(held_out), 1)
