"""Every operation of the interface under generated requests, as every role.

    python -m benchmarks.conformance URL [--examples 3] [--phases coverage,fuzzing]
        [--role ROLE …]

URL is that of a running demonstration whose environment (MATCHMAKER_…) this command
shares: it makes the tokens. It must allow many requests (MATCHMAKER_API_RATE=«1000000
per minute»): 429 is described, so a server that refuses everything would pass.
Schemathesis sends what the description allows and what it forbids, and checks each
answer: no 5xx, no status and no content that is not described, nothing taken that
breaks its schema, no access without a token. Numbers of records that the role can read
are mixed in, so that requests get past «not found».
Exit status 1 if a check fails.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROLES = {
    "qiye": "enterprise",
    "gaoxiao": "university",
    "jingli": "manager",
    "shenhe": "staff",
    "admin": "admin",
    "zhuanjia1": "expert",
}
DOMAIN = "demo.example"
BIN = Path(sys.executable).parent
# So many numbers are tried to find records that the role reads.
FARTHEST, ENOUGH = 120, 5
LEAST_ALLOWANCE = 100_000
CHECKS = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "304", "4xx"]
negative_data_rejection.expected-statuses = ["4xx"]
missing_required_header.expected-statuses = ["4xx"]
"""


def fetch(url: str, secret: str) -> tuple[int, bytes]:
    """Status and body of a reading request."""
    request = urllib.request.Request(url, headers=_headers(secret))
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b""


def require_allowance(url: str) -> None:
    """Exit where the server would soon answer nothing but 429."""
    with urllib.request.urlopen(f"{url}/api/v1/openapi.json", timeout=30) as answer:
        allowed = int(answer.headers.get("RateLimit-Limit", LEAST_ALLOWANCE))
    if allowed < LEAST_ALLOWANCE:
        raise SystemExit(f"MATCHMAKER_API_RATE of {url} allows {allowed} requests only")


def _headers(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"} if secret else {}


def numbers(url: str, spec: Mapping[str, Any], secret: str) -> dict[str, list[int]]:
    """Of each kind of record, some that this caller can read."""
    found: dict[str, list[int]] = {}
    for path, methods in spec["paths"].items():
        names = re.findall(r"\{(\w+)\}", path)
        if "get" not in methods or len(names) != 1 or names[0] in found:
            continue
        read: list[int] = []
        for number in range(1, FARTHEST):
            place = url + path.replace("{" + names[0] + "}", str(number))
            if fetch(place, secret)[0] == 200:
                read.append(number)
            if len(read) == ENOUGH:
                break
        if read:
            found[names[0]] = read
    return found


def configuration(known: Mapping[str, Sequence[int]]) -> str:
    """For Schemathesis: which checks mean what, and numbers worth trying."""
    lines = [CHECKS]
    for name, values in known.items():
        lines.append(f"[dictionaries.{name}]\nvalues = {list(values)}\n")
    if known:
        lines.append("[parameters]")
    for name in known:
        lines.append(f'{name} = {{ dictionary = "{name}", probability = 0.7 }}')
    return "\n".join(lines)


def run(
    url: str, secret: str, examples: int, folder: Path, *, seed: int, phases: str
) -> Mapping[str, Any]:
    """One run as one caller; the report of Schemathesis."""
    address = f"{url}/api/v1/openapi.json"
    spec = json.loads(fetch(address, "")[1])
    settings = folder / "schemathesis.toml"
    settings.write_text(configuration(numbers(url, spec, secret)), "utf-8")
    report = folder / "report.json"
    command = [str(BIN / "schemathesis"), "--config-file", str(settings)]
    command += ["run", address]
    command += ["--checks", "all", "-n", str(examples), "--no-shrink"]
    command += ["--seed", str(seed), "--phases", phases]
    command += ["--report", "json", "--report-json-path", str(report)]
    command += ["--continue-on-failure"]
    for name, value in _headers(secret).items():
        command += ["-H", f"{name}: {value}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not report.exists():
        raise SystemExit(done.stdout + done.stderr)
    told: dict[str, Any] = json.loads(report.read_text("utf-8"))
    return told | {"exit": done.returncode, "output": done.stdout}


def token_of(role: str) -> str:
    """A token of the demonstration's account, made by the platform's own command."""
    command = [str(BIN / "flask"), "--app", "wsgi"]
    command += ["tokens", "make", f"{role}@{DOMAIN}"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    if done.returncode:
        raise SystemExit(done.stderr)
    return str(done.stdout.split()[-1])


def cases_of(output: str) -> tuple[int, int]:
    """How many requests were generated, and how many passed."""
    found = re.search(r"([\d,]+) generated(?:, ([\d,]+) passed)?", output)
    if found is None:
        return 0, 0
    generated, passed = (int((n or "0").replace(",", "")) for n in found.groups())
    return generated, passed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--examples", type=int, default=3)
    parser.add_argument("--role", action="append", choices=[*ROLES, "visitor"])
    parser.add_argument("--seed", type=int, default=20261126)
    parser.add_argument("--phases", default="fuzzing", help="coverage,fuzzing")
    asked = parser.parse_args()
    url = asked.url.rstrip("/")
    require_allowance(url)
    failed, total = False, 0
    for name in asked.role or ["visitor", *ROLES]:
        secret = "" if name == "visitor" else token_of(name)
        with tempfile.TemporaryDirectory() as folder:
            told = run(
                url,
                secret,
                asked.examples,
                Path(folder),
                seed=asked.seed,
                phases=asked.phases,
            )
        generated, passed = cases_of(told["output"])
        total += generated
        failed |= told["exit"] != 0
        print(f"{ROLES.get(name, name):12} {generated:6} cases, {passed:6} passed")
        if told["exit"]:
            print(told["output"])
    print(f"all roles    {total:6} cases")
    sys.exit(failed)


if __name__ == "__main__":
    main()
