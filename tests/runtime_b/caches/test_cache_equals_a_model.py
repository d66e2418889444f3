"""Whatever is done to a cache, it holds what a naive model of its policy holds."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pytest_memguard.runtime.caches import Cache, Cause


@dataclass
class Item:
    key: int
    value: object
    weight: int
    priority: int
    arrival: int
    visits: int = 0
    expires: float | None = None
    idle: float | None = None
    touched: float = 0

    def over(self, now: float) -> Cause | None:
        ends = {Cause.EXPIRED: self.expires, Cause.IDLE: None if self.idle is None else self.touched + self.idle}
        due = {cause: end for cause, end in ends.items() if end is not None and end <= now}
        # The earlier end names the cause; of two equal ones the time to live does.
        return min(due, key=lambda cause: (due[cause], cause is Cause.IDLE)) if due else None


class Listed:
    """Models keep plain lists and search them."""

    def __init__(self) -> None:
        self.order: list[Item] = []

    def admit(self, item: Item) -> None:
        self.order.append(item)

    def hit(self, item: Item) -> None:
        item.visits += 1

    def forget(self, item: Item) -> None:
        self.order.remove(item)

    def victim(self) -> Item:
        return self.order.pop(0)


class LruModel(Listed):
    def hit(self, item: Item) -> None:
        self.order.remove(item)
        self.order.append(item)


class LfuModel(Listed):
    """`order` is the order in which the items reached their frequency."""

    def hit(self, item: Item) -> None:
        item.visits += 1
        self.order.remove(item)
        self.order.append(item)

    def victim(self) -> Item:
        item = min(self.order, key=lambda each: each.visits)
        self.order.remove(item)
        return item


class PriorityModel(Listed):
    def victim(self) -> Item:
        item = min(self.order, key=lambda each: each.priority)
        self.order.remove(item)
        return item


class SieveModel(Listed):
    """The hand is an index into the list from old to new."""

    def __init__(self) -> None:
        super().__init__()
        self.hand = 0

    def forget(self, item: Item) -> None:
        if self.order.index(item) < self.hand:
            self.hand -= 1
        self.order.remove(item)
        self.begin_anew_past_the_newest()

    def begin_anew_past_the_newest(self) -> None:
        """At once, not when the hand moves next: what is added meanwhile is not looked at first."""
        if self.hand >= len(self.order):
            self.hand = 0

    def victim(self) -> Item:
        while self.order[self.hand].visits:
            self.order[self.hand].visits = 0
            self.hand = (self.hand + 1) % len(self.order)
        item = self.order.pop(self.hand)
        self.begin_anew_past_the_newest()
        return item


class S3FifoModel:
    def __init__(self) -> None:
        self.small: list[Item] = []
        self.main: list[Item] = []
        self.ghosts: list[int] = []

    def admit(self, item: Item) -> None:
        if item.key in self.ghosts:
            self.ghosts.remove(item.key)
            self.main.append(item)
        else:
            self.small.append(item)

    def hit(self, item: Item) -> None:
        item.visits += 1

    def forget(self, item: Item) -> None:
        (self.small if item in self.small else self.main).remove(item)

    def victim(self) -> Item:
        while True:
            newcomers = sum(item.weight for item in self.small)
            everything = newcomers + sum(item.weight for item in self.main)
            if self.small and (not self.main or 10 * newcomers >= everything):
                item = self.small.pop(0)
                if not item.visits:
                    if item.key in self.ghosts:
                        self.ghosts[self.ghosts.index(item.key)] = item.key
                    else:
                        self.ghosts.append(item.key)
                    if len(self.ghosts) > len(self.small) + len(self.main):
                        del self.ghosts[0]
                    return item
                item.visits = 0
                self.main.append(item)
            else:
                item = self.main.pop(0)
                if not item.visits:
                    return item
                item.visits = min(item.visits, 3) - 1
                self.main.append(item)


MODELS: dict[str, type[Any]] = {
    "fifo": Listed,
    "lru": LruModel,
    "lfu": LfuModel,
    "priority": PriorityModel,
    "sieve": SieveModel,
    "s3fifo": S3FifoModel,
}


@dataclass
class Model:
    """A cache as a list of items and a policy that searches it."""

    policy: Any
    max_items: int
    max_weight: int
    now: float = 0
    items: dict[int, Item] = field(default_factory=dict)
    left: list[tuple[int, object, Cause]] = field(default_factory=list)
    arrivals: int = 0

    def drop(self, item: Item, cause: Cause) -> None:
        del self.items[item.key]
        self.left.append((item.key, item.value, cause))

    def expire(self) -> None:
        for item in list(self.items.values()):
            cause = item.over(self.now)
            if cause is not None:
                self.policy.forget(item)
                self.drop(item, cause)

    def admit(self, item: Item) -> None:
        while (
            len(self.items) >= self.max_items
            or sum(each.weight for each in self.items.values()) + item.weight > self.max_weight
        ):
            self.drop(self.policy.victim(), Cause.EVICTED)
        self.items[item.key] = item
        self.policy.admit(item)

    def put(self, key: int, value: object, weight: int, priority: int, ttl: Any, idle: Any) -> None:
        self.expire()
        self.arrivals += 1
        item = self.items.get(key)
        if item is None:
            item = Item(key, value, weight, priority, self.arrivals)
            self.admit(item)
        else:
            self.left.append((key, item.value, Cause.REPLACED))
            item.value = value
            if (item.weight, item.priority) == (weight, priority):
                if isinstance(self.policy, LruModel | LfuModel):
                    self.policy.hit(item)
                else:
                    item.visits += 1
            else:
                item.visits += 1
                self.policy.forget(item)
                del self.items[key]
                item.weight, item.priority = weight, priority
                self.admit(item)
        item.expires = None if ttl is None else self.now + ttl
        item.idle, item.touched = idle, self.now

    def get(self, key: int) -> object:
        item = self.items.get(key)
        if item is None:
            return None
        if item.over(self.now):
            self.expire()
            return None
        item.touched = self.now
        self.policy.hit(item)
        return item.value

    def withdraw(self, key: int, cause: Cause) -> object:
        item = self.items.get(key)
        if item is None:
            return None
        over = item.over(self.now)
        self.policy.forget(item)
        self.drop(item, over or cause)
        return None if over else item.value


KEYS = st.integers(0, 12)
SECONDS = st.sampled_from([None, 1, 2, 5])


class CacheMachine(RuleBasedStateMachine):
    policy: str

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(MODELS[self.policy](), max_items=6, max_weight=20)
        self.heard: list[tuple[int, object, Cause]] = []
        self.cache: Cache[int, tuple[int, int]] = Cache(
            6,
            max_bytes=20,
            weigh=lambda _, value: value[1],
            policy=self.policy,  # type: ignore[arg-type]
            on_remove=lambda *removal: self.heard.append(removal),
            clock=lambda: self.model.now,
        )
        self.puts = 0

    @rule(key=KEYS, weight=st.integers(0, 7), priority=st.integers(0, 2), ttl=SECONDS, idle=SECONDS)
    def put(self, key: int, weight: int, priority: int, ttl: int | None, idle: int | None) -> None:
        self.puts += 1
        value = (self.puts, weight)
        self.model.put(key, value, weight, priority, ttl, idle)
        self.cache.put(key, value, ttl=ttl, idle=idle, priority=priority)

    @rule(keys=st.lists(KEYS, max_size=5))
    def get(self, keys: list[int]) -> None:
        for key in keys:
            assert self.cache.get(key) == self.model.get(key)

    @rule(key=KEYS)
    def peek(self, key: int) -> None:
        item = self.model.items.get(key)
        there = item is not None and not item.over(self.model.now)
        assert (key in self.cache) is there
        assert self.cache.peek(key) == (item.value if item is not None and there else None)

    @rule(key=KEYS)
    def take(self, key: int) -> None:
        assert self.cache.take(key) == self.model.withdraw(key, Cause.TAKEN)

    @rule(key=KEYS)
    def remove(self, key: int) -> None:
        there = key in self.model.items
        self.model.withdraw(key, Cause.REMOVED)
        assert self.cache.remove(key) is there

    @rule(seconds=st.integers(1, 4))
    def wait(self, seconds: int) -> None:
        self.model.now += seconds

    @rule()
    def expire(self) -> None:
        before = len(self.model.items)
        self.model.expire()
        assert self.cache.expire() == before - len(self.model.items)

    @rule(share=st.sampled_from([0.0, 0.3, 0.5, 1.0]))
    def press(self, share: float) -> None:
        self.model.expire()
        keep = int(sum(item.weight for item in self.model.items.values()) * (1 - share))
        while self.model.items and sum(item.weight for item in self.model.items.values()) > keep:
            self.model.drop(self.model.policy.victim(), Cause.PRESSURE)
        self.cache.evict(share)

    @precondition(lambda self: len(self.heard) > 20)
    @rule()
    def clear(self) -> None:
        for item in list(self.model.items.values()):
            self.model.drop(item, Cause.REMOVED)
        self.model.policy = MODELS[self.policy]()
        self.cache.clear()

    @invariant()
    def contents_are_the_models(self) -> None:
        assert dict(self.cache.items()) == {key: item.value for key, item in self.model.items.items()}

    @invariant()
    def each_left_once_with_the_right_cause(self) -> None:
        assert Counter(self.heard) == Counter(self.model.left)

    @invariant()
    def bounds_hold_and_the_books_balance(self) -> None:
        statistics = self.cache.statistics()
        assert statistics.items <= 6
        assert statistics.weight == sum(item.weight for item in self.model.items.values()) <= 20
        assert statistics.puts == self.puts == statistics.items + len(self.heard)
        left = (
            statistics.replaced + statistics.evicted + statistics.expired + statistics.pressed,
            statistics.removed + statistics.taken + statistics.closed,
        )
        assert sum(left) == len(self.heard)

    def teardown(self) -> None:
        self.cache.close()
        assert Counter(self.heard) - Counter(self.model.left) == Counter(
            (key, item.value, Cause.CLOSED) for key, item in self.model.items.items()
        )


@pytest.mark.parametrize("policy", sorted(MODELS))
def test_a_cache_holds_what_the_model_of_its_policy_holds(policy: str) -> None:
    machine = type(f"{policy}Machine", (CacheMachine,), {"policy": policy})
    test = machine.TestCase
    test.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
    test("runTest").runTest()


@pytest.mark.parametrize("policy", sorted(MODELS))
def test_a_long_life_keeps_the_cache_and_its_model_equal(policy: str) -> None:
    """Random walks reach the states that need a history: frequencies, ghosts, postponed deadlines."""
    chance = random.Random(policy)
    machine = type(f"{policy}Machine", (CacheMachine,), {"policy": policy})()
    for _ in range(6000):
        match chance.choices(("get", "put", "wait", "rare"), (10, 6, 2, 1))[0]:
            case "get":
                machine.get([min(chance.randrange(13), chance.randrange(13)) for _ in range(3)])
            case "put":
                times = chance.choices((None, 2, 5, 9), (6, 1, 2, 2), k=2)
                machine.put(chance.randrange(13), chance.randrange(1, 5), chance.randrange(3), *times)
            case "wait":
                machine.wait(1)
            case _:
                key = chance.randrange(13)
                chance.choice((machine.expire, partial(machine.take, key), partial(machine.remove, key)))()
                machine.press(chance.choice((0.0, 0.3)))
        machine.contents_are_the_models()
    machine.each_left_once_with_the_right_cause()
    machine.bounds_hold_and_the_books_balance()
    machine.teardown()
