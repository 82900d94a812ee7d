"""Releases: a bundle as requests meet it, and how the next one takes its place while requests come in.

A request takes the present release once and ends on it. The next bundle is loaded beside the present one,
tried, and put in its place by one assignment; the old one goes with its last request.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import Event, Lock, Thread

import polars as pl

from api.deployment.ab_test import Arm, assign_arm
from api.lookups import Lookups
from api.process.interpreter import settle
from models.bundles.promotion import current, last_change, list_promoted
from models.bundles.sealing import BundleError
from recommender.bundle.bundle import Bundle, load_checked
from recommender.bundle.golden import Golden, check_rules
from recommender.messages import Messages
from recommender.responses.recommendations import build_items
from training_data.profiles import ParticipantRows, to_frames

POLL_SECONDS = 1.0
CLOSE_SECONDS = 1.0  # for a bundle that is being loaded; its thread ends with the process

log = logging.getLogger("padan.releases")


@dataclass(frozen=True)
class Release:
    """A bundle and its texts by language."""

    bundle: Bundle
    messages: Mapping[str, Messages]

    @classmethod
    def of(cls, bundle: Bundle) -> Release:
        """Return the release of a bundle in memory."""
        languages = bundle.engine.programme.languages
        return cls(bundle, {language: bundle.messages(language) for language in languages})

    @classmethod
    def load(cls, folder: Path) -> Release:
        """Load a bundle, hold it to its golden answers, and warm it.

        Raises
        ------
        BundleError
            If it is not whole, or does not answer as it did at training.
        """
        release = cls.of(load_checked(folder))
        release.warm([])
        return release

    def lookups(self, language: str) -> Lookups:
        """Return the lists for forms in one of the programme's languages; made once."""
        if language not in self._lookups:
            self._lookups[language] = Lookups.of(self.bundle.engine, language)
        return self._lookups[language]

    @cached_property
    def _lookups(self) -> dict[str, Lookups]:
        return {}

    def know_seats(self, told: pl.DataFrame) -> Release:
        """Return the release whose lists know what an allocation told of its classes."""
        engine = self.bundle.engine
        known = replace(engine, catalogue=engine.catalogue.know_seats(told))
        return replace(self, bundle=replace(self.bundle, engine=known))

    @property
    def version(self) -> str:
        """Version of the bundle."""
        return self.bundle.manifest.version

    def warm(self, recent: Sequence[ParticipantRows]) -> None:
        """Answer made-up and recent people as of today, so that nobody waits for what first use makes.

        Raises
        ------
        BundleError
            If one would get a training that they may not take.
        """
        engine = self.bundle.engine
        day = engine.programme.today()
        groups = [Golden.read(self.bundle.folder).tables(engine)]
        if recent:
            groups.append(to_frames(recent))
        for people, events in groups:
            recommendations = engine.recommend(engine.prepare(people, events, day))
            check_rules(engine, recommendations)
            for messages in self.messages.values():
                build_items(engine, recommendations, messages)


@dataclass(frozen=True)
class Refusal:
    """A promoted bundle that was not taken into service.

    Attributes
    ----------
    version : str
        As the pointer names it.
    """

    version: str
    reason: str
    at: dt.datetime


@dataclass(frozen=True)
class Experiment:
    """A second release that answers a share of the people.

    Attributes
    ----------
    share : float
        From 0 to 1.
    """

    candidate: Release
    share: float

    def arm(self, subject: str) -> Arm:
        """Return the arm of a person, by the salted hash under which the store names them."""
        return assign_arm(subject, self.candidate.version, self.share)


class Releases:
    """The present release, and the one that a share of the people gets.

    Parameters
    ----------
    present : Release
    bundles : Path, optional
        Folder whose pointer is followed; none: the present release stays.
    experiment : Experiment, optional

    Attributes
    ----------
    present : Release
        Read it once in a request.
    refused : Refusal or None
        The promoted bundle, where it is not the present one.
    """

    def __init__(
        self,
        present: Release,
        bundles: Path | None = None,
        experiment: Experiment | None = None,
    ) -> None:
        self.present = present
        self.experiment = experiment
        self.refused: Refusal | None = None
        self._bundles = bundles
        self._seen: tuple[int, int] | None = None
        self._closing = Event()
        self._changing = Lock()
        self._told: pl.DataFrame | None = None
        self._follower: Thread | None = None

    @classmethod
    def of(cls, bundle: Bundle) -> Releases:
        """Return a bundle in memory as the present release, which stays."""
        return cls(Release.of(bundle))

    def know_seats(self, told: pl.DataFrame) -> None:
        """Have lists know from here on what an allocation told of its classes, also those of later bundles."""
        with self._changing:
            self._told = told
            self.present = self.present.know_seats(told)

    def follow(self, recent: Callable[[], Sequence[ParticipantRows]]) -> None:
        """Look for a promotion every second from here on.

        Parameters
        ----------
        recent : callable
            Gives people who were asked about lately; a new bundle is tried on them, too.
        """
        if self._bundles is not None:
            self._follower = Thread(
                target=self._follow, args=(recent,), name="releases", daemon=True
            )
            self._follower.start()

    def close(self) -> None:
        """Stop following."""
        self._closing.set()
        if self._follower is not None:
            self._follower.join(CLOSE_SECONDS)

    def look(self, recent: Callable[[], Sequence[ParticipantRows]] = list) -> None:
        """Take the promoted bundle into service, where there was a promotion since the last look."""
        if self._bundles is None or last_change(self._bundles) in (None, self._seen):
            return
        self._seen = last_change(self._bundles)
        folder = current(self._bundles)
        if folder.name == self.present.version:
            self.refused = None
            return
        try:
            release = Release.load(folder)
            _check_programme(release.bundle, self.present.bundle)
            release.warm(recent())
        except Exception as error:  # whatever is wrong with it, the present one goes on
            self.refused = Refusal(folder.name, _reason(error), dt.datetime.now(dt.UTC))
            log.critical(
                "bundle %s is refused, %s goes on answering: %s",
                folder.name,
                self.present.version,
                self.refused.reason,
            )
            return
        with self._changing:
            told = self._told
            new = release if told is None else release.know_seats(told)
            old, self.present, self.refused = self.present.version, new, None
        log.warning("bundle %s answers from here on, after %s", release.version, old)

    def _follow(self, recent: Callable[[], Sequence[ParticipantRows]]) -> None:
        while not self._closing.wait(POLL_SECONDS):
            before = self.present
            try:
                self.look(recent)
            except (OSError, BundleError) as error:
                log.error("the pointer to the current bundle is not readable: %s", error)
            if self.present is not before:
                settle()


def newest_whole(bundles: Path) -> Release:
    """Load the current bundle; where it is refused, the last promoted one before it that is not.

    Raises
    ------
    BundleError
        If there is none.
    """
    refused: BundleError | None = None
    current(bundles)  # says so where nothing was promoted
    for version in dict.fromkeys(list_promoted(bundles)):
        try:
            return Release.load(bundles / version)
        except BundleError as error:
            log.critical("bundle %s is refused: %s", version, error)
            refused = refused or error
    raise refused or BundleError(f"{bundles}: no bundle")


def _check_programme(new: Bundle, present: Bundle) -> None:
    """Hold a bundle to the programme and region pack of the participants whom the store holds."""
    for name in ("programme", "regions"):
        wanted, found = (str(getattr(one.manifest, name)).split("@")[0] for one in (present, new))
        if found != wanted:
            raise BundleError(
                f"its {name} is '{found}' and the service's '{wanted}'; "
                "serve another programme from a home and store of its own"
            )


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, BundleError) else f"{type(error).__name__}: {error}"
