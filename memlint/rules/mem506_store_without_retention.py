"""MEM506 store-without-retention."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from memlint.flow.analysis import Analysis
from memlint.flow.growth import reference
from memlint.rules.definitions import Definitions, StructureRule, definitions, own_nodes
from memlint.rules.triggers import AnyWord

_REDIS = frozenset({
    "redis.Redis", "redis.StrictRedis", "redis.Redis.from_url", "redis.from_url", "redis.StrictRedis.from_url",
    "redis.asyncio.Redis", "redis.asyncio.from_url", "redis.asyncio.Redis.from_url", "aioredis.from_url",
})  # fmt: skip
_EXPIRING = frozenset({"ex", "px", "exat", "pxat", "keepttl"})
_BOUNDING = {
    "set": ("expire", "expireat", "pexpire", "delete", "unlink", "getdel", "getex", "flushdb"),
    "lpush": ("ltrim", "lpop", "rpop", "brpop", "blpop", "lrem", "expire", "delete", "rpoplpush", "lmove", "blmove"),
    "rpush": ("ltrim", "lpop", "rpop", "brpop", "blpop", "lrem", "expire", "delete", "rpoplpush", "lmove", "blmove"),
    "xadd": ("xtrim", "xdel", "delete", "expire"),
}
"""What adds to the server, and the calls any of which takes away again."""
_STORES = {
    "diskcache.Index": None,
    "diskcache.Deque": "maxlen",
    "joblib.Memory": None,
    "requests_cache.CachedSession": "expire_after",
    "requests_cache.install_cache": "expire_after",
}
"""Stores that keep everything unless an argument (None: a later call) says otherwise."""
_SWEEPS = frozenset(
    {"clear", "cull", "delete", "expire", "pop", "popitem", "popleft", "reduce_size", "remove_expired_responses"}
)


class StoreWithoutRetention(StructureRule):
    """What is written to a store outside the process has no end, and nothing takes it away again."""

    code = "MEM506"
    name = "store-without-retention"
    summary = "Entries are written to a store without an expiry, and nothing ever removes one."
    trigger = AnyWord((b"redis", b"diskcache", b"joblib", b"requests_cache"))

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a store that is made, and one a way of adding to the server."""
        found = definitions(analysis.source)
        nodes = list(ast.walk(found.tree))
        called = {
            each.func.attr for each in nodes if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute)
        }
        symbols = {id(node): each.symbol for each in found.functions for node in own_nodes(each.node)}
        servers = _servers(nodes, found)
        for node in nodes:
            if isinstance(node, ast.Call):
                message = _kept(node, found, called) or _added(node, servers, called)
                if message is not None:
                    yield symbols.get(id(node), "<module>"), node, message


def _servers(nodes: list[ast.AST], found: Definitions) -> set[str]:
    """The names and fields that are clients of a server."""
    servers: set[str] = set()
    for node in nodes:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or not isinstance(node.value, ast.Call):
            continue
        if _REDIS & set(found.names.qualified(node.value.func)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            servers.update(name for target in targets if (name := reference(target)) is not None)
    return servers


def _kept(call: ast.Call, found: Definitions, called: set[str]) -> str | None:
    for name in found.names.qualified(call.func):
        if name in _STORES and not called & _SWEEPS:
            bound = _STORES[name]
            if name == "joblib.Memory" and not call.args and not call.keywords:
                continue  # without a place it stores nothing
            if bound is None or all(keyword.arg not in (bound, None) for keyword in call.keywords):
                cure = f"`{bound}` is not given" if bound else "nothing ever removes an entry"
                return f"`{ast.unparse(call.func)}` keeps every entry for good: {cure}"
    return None


def _added(call: ast.Call, servers: set[str], called: set[str]) -> str | None:
    match call:
        case ast.Call(func=ast.Attribute(value=owner, attr=method), args=[key, *rest]) if method in _BOUNDING:
            name = reference(owner)
            given = {keyword.arg for keyword in call.keywords}
            bounded = given & (_EXPIRING | {"maxlen", "minid", None}) or (method == "set" and len(rest) > 1)
            varies = isinstance(key, ast.JoinedStr) or method != "set"
            if name in servers and varies and not bounded and not called & set(_BOUNDING[method]):
                return f"`{name}.{method}` adds to the server, and nothing in this file expires, trims or deletes"
    return None
