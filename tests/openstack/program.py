"""The program to test: one that was built already, or built from this checkout."""
import json
import os
import subprocess

import lab
from checks import head


def build():
    """The program, built from this checkout; its path."""
    given = os.environ.get("STOCKTAKE")
    if given:
        return os.path.abspath(given)
    head("building stocktake")
    command = ["cargo", "build", "--locked", "-p", "stocktake", "--message-format=json-render-diagnostics"]
    built = subprocess.run(command, cwd=lab.ROOT, stdout=subprocess.PIPE, text=True)
    if built.returncode:
        raise SystemExit("error: stocktake does not build")
    messages = map(json.loads, built.stdout.splitlines())
    programs = [m["executable"] for m in messages if m.get("executable") and m["target"]["name"] == "stocktake"]
    return programs[-1]


def release(given=None):
    """The release program, for figures; `given`: one that was built already."""
    if given:
        return os.path.abspath(given)
    subprocess.run(["cargo", "build", "--release", "--locked", "-p", "stocktake"], cwd=lab.ROOT, check=True)
    metadata = subprocess.run(["cargo", "metadata", "--no-deps", "--format-version", "1"], cwd=lab.ROOT, check=True,
                              capture_output=True, text=True).stdout
    return os.path.join(json.loads(metadata)["target_directory"], "release", "stocktake")
