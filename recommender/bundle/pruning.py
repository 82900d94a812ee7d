"""Bundles without those who are gone.

A sealed bundle never changes, so one that still names somebody is written anew without them, takes the other's
place among the promoted ones, and the other is deleted.
"""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from models.bundles.promotion import replace_promoted
from models.bundles.sealing import MANIFEST, BundleError, Manifest, open_draft, seal, verify
from models.index.flat import FaissIndex
from recommender.bundle.bundle import PARTICIPANTS
from recommender.retrieval.neighbours import find_everybody
from store.erasure_lists import ErasureList

DRAFT_SECONDS: Final = 86_400  # a training that wrote nothing for so long was killed


class PrunedBundle(NamedTuple):
    """What became of a bundle.

    Attributes
    ----------
    rewritten : str or None
        The version that took its place; None where it was deleted.
    reason : str
    """

    version: str
    rewritten: str | None
    reason: str


def prune_bundles(bundles: Path, gone: ErasureList) -> list[PrunedBundle]:
    """Rewrite the bundles that name somebody who is gone; delete those that cannot be read, and left drafts."""
    pruned = []
    for manifest in sorted(bundles.glob(f"[!.]*/{MANIFEST}")):
        folder = manifest.parent
        try:
            sealed = verify(folder)
        except BundleError as error:
            shutil.rmtree(folder)
            pruned.append(PrunedBundle(folder.name, None, str(error)))
            continue
        index = FaissIndex.load(folder, PARTICIPANTS)
        named = [name for name in index.ids.tolist() if gone.holds(name)]
        if named:
            rewritten = _rewrite(bundles, folder, sealed, index.remove(named))
            pruned.append(PrunedBundle(folder.name, rewritten, f"{len(named)} people taken out"))
    _delete_drafts(bundles)
    return pruned


def _rewrite(bundles: Path, folder: Path, sealed: Manifest, participants: FaissIndex) -> str:
    with open_draft(bundles) as draft:
        shutil.copytree(folder, draft, dirs_exist_ok=True, ignore=shutil.ignore_patterns(MANIFEST))
        participants.save(draft, PARTICIPANTS)
        head = sealed.model_dump(exclude={"format", "version", "parts"})
        version = seal(draft, bundles, head).version
    replace_promoted(bundles, sealed.version, version)
    with suppress(FileNotFoundError):
        find_everybody(folder).rename(find_everybody(bundles / version))
    shutil.rmtree(folder)
    return version


def _delete_drafts(bundles: Path) -> None:
    for draft in bundles.glob(".writing-*"):
        if time.time() - draft.stat().st_mtime > DRAFT_SECONDS:
            shutil.rmtree(draft)
