"""Keys of the words of Learn that are known only when the app runs."""

from __future__ import annotations

MATERIALS = ("worksheet", "key", "gift")

OF_LEARN = {
    "learn.{name}": [f"learn.{one}" for one in MATERIALS],
    "learn.{name}.help": [f"learn.{one}.help" for one in MATERIALS],
}
