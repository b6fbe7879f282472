"""The files for a server, as far as they can be checked without Docker."""

from __future__ import annotations

import json
import re
import shlex
import tomllib

import pytest

from app.runtime.public import VARIABLE
from core.data import LARGEST_ZIP
from tests.source_files import ROOT

DEPLOY = ROOT / "app" / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def instructions() -> list[tuple[str, str]]:
    """Each instruction of the Dockerfile with what follows it, continued lines joined, comments left out."""
    lines = [line for line in DOCKERFILE.splitlines() if not line.startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    return [tuple(line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]


def given(name: str) -> list[str]:
    """What follows every instruction of that name."""
    return [rest for first, rest in instructions() if first == name]


def test_the_image_runs_as_a_user_without_rights_and_listens_inside_only() -> None:
    assert given("FROM") == ["python:3.11-slim"]
    assert given("ARG") == ["TORCH_INDEX"]  # without a default
    assert given("USER") == ["fovea"]
    names = [first for first, _ in instructions()]
    assert names.index("USER") > max(place for place, name in enumerate(names) if name in ("RUN", "COPY"))
    assert "/_stcore/health" in given("HEALTHCHECK")[0]
    command = json.loads(given("CMD")[-1])
    assert command[:4] == ["python", "-m", "streamlit", "run"]
    assert (ROOT / command[4]).is_file()
    port = command[command.index("--server.port") + 1]
    assert given("EXPOSE") == [port]
    assert f":{port}/" in given("HEALTHCHECK")[0]
    assert command[command.index("--logger.hideWelcomeMessage") + 1] == "true"  # it requests the own address
    largest = int(command[command.index("--server.maxUploadSize") + 1])
    proxied = int(re.search(r"max_size (\d+)MB", (DEPLOY / "Caddyfile").read_text(encoding="utf-8"))[1])
    assert LARGEST_ZIP >> 20 < largest < 520 and 0 <= proxied * 10**6 - (largest << 20) < 10**6
    assert any(f"{VARIABLE}=1" in shlex.split(one) for one in given("ENV"))


def test_what_is_copied_exists_and_the_pins_of_torch_are_found() -> None:
    for one in given("COPY"):
        source = next(word for word in shlex.split(one) if not word.startswith("--"))
        assert (ROOT / source).exists()
    pattern = re.search(r"grep -E '([^']+)'", DOCKERFILE)[1]
    pinned = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert {line.split("==")[0] for line in pinned if re.match(pattern, line)} == {"torch", "torchvision"}
    lowest = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    assert lowest == ">=3.11"


def test_compose_puts_a_proxy_in_front_and_limits_the_rest() -> None:
    yaml = pytest.importorskip("yaml")
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    fovea, proxy = services["fovea"], services["proxy"]
    assert "ports" not in fovea  # only the proxy can be reached
    assert fovea["environment"][VARIABLE] == "1"
    assert fovea["mem_limit"]
    assert fovea["cap_drop"] == ["ALL"]
    assert fovea["read_only"]
    assert "tmpfs" not in fovea and "uploads:/tmp" in fovea["volumes"]  # an upload would use the memory twice
    assert (DEPLOY / fovea["build"]["context"]).resolve() == ROOT
    assert (ROOT / fovea["build"]["dockerfile"]).is_file()
    assert {one.split(":")[1] for one in proxy["ports"]} == {"80", "443"}
    assert (DEPLOY / proxy["volumes"][0].split(":")[0]).is_file()


def test_the_proxy_sets_headers_and_keeps_a_user_with_one_replica() -> None:
    text = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    assert text.count("{") == text.count("}")
    for needed in ("Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "lb_policy cookie"):
        assert needed in text
    port = given("EXPOSE")[0]
    assert f"reverse_proxy fovea:{port}" in text
    elsewhere = re.search(r"@(\w+) \{\s*path /_stcore/stream\s*not header Origin https://\{\$DOMAIN\}\s*\}", text)
    assert elsewhere and f"respond @{elsewhere[1]} 403" in text, "no session without an origin, or for another"
    assert "respond /_stcore/metrics 404" in text


def test_the_other_files_can_be_read() -> None:
    container = json.loads((DEPLOY / "devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert container["forwardPorts"] == [8501]
    head = (DEPLOY / "space.md").read_text(encoding="utf-8").split("---")[1]
    yaml = pytest.importorskip("yaml")
    space = yaml.safe_load(head)
    assert (space["sdk"], str(space["app_port"])) == ("docker", given("EXPOSE")[0])


def test_the_workflow_tests_every_python_and_system() -> None:
    yaml = pytest.importorskip("yaml")
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))["jobs"]
    pythons = ["3.11", "3.12", "3.13"]
    assert jobs["test"]["runs-on"] == "ubuntu-latest" and jobs["test"]["strategy"]["matrix"] == {"python": pythons}
    assert [step["run"] for step in jobs["test"]["steps"] if "run" in step][-1] == ".ci/run"
    assert (ROOT / ".ci" / "run").is_file()
    others = jobs["without-make"]
    assert others["strategy"]["matrix"] == {"system": ["windows-latest", "macos-latest"], "python": pythons}
    assert others["runs-on"] == "${{ matrix.system }}"
    commands = [step["run"] for step in others["steps"] if "run" in step]
    assert not any(re.search(r"\bmake\b|apt-get", one) for one in commands)
    assert [one for one in commands if "pytest" in one] and [one for one in commands if "_stcore/health" in one]
    for one in commands:
        for named in re.findall(r"[\w./-]+\.(?:txt|py)", one):
            assert (ROOT / named).is_file(), named
    for job in jobs.values():
        (setup,) = (step for step in job["steps"] if step.get("uses", "").startswith("actions/setup-python"))
        assert setup["with"]["python-version"] == "${{ matrix.python }}" and job["timeout-minutes"] <= 60
