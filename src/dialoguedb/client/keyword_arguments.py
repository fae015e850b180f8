"""Keyword arguments: `help()` shows those that a method takes; others raise TypeError.

The server ignores fields that it does not know, so a misspelt one would be lost for good.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast, get_args

P = ParamSpec("P")
R = TypeVar("R")


def known_only(method: Callable[P, R]) -> Callable[P, R]:
    """Make a method that takes `**options: Unpack[...]` refuse any other keyword."""
    signature = _expanded(inspect.signature(method))
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

    # Frameworks test whether a function is a coroutine function, and help() shows the signature.
    wrapper: Any = awaited if inspect.iscoroutinefunction(method) else checked
    wrapper.__signature__ = signature
    return cast("Callable[P, R]", wrapper)


def _expanded(signature: inspect.Signature) -> inspect.Signature:
    """Replace `**options: Unpack[...]` with one parameter for each keyword."""
    parameters = []
    for parameter in signature.parameters.values():
        if parameter.kind is not parameter.VAR_KEYWORD:
            parameters.append(parameter)
            continue
        (options,) = get_args(parameter.annotation)
        parameters += [
            inspect.Parameter(name, parameter.KEYWORD_ONLY, default=None, annotation=kind)
            for name, kind in options.__annotations__.items()
        ]
    return signature.replace(parameters=parameters)
