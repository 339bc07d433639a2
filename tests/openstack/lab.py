"""The real OpenStack of labs/openstack: found or started, and left as it was found."""
import os
import subprocess
import tempfile
import time
from contextlib import contextmanager

from checks import head, say

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAB = os.path.join(ROOT, "labs", "openstack", "lab")
SAVED = os.path.join(ROOT, "labs", "openstack", "saved", "cloud-50.tar.xz")


def folder():
    return os.environ.get("LAB_DIR") or os.path.join(os.environ.get("TMPDIR") or "/tmp", "openstack-lab")


def lab(*arguments):
    """Runs a verb of the lab; it says itself what it does."""
    say(f"   lab {' '.join(arguments)}")
    began = time.monotonic()
    # Into a file: what the lab starts may keep a pipe open.
    with tempfile.TemporaryFile("w+") as told:
        done = subprocess.run([LAB, *arguments], stdin=subprocess.DEVNULL, stdout=told, stderr=subprocess.STDOUT)
        told.seek(0)
        if done.returncode:
            raise SystemExit(f"error: lab {' '.join(arguments)} failed:\n{told.read()}")
    say(f"   done after {time.monotonic() - began:.0f} s")


def runs():
    """Whether everything that belongs to it runs."""
    return subprocess.run([LAB, "status"], stdin=subprocess.DEVNULL, capture_output=True).returncode == 0


@contextmanager
def cloud():
    """A running cloud with at least the saved one's objects; stopped again only if it was started here."""
    found = runs()
    head("the cloud runs already" if found else "starting the cloud")
    try:
        if not found:
            if not os.path.exists(os.path.join(folder(), "data", "mysql")):
                lab("restore", SAVED)
            lab("up")
        os.environ["OS_CLIENT_CONFIG_FILE"] = os.path.join(folder(), "clouds.yaml")
        for name in [name for name in os.environ if name.startswith("OS_") and name != "OS_CLIENT_CONFIG_FILE"]:
            del os.environ[name]
        yield
    finally:
        if not found:
            head("stopping the cloud")
            lab("down")


def stop(service):
    lab("service", "stop", service)


def start(service):
    lab("service", "start", service)
