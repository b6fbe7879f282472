"""Copies of modules: compiled or parallel ones, with hooks, stored features or replaced methods.

``copy.deepcopy`` alone fails for a tensor with a graph, a lock or an open file, and does not copy functions, so that a
patched ``forward`` of the copy would run the original.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from copy import deepcopy
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from core.files import first_line
from core.types import InvalidInput

CALL_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
"""The attributes of a module for the hooks that run with it."""
COMPILED = "_torchdynamo_orig_callable"
"""The attribute for the function given to ``torch.compile``."""


def hooked(module: nn.Module) -> bool:
    """Whether the module has hooks."""
    return any(getattr(module, kind, None) for kind in CALL_HOOKS)


def duplicate(module: nn.Module, shared: Collection[Tensor] = ()) -> nn.Module:
    """A copy that shares only the tensors in ``shared`` with the module, which stays unchanged.

    A module within ``torch.compile`` or a parallel wrapper is copied without it. Tensors lose their graph. Objects that
    cannot be copied, such as a lock or a Python module, are shared. Functions in the module (a replaced ``forward``,
    hooks) refer to the copy instead of the module.

    Raises:
        InvalidInput: it cannot be copied.
    """
    with torch.inference_mode(False), torch.no_grad():
        module, memo = unwrap(module), {id(one): one for one in shared}
        try:
            copy, made = _copied(module, dict(memo))
        except Exception:  # a module may hold any object
            parts = {id(one): one for part in module.modules() for one in (part, *part.parameters(recurse=False))}
            for part in module.modules():
                _share_state(vars(part), memo, parts, set())
            try:
                copy, made = _copied(module, memo)
            except Exception as error:
                raise InvalidInput(
                    "The module cannot be copied: {reason}. Give a freshly loaded module.", reason=first_line(error)
                ) from error
        for part in copy.modules():
            _rebind(part, made)
            _decompile(part)
    return copy


def opened(module: object) -> object:
    """The module in the result of ``torch.export``; anything else is returned unchanged."""
    if type(module).__module__.startswith("torch.export") and hasattr(module, "module"):
        return module.module()
    return module


def check_weights(module: nn.Module) -> None:
    """Refuse a module whose weights have no values."""
    weights = [*module.parameters(), *module.buffers()]
    if any(nn.parameter.is_lazy(one) for one in weights):
        raise InvalidInput("The module has lazy layers without weights. Run it on a picture before you adopt it.")
    if any(one.is_meta for one in weights):
        raise InvalidInput("The module is on the meta device, where it has no weights. Load its weights first.")


def unwrap(module: nn.Module) -> nn.Module:
    """The module within ``torch.compile`` or a parallel wrapper."""
    while (inner := _wrapped(module)) is not None:
        module = inner
    return module


def _wrapped(module: nn.Module) -> nn.Module | None:
    compiled = type(module).__module__.startswith("torch._dynamo")  # importing it takes seconds
    if not compiled and not isinstance(module, nn.DataParallel | DistributedDataParallel):
        return None
    if hooked(module):
        kind = "compiled" if compiled else "parallel"
        raise InvalidInput(
            "Hooks are set on the {kind} wrapper of the module. Set them on the module itself.", kind=kind
        )
    return module.get_submodule("_orig_mod" if compiled else "module")


def _copied(module: nn.Module, memo: dict[int, Any]) -> tuple[nn.Module, dict[int, Any]]:
    """The deep copy with its memo; wrappers in it are replaced by copies of their modules."""
    for part in reversed(list(module.modules())):
        if _wrapped(part) is not None:
            memo[id(part)] = deepcopy(unwrap(part), memo)
    return deepcopy(module, memo), memo


def _share_state(value: Any, memo: dict[int, Any], parts: dict[int, Any], seen: set[int]) -> None:
    """Add everything in a value that ``deepcopy`` cannot copy to the memo, to be shared."""
    if id(value) in seen or id(value) in memo or id(value) in parts:
        return
    seen.add(id(value))
    if isinstance(value, Tensor):
        if not value.is_leaf:
            memo[id(value)] = value.detach().clone()
    elif isinstance(value, ModuleType):  # such as numpy, with everything that it imports
        memo[id(value)] = value
    elif isinstance(value, dict | list | tuple | set | frozenset):
        for one in list(value.values() if isinstance(value, dict) else value):
            _share_state(one, memo, parts, seen)
    elif not isinstance(value, str | int | float | complex | bytes | type | FunctionType | None):
        _share_state(getattr(value, "__dict__", ()), memo, parts, seen)
        try:
            deepcopy(value, {**parts, **memo})
        except Exception:  # locks, open files, generators
            memo[id(value)] = value


def _rebind(module: nn.Module, memo: dict[int, Any]) -> None:
    """Let the functions in a copied module refer to the copy."""
    carried = vars(module)
    for store in (carried, *(carried[kind] for kind in CALL_HOOKS if carried.get(kind))):
        for key, value in store.items():
            if isinstance(value, FunctionType):
                store[key] = _rebound(value, memo)
            elif isinstance(found := getattr(value, "forward", None), FunctionType) and not isinstance(value, type):
                value.forward = _rebound(found, memo)


def _rebound(value: Any, memo: dict[int, Any]) -> Any:
    """The counterpart of a value in the copy: the copy of a module, or a function that refers to copies."""
    if id(value) in memo and not isinstance(value, FunctionType):
        return memo[id(value)]
    if isinstance(value, MethodType):
        owner = _rebound(value.__self__, memo)
        return value if owner is value.__self__ else MethodType(value.__func__, owner)
    if isinstance(value, list | tuple) and any(isinstance(one, nn.Module | MethodType) for one in value):
        return type(value)(_rebound(one, memo) for one in value) if type(value) in (list, tuple) else value
    if not isinstance(value, FunctionType) or hasattr(value, COMPILED):
        return value
    if id(value) in memo:  # a function that refers to itself, or was bound before
        return memo[id(value)]
    cells = value.__closure__ or ()
    held = [*_contents(cells), *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
    if not any(isinstance(one, nn.Module | MethodType | FunctionType | list | tuple) for one in held):
        return value
    closure = tuple(CellType() for _ in cells)
    made = FunctionType(value.__code__, value.__globals__, value.__name__, None, closure)
    memo[id(value)] = made
    for empty, cell in zip(closure, cells, strict=True):
        for content in _contents((cell,)):
            empty.cell_contents = _rebound(content, memo)
    made.__defaults__ = value.__defaults__ and tuple(_rebound(one, memo) for one in value.__defaults__)
    kept = value.__kwdefaults__
    made.__kwdefaults__ = kept and {name: _rebound(one, memo) for name, one in kept.items()}
    made.__dict__.update(value.__dict__)
    return made


def _contents(cells: tuple[CellType, ...]) -> Iterator[Any]:
    for cell in cells:
        try:
            yield cell.cell_contents
        except ValueError:  # an empty cell
            continue


def _decompile(module: nn.Module) -> None:
    """Let a module with a compiled ``forward`` run the original function."""
    forward = getattr(module, "forward", None)  # a traced list of modules has none
    own = getattr(forward, "__func__", forward)
    if hasattr(own, COMPILED):
        plain = getattr(own, COMPILED)
        vars(module).pop("forward", None)
        if getattr(plain, "__func__", plain) is not type(module).forward:
            module.forward = MethodType(getattr(plain, "__func__", plain), module)
