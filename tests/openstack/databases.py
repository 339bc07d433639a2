"""The two databases, each new and gone afterwards: a SQLite file, and a PostgreSQL server of our own."""
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from glob import glob


@contextmanager
def sqlite():
    with tempfile.TemporaryDirectory(prefix="stocktake-scenario-") as folder:
        yield f"sqlite:{folder}/stocktake.db", folder


@contextmanager
def postgres():
    binaries = newest()
    with tempfile.TemporaryDirectory(prefix="stocktake-scenario-") as folder:
        user = somebody_else()
        cluster = os.path.join(folder, "cluster")
        os.mkdir(cluster, 0o700)
        if user:
            os.chmod(folder, 0o711)
            os.chown(cluster, user.pw_uid, user.pw_gid)
        data, port = os.path.join(cluster, "data"), free_port()

        def run(program, *arguments):
            done = subprocess.run([os.path.join(binaries, program), "-D", data, *arguments], cwd=cluster, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  **({"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}))
            if done.returncode:
                raise RuntimeError(f"{program} failed:\n{done.stdout}")

        run("initdb", "-U", "stocktake", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        settings = f"-h 127.0.0.1 -p {port} -k '' -F"
        run("pg_ctl", "-w", "-s", "-l", os.path.join(cluster, "log"), "-o", settings, "start")
        try:
            url = f"postgres://stocktake@127.0.0.1:{port}"
            subprocess.run([os.path.join(binaries, "psql"), "-q", f"{url}/postgres", "-c", "create database inventory"], check=True)
            yield f"{url}/inventory?sslmode=disable", folder
        finally:
            run("pg_ctl", "-s", "-m", "immediate", "stop")


def newest():
    """Where the newest server's programs are: on the path, or where Debian puts them."""
    found = sorted(glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: float(path.split("/")[4]))
    initdb = found[-1] if found else shutil.which("initdb")
    if not initdb:
        raise SystemExit("error: no PostgreSQL server here: install the package postgresql (apt-get install postgresql)")
    return os.path.dirname(initdb)


def somebody_else():
    """Whom the server runs as when we are root, as whom it refuses to."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SystemExit("error: PostgreSQL does not run as root, and there is no user postgres or nobody")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
