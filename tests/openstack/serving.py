"""A server of the program under test, and what can be seen of it from outside."""
import os
import signal
import subprocess
import time
from contextlib import contextmanager

from cloud import wait

SETTINGS = """
[server]
listen = "off"
[refresh]
schedule = "24h"
[workers]
heartbeat = "1s"
"""


class Server:
    def __init__(self, program, folder, settings=SETTINGS):
        self.program = program
        self.config = os.path.join(folder, "stocktake.toml")
        self.log = os.path.join(folder, "server.log")
        with open(self.config, "w") as file:
            file.write(settings)
        program.environment["STOCKTAKE_CONFIG"] = self.config

    @contextmanager
    def running(self):
        with open(self.log, "a") as log:
            server = subprocess.Popen([self.program.binary, "server"], env=self.program.environment,
                                      stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield server
        finally:
            server.terminate()
            self.code = server.wait(timeout=90)

    def workers(self, kind):
        return [w for w in self.program.json("workers") if w["kind"] == kind and w["state"] == "running"]

    def worker(self, kind, seconds=60):
        """One that runs, and its process."""
        return wait(f"a worker of the kind {kind}", lambda: self.workers(kind), seconds)[0]

    def kill(self, kind):
        """kill -9 of all workers of a kind; others take their places."""
        killed = [worker["pid"] for worker in self.workers(kind)]
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        return killed

    def provider(self, name):
        return next(p for p in self.program.json("status")["providers"] if p["name"] == name)

    def idle(self):
        """Nothing waits, runs, or is put off."""
        picture = self.program.json("status")
        return not picture["queue"] and not any(p["pending"] for p in picture["providers"])

    def quiet(self, what, seconds=180, still=3.0):
        """Waits until nothing has been under way for a while: what is caught becomes a job only when it is stored."""
        end, since = time.monotonic() + seconds, None
        while True:
            now = time.monotonic()
            since = (since or now) if self.idle() else None
            if since and now - since >= still:
                return
            if now > end:
                picture = self.program.json("status")
                pending = {p["name"]: p["pending"] for p in picture["providers"]}
                raise RuntimeError(f"waited {seconds} s for {what}: on the queue {picture['queue']}, asked for {pending}")
            time.sleep(0.3)
