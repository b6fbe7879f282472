"""What simulated users do: every kind of click by one user, and a class of users with pauses for thinking."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from app.views.mistakes.address import CASE
from app.widgets.models import family_title, group, model_label
from app.words import word
from core.models import zoo
from core.tasks import find_task
from core.types import ModelCard
from tests.websocket_users import User

MODEL, SAMPLE = "scenes/self-attention", "scenes/24"
KINDS = ("picture", "model", "pin", "class", "intervention", "page", "next or previous")
MIX = {"picture": 50, "model": 25, "family": 12, "method": 13}
"""How often users of a class do what, in percent."""
OWN_PICTURES = 100_000
"""Each user has the pictures from so many times its number on, so no two users see the same picture."""


@dataclass
class Times:
    """Seconds of ``clicks`` by kind, of ``first`` uses, and what ``failed``."""

    clicks: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    first: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failed: list[str] = field(default_factory=list)


def shipped() -> list[ModelCard]:
    """The cards of the models whose weights are here."""
    return [card for card in zoo.cards() if zoo.present(card)]


class Person:
    """A user who clicks: each method is a kind of click and returns its seconds from change to finished run."""

    def __init__(self, address: str, number: int = 0, query: str = f"model={MODEL}&sample={SAMPLE}", page: str = ""):
        self.user, self.draw, self.seen = User(address, query, page), random.Random(number), number * OWN_PICTURES

    @property
    def model(self) -> str:
        """The slug of the model, from the address."""
        return next(one[6:] for one in self.user.query.split("&") if one.startswith("model=")).replace("%2F", "/")

    def picture(self) -> float:
        """Another picture, which nobody has seen."""
        self.seen += 1
        family = self.model.partition("/")[0]
        slug = f"{family if find_task(family) else 'scenes'}/{self.seen}"
        return self.user.trigger("gallery", "chosen", {"slug": slug, "action": "choose"})

    def pick_another(self, key: str, allowed: set[str] | None = None) -> float:
        """Another option of a list or of a group of buttons, one of the ``allowed`` ones."""
        names = self.user.options(key)
        others = [place for place in self.user.others(key) if allowed is None or names[place] in allowed]
        return self.user.select(key, self.draw.choice(others or [0]))

    def choose_model(self) -> float:
        """Another model of the group, of those whose weights are here."""
        return self.pick_another("model", {model_label(card) for card in shipped()})

    def family(self) -> float:
        """A model of another group, of those whose weights are here."""
        return self.pick_another("family", {family_title(group(card.family)) for card in shipped()})

    def method(self) -> float:
        """Another attribution method that takes less than a second."""
        quick = {one for one in self.user.options("method") if one.endswith(word("method.quick"))}
        return self.pick_another("method", quick)

    def choose_class(self) -> float:
        """Explain another class of the five bars."""
        return self.user.trigger("answer", "chosen", self.draw.randrange(1, 5))

    def step(self) -> float:
        """The next picture of a run; the previous one at its end."""
        ended = self.user.widgets["case-next"].disabled
        return self.user.press("case-previous" if ended else "case-next")


def click_alone(address: str, times: Times, rounds: int, run: str = "") -> None:
    """Measure every kind of click by the only user of a warm server; ``run`` is a scan, for the page Mistakes."""
    one = Person(address)
    times.first["first page"].append(one.user.run())
    models = len(one.user.options("model"))
    for place in range(models):
        times.first["model"].append(one.user.select("model", place))
    for number in range(rounds):
        measured = {
            "model": lambda number=number: one.user.select(
                "model", 1 + number % (models - 1)
            ),  # the first has no attention
            "pin": lambda: one.user.press("keep"),
            "class": one.choose_class,
            "intervention": lambda: one.pick_another("way", set(list_ways())),
        }
        for kind, click in measured.items():
            times.clicks["picture"].append(one.picture())
            times.clicks[kind].append(click())
    one.user.select("model", 0)
    for number in range(rounds + 1):
        kept = times.clicks if number else times.first
        for page in (*filter(None, one.user.pages), ""):
            kept["page"].append(one.user.open(page))
    times.failed += one.user.failures
    one.user.close()
    if run:
        step_alone(address, times, rounds, run)


def list_ways() -> list[str]:
    """The interventions that need nothing else to be chosen."""
    return [word(f"change.way.{one}") for one in ("uniform", "off", "shuffled")]


def step_alone(address: str, times: Times, rounds: int, run: str) -> None:
    """Measure the steps from picture to picture of a scan."""
    one = Person(address, query=f"run={run}&{CASE}=0", page="mistakes")
    times.first["run"].append(one.user.run())
    times.first["next or previous"].append(one.step())
    times.clicks["next or previous"] += [one.step() for _ in range(rounds)]
    times.failed += one.user.failures
    one.user.close()


def hold_class(
    address: str, times: Times, users: int, seconds: float, think: tuple[float, float] = (5.0, 15.0)
) -> None:
    """Measure a class: all open the page at once; when all have loaded, they click for so many seconds."""
    loaded, lock = threading.Barrier(users), threading.Lock()

    def attend(number: int) -> None:
        one = Person(address, number + 1, f"model={MODEL}&sample=scenes/{(number + 1) * OWN_PICTURES}")
        first = one.user.run()
        found: dict[str, list[float]] = defaultdict(list)
        loaded.wait(10 * len(MIX) * users)
        end = time.monotonic() + seconds
        while True:
            time.sleep(min(one.draw.uniform(*think), max(0.0, end - time.monotonic())))
            if time.monotonic() >= end:
                break
            kind = one.draw.choices(list(MIX), MIX.values())[0]
            click = {"picture": one.picture, "model": one.choose_model, "family": one.family, "method": one.method}
            found[kind].append(click[kind]())
        with lock:
            times.first["class"].append(first)
            times.failed += one.user.failures
            for kind, values in found.items():
                times.clicks[kind] += values
        one.user.close()

    with ThreadPoolExecutor(users) as pool:
        for done in [pool.submit(attend, number) for number in range(users)]:
            done.result()
