import asyncio

from pricewatch.watch import watch


def test_the_heart_beats_beside_the_rounds() -> None:
    heard: list[str] = []

    async def one_round() -> int:
        return 2

    assert asyncio.run(watch(one_round, 3, 0.0, heard.append)) == 6
    assert heard
    assert set(heard) == {"alive"}
