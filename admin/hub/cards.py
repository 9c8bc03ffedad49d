"""Who has which graphics card: kept in one file, so that no two servers have the same one by accident.

A card is a name that the container engine knows: an index ("0"), a card's UUID ("GPU-…"), or that of a slice
of a card ("MIG-…"), which then takes the card's place. Standard library only: a hub may use this file alone.

To ask the engine for any one card (`count=1`) gives everybody the same one
(https://github.com/jupyterhub/dockerspawner/issues/331).
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

NONE_FREE = "All {number} graphics cards are in use: try again when somebody has stopped their server."
NO_LIST = "The list of graphics cards is empty: name them, as in 0,1 or MIG-…,MIG-…"
TWO_WAYS = (
    "The list of graphics cards has numbers and UUIDs of cards, which may mean the same card: name all of "
    "them in one way."
)
TWICE = "{card} stands in the list of graphics cards twice, so two servers would share it."
NO_CARD = "{card!r} in the list of graphics cards is neither a number nor the UUID of a card or of a slice."

# As `nvidia-smi -L` names them; slices of old drivers are MIG-GPU-<UUID>/<number>/<number>.
_NAME = re.compile(r"\d+|GPU-[0-9a-f-]+|MIG-[0-9a-f-]+|MIG-GPU-[0-9a-f-]+/\d+/\d+", re.IGNORECASE)


class NoCardFree(Exception):
    """Every card has a holder; JupyterHub shows `jupyterhub_message` to who asked for one."""

    def __init__(self, number: int) -> None:
        self.jupyterhub_message = NONE_FREE.format(number=number)
        super().__init__(self.jupyterhub_message)


class Cards:
    """The cards of one machine, and who holds them.

    What is written is on the disk before a card is given away, so it outlives the hub; several processes may
    ask at the same time. A holder has at most one card, and gets the same one when they ask again.
    """

    def __init__(self, file: Path, names: Sequence[str]) -> None:
        """Raises ValueError, with a sentence, for a list that can't be one of cards."""
        if not names:
            raise ValueError(NO_LIST)
        for name in names:
            if not _NAME.fullmatch(name):
                raise ValueError(NO_CARD.format(card=name))
            if names.count(name) > 1:
                raise ValueError(TWICE.format(card=name))
        if any(name.isdigit() for name in names) and any(name.upper().startswith("GPU-") for name in names):
            raise ValueError(TWO_WAYS)
        self.file = file
        self.names = tuple(names)

    def take(self, holder: str) -> str:
        """The card of this holder, theirs from now on until they give it back. Raises NoCardFree."""
        with self._at_once() as database:
            held = dict(database.execute("SELECT holder, card FROM held"))
            if held.get(holder) in self.names:
                return str(held[holder])
            free = [name for name in self.names if name not in held.values()]
            if not free:
                raise NoCardFree(len(self.names))
            # A holder of a card that has been taken off the list gets another.
            database.execute("INSERT OR REPLACE INTO held VALUES (?, ?)", (holder, free[0]))
            return free[0]

    def give_back(self, holder: str) -> None:
        """This holder has no card any more; no matter if they had none."""
        with self._at_once() as database:
            database.execute("DELETE FROM held WHERE holder = ?", (holder,))

    def held(self) -> dict[str, str]:
        """Every card that has a holder, and who that is."""
        with self._at_once() as database:
            return dict(database.execute("SELECT card, holder FROM held ORDER BY card"))

    @contextmanager
    def _at_once(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing, and nobody else meanwhile."""
        with closing(sqlite3.connect(self.file, timeout=30, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                database.execute(
                    "CREATE TABLE IF NOT EXISTS held (holder TEXT PRIMARY KEY, card TEXT UNIQUE NOT NULL)"
                )
                yield database
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")


class OneCardEach:
    """What DockerSpawner is told: a server starts with a card of its own, and gives it back when stopped."""

    def __init__(self, cards: Cards) -> None:
        self.cards = cards

    def device_requests(self, spawner: Any) -> list[dict[str, Any]]:
        """What stands under this name in `DockerSpawner.extra_host_config`. Raises NoCardFree."""
        card = self.cards.take(holder(spawner))
        return [{"Driver": "nvidia", "DeviceIDs": [card], "Capabilities": [["gpu"]]}]

    async def after_stop(self, spawner: Any) -> None:
        """For `DockerSpawner.post_stop_hook`, which also runs when a start has failed or a server has died.

        The hub calls it even if stopping took too long, so it asks whether the container still runs: then it
        keeps its card. What was running when the hub went down is looked at by the hub when it is back.
        """
        if await spawner.poll() is not None:
            self.cards.give_back(holder(spawner))


def holder(spawner: Any) -> str:
    """Who holds a card: a server, as one person may have several that have names."""
    return f"{spawner.user.name}/{spawner.name}"


def from_environment() -> OneCardEach:
    """The cards named in CONVNET_CARDS, with commas, kept in the file CONVNET_CARDS_FILE."""
    names = [name.strip() for name in os.environ.get("CONVNET_CARDS", "").split(",") if name.strip()]
    return OneCardEach(Cards(Path(os.environ.get("CONVNET_CARDS_FILE", "cards.sqlite")), names))
