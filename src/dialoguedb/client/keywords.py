"""Keyword arguments: those a method has are shown by `help()`, others are refused as by Python.

The server overlooks fields that it does not know, so a misspelt one would be lost for good.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast, get_args

P = ParamSpec("P")
R = TypeVar("R")


def known_only(method: Callable[P, R]) -> Callable[P, R]:
    """Let a method that takes `**fields: Unpack[...]` raise TypeError for any other keyword."""
    signature = _spelled_out(inspect.signature(method))
    allowed = signature.parameters.keys()

    def check(keywords: Mapping[str, object]) -> None:
        for name in keywords:
            if name not in allowed:
                raise TypeError(
                    f"{method.__qualname__}() got an unexpected keyword argument {name!r}"
                )

    @wraps(method)
    def checked(*args: P.args, **keywords: P.kwargs) -> R:
        check(keywords)
        return method(*args, **keywords)

    @wraps(method)
    async def awaited(*args: P.args, **keywords: P.kwargs) -> Any:
        check(keywords)
        return await cast("Awaitable[Any]", method(*args, **keywords))

    # Frameworks look whether a function is to be awaited, and help() at its signature.
    made: Any = awaited if inspect.iscoroutinefunction(method) else checked
    made.__signature__ = signature
    return cast("Callable[P, R]", made)


def _spelled_out(signature: inspect.Signature) -> inspect.Signature:
    """Name each keyword that `**fields: Unpack[...]` stands for."""
    parameters = []
    for parameter in signature.parameters.values():
        if parameter.kind is not parameter.VAR_KEYWORD:
            parameters.append(parameter)
            continue
        (fields,) = get_args(parameter.annotation)
        parameters += [
            inspect.Parameter(name, parameter.KEYWORD_ONLY, default=None, annotation=kind)
            for name, kind in fields.__annotations__.items()
        ]
    return signature.replace(parameters=parameters)
