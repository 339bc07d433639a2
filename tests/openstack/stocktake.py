"""The program under test: runs the binary, reads what it prints as JSON."""
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

#: What a run did to rows; all zero when there was nothing to do.
WRITES = ("created", "updated", "archived", "deleted", "raw_only", "held")


class Failed(RuntimeError):
    pass


class Stocktake:
    def __init__(self, binary, database, folder):
        self.binary = binary
        self.environment = {**os.environ, "STOCKTAKE_DATABASE": database, "NO_COLOR": "1",
                            "STOCKTAKE_KEY_FILE": os.path.join(folder, "stocktake.key")}

    def run(self, *arguments, codes=(0,)):
        """Runs a verb; its exit code and what it printed. Another exit code than `codes` ends the scenario."""
        done = subprocess.run([self.binary, *arguments], env=self.environment, capture_output=True, text=True, timeout=300)
        if codes and done.returncode not in codes:
            raise Failed(f"stocktake {' '.join(arguments)}: exit code {done.returncode}\n{done.stdout}{done.stderr}".strip())
        return done

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "-o", "json").stdout)

    def rows(self, collection, *terms):
        return self.json("get", collection, *terms)

    def inventory(self, collections):
        """Rows of all these collections, live ones only."""
        with ThreadPoolExecutor(max_workers=4) as pool:
            return dict(zip(collections, pool.map(self.rows, collections)))

    def refresh(self, provider, targets=()):
        """Refreshes, whole or these targets; the exit code, the run's record, what was printed."""
        arguments = [part for collection, ref in targets for part in ("--target", f"{collection}={ref}")]
        done = self.run("refresh", provider, *arguments, codes=(0, 1, 3))
        return done.returncode, self.json("run", "show", "last"), (done.stdout + done.stderr).strip()

    def plan(self, provider):
        return self.run("plan", provider, "--all", codes=None).stdout.strip()


def writes(record):
    """What a run wrote, by collection; empty when nothing."""
    collections = record["collections"].items()
    found = {name: {kind: of[kind] for kind in WRITES if of.get(kind)} for name, of in collections}
    return {name: kinds for name, kinds in found.items() if kinds}


def written_on(inventory):
    """When each row was written last, by its id."""
    return {(name, row["id"]): row["updated_on"] for name, rows in inventory.items() for row in rows}
