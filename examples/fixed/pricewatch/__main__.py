"""Run the price watcher: `python -m pricewatch settings.json --rounds 3 --pause 10`."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from pricewatch.collect import fetch_all, save
from pricewatch.failures import status_page
from pricewatch.settings import load_settings
from pricewatch.watch import watch


def main(words: Sequence[str] | None = None) -> None:
    """Collect for some rounds, then say what was stored and what failed."""
    parser = argparse.ArgumentParser(prog="pricewatch", description="Collect share prices from HTTP feeds.")
    parser.add_argument("settings", type=Path, help="a JSON file with feeds, database and workers")
    parser.add_argument("--rounds", type=int, default=1, help="how often to fetch every feed")
    parser.add_argument("--pause", type=float, default=60.0, help="seconds between two rounds")
    arguments = parser.parse_args(words)
    settings = load_settings(arguments.settings)

    async def one_round() -> int:
        quotes = await asyncio.to_thread(fetch_all, settings.feeds, settings.workers)
        return await asyncio.to_thread(save, settings.database, quotes)

    stored = asyncio.run(watch(one_round, arguments.rounds, arguments.pause, print))
    print(f"stored {stored} quotes", status_page(), sep="\n")


if __name__ == "__main__":
    main()
