"""The disk quota of runs and zips on a server that others reach: one for each user, and one for all."""

from __future__ import annotations

import io
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import core
from app.runtime import kept_runs
from app.runtime.mistakes import folders, owners, quota, scans, zips
from app.runtime.public import VARIABLE as PUBLIC
from core import InvalidInput
from core.files import LEFT
from tests.benchmarks.hostile_tables import sound

MODEL = "scenes/plain"


@pytest.fixture
def who(tmp_path: Path, own_store: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A server that others reach, whose runs may have 1 MB, each user's 100 kB; ``who["user"]`` visits it."""
    user = {"user": "anna"}
    monkeypatch.setenv(kept_runs.FOLDER, str(tmp_path / "runs"))
    monkeypatch.setenv(quota.VARIABLE, "0.001")
    monkeypatch.setattr(folders, "is_closed", lambda: True)
    monkeypatch.setattr(owners, "user_mark", lambda place: user["user"])
    return user


def zipped(fill: int, extra: int = 0) -> io.BytesIO:
    """A zip of one picture and ``extra`` bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"a/{fill}.png", sound()["png"])
        archive.writestr("a/notes.txt", bytes([fill]) * extra)
    file.seek(0)
    return file


def scan_of(number: int) -> Callable[[], None]:
    """A scan of four pictures, others for each number."""
    model, pictures = core.load(MODEL, "cpu"), scans.collection("scenes", number, 4)
    mapping = {name: name for name in pictures.names}
    name = scans.run_name(model, pictures, mapping)
    request = scans.Request(MODEL, name, "scenes", number, 4, tuple(mapping.items()))
    return lambda: scans.run_scan(model, request, lambda *_: None)


def test_each_user_has_a_limit_that_runs_and_zips_share(who: dict[str, str]) -> None:
    first = zips.keep(zipped(1, 60_000), "photos.zip")
    scan_of(1)()
    mine, everything = quota.used("anna")
    assert mine == everything > 60_000
    with pytest.raises(InvalidInput, match=r"Your runs and zips use 0 MB of the 0 MB for each user\. Remove runs"):
        zips.keep(zipped(2, 60_000), "more.zip")
    assert quota.used("anna") == (mine, everything) and [one.name for one in zips.folder().glob("*/*")] == [first.name]
    who["user"] = "ben"
    theirs = zips.keep(zipped(1, 60_000), "photos.zip")
    assert theirs != first and theirs.is_file(), "the same zip of another user is another one"
    assert quota.used("anna")[0] == mine and quota.used("ben")[0] > 60_000
    zips.drop(theirs)
    assert quota.used("ben")[0] == 0 and first.is_file()


def test_a_user_without_quota_scans_nothing_until_a_run_is_removed(
    who: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scan_of(1)()
    (run,) = owners.shown_runs()
    (run.folder / "large").write_bytes(bytes(100_000))
    second = scan_of(2)
    with pytest.raises(InvalidInput, match="Remove runs that you no longer need"):
        second()
    monkeypatch.setenv(PUBLIC, "1")
    with pytest.raises(InvalidInput, match="Only the owner of the server"):
        second()
    assert [one.folder for one in owners.shown_runs()] == [run.folder], "nothing is left of a refused scan"
    monkeypatch.setenv(PUBLIC, "0")
    scans.remove(run)
    second()
    assert len(owners.shown_runs()) == 1


def test_all_users_together_have_a_limit(who: dict[str, str]) -> None:
    for number in range(10):
        folder = kept_runs.folder() / str(number)
        folder.mkdir(parents=True)
        (folder / "rows").write_bytes(bytes(100_000))
    (folder / "link").symlink_to("/usr")
    with pytest.raises(InvalidInput, match="The runs on this server use 1 MB of 1 MB"):
        scan_of(1)()


def test_a_scan_ends_when_the_quota_is_used_up_and_keeps_its_pictures(
    who: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "AGAIN", 0.0)
    go = scan_of(1)
    count, checked = quota.check, []

    def check(mark: str, more: int = 0) -> None:
        checked.append(mark)
        if len(checked) == 3:
            (next(kept_runs.folder().glob("scenes-*")) / "large").write_bytes(bytes(100_000))
        count(mark, more)

    monkeypatch.setattr(quota, "check", check)
    with pytest.raises(InvalidInput, match="for each user"):
        go()
    assert set(checked) == {"anna"} and len(owners.shown_runs()) == 1


def test_alone_on_a_machine_there_is_no_limit(who: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "is_closed", lambda: False)
    scan_of(1)()
    place = zips.keep(zipped(1, 200_000), "large.zip")
    zips.keep(zipped(2, 1_100_000), "larger.zip")
    assert "-" not in place.parent.name
    scan_of(2)()


@pytest.mark.parametrize("text", ["much", "0", "-1", "nan", "inf", "1e400"])
def test_a_quota_that_is_no_number_is_one_sentence(
    who: dict[str, str], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv(quota.VARIABLE, text)
    with pytest.raises(InvalidInput, match="FOVEA_QUOTA is not a positive number of gigabytes"):
        quota.check("anna")
    quota.check("")


def test_a_folder_without_its_zip_goes(who: dict[str, str]) -> None:
    """A server that was killed between the two leaves it."""
    place = zips.keep(zipped(1), "photos.zip")
    empty = zips.folder() / "0123456789abcdef"
    empty.mkdir()
    then = time.time() - LEFT - 1
    for one in (empty, place, place.parent):
        os.utime(one, (then, then))
    zips.remove_unused()
    assert not empty.exists() and place.is_file()


def test_no_choice_of_a_user_opens_a_path(who: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser may send any text as the choice in a list: the list of pictures has one door."""
    monkeypatch.delenv(folders.FOLDERS)
    secret = tmp_path / "secret.zip"
    secret.write_bytes(zipped(1).getvalue())
    (kept_runs.folder() / "secret.zip").parent.mkdir(parents=True, exist_ok=True)
    (kept_runs.folder() / "secret.zip").write_bytes(zipped(1).getvalue())
    stored = zips.keep(zipped(1), "photos.zip")
    assert len(scans.collection(str(stored), 0, 1)) == 1
    for path in (secret, tmp_path, zips.folder() / ".." / "secret.zip", stored.parent / ".." / ".." / "secret.zip"):
        with pytest.raises(InvalidInput, match="not accessible"):
            scans.collection(str(path), 0, 1)
