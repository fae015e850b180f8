"""Keyword arguments that a method does not have, refused as Python refuses them.

The server overlooks fields that it does not know, so a misspelt one would be lost for good.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, get_args

P = ParamSpec("P")
R = TypeVar("R")


def known_only(method: Callable[P, R]) -> Callable[P, R]:
    """Let a method that takes `**fields: Unpack[...]` raise TypeError for any other keyword."""
    allowed: set[str] = set()
    for parameter in inspect.signature(method).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            (fields,) = get_args(parameter.annotation)
            allowed |= fields.__annotations__.keys()
        else:
            allowed.add(parameter.name)

    @wraps(method)
    def checked(*args: P.args, **keywords: P.kwargs) -> R:
        for name in keywords:
            if name not in allowed:
                raise TypeError(
                    f"{method.__qualname__}() got an unexpected keyword argument {name!r}"
                )
        return method(*args, **keywords)

    return checked
