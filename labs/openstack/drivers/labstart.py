"""Start several services of one OpenStack project from one set of imports.

    labstart PROJECT LOGDIR RUNDIR < specification

A line of the specification is NAME, CONDITIONS, MODULE:FUNCTION and arguments,
separated by tabs. Every module is imported once; then one child is forked for
each line, in a session of its own, with LOGDIR/NAME.log as its output and its
pid recorded in RUNDIR/NAME.pid. The child waits for its conditions and becomes
the service. Seven nova processes thus cost one import instead of seven, which
is most of the CPU time of a start, and share the memory of the code.
"""
# taken before any import patches them: the parent must not start an event loop,
# because its children would inherit one and the same
import os
import socket
import sys
import time

FORK, SLEEP, SOCKET = os.fork, time.sleep, socket.socket

import gc  # noqa: E402
import importlib  # noqa: E402
import random  # noqa: E402

PATIENCE = 300


def port_open(port):
    s = SOCKET(socket.AF_INET, socket.SOCK_STREAM)
    try:
        s.settimeout(2)
        s.connect(("127.0.0.1", int(port)))
        return True
    except OSError:
        return False
    finally:
        s.close()


def answers(port):
    """an HTTP answer below 500; the port alone opens before the service is ready"""
    s = SOCKET(socket.AF_INET, socket.SOCK_STREAM)
    try:
        s.settimeout(20)
        s.connect(("127.0.0.1", int(port)))
        s.sendall(b"GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        head = s.recv(16).split()
        return len(head) > 1 and head[1] < b"500"
    except OSError:
        return False
    finally:
        s.close()


def queue_there(name):
    """somebody serves this RPC topic: a call before that is lost and times out late"""
    import kombu
    url = "amqp://openstack:%s@127.0.0.1:5672//" % os.environ["LAB_PASSWORD"]
    try:
        with kombu.Connection(url, connect_timeout=5) as connection:
            connection.channel().queue_declare(name, passive=True)
        return True
    except Exception:
        return False


CHECKS = {"file": os.path.exists, "port": port_open, "http": answers, "queue": queue_there}


def wait_for(conditions):
    end = time.time() + PATIENCE
    for condition in conditions.split():
        kind, value = condition.split(":", 1)
        while not CHECKS[kind](value):
            if time.time() > end:
                sys.exit("gave up after %d s waiting for %s" % (PATIENCE, condition))
            SLEEP(0.25)


def record(run, name, pid):
    with open("/proc/%d/stat" % pid) as f:
        start = f.read().rpartition(") ")[2].split()[19]
    part = os.path.join(run, "." + name + ".pid")
    with open(part, "w") as f:
        f.write("%d %s\n" % (pid, start))
    os.rename(part, os.path.join(run, name + ".pid"))


def become(name, log, conditions, main, patches, args):
    os.setsid()
    out = os.open(os.path.join(log, name + ".log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for fd in (1, 2):
        os.dup2(out, fd)
    os.close(out)
    sys.argv = [name] + args
    random.seed()
    try:
        import setproctitle
        setproctitle.setproctitle(" ".join(sys.argv))
    except ImportError:
        pass
    wait_for(conditions)
    for patch in patches:
        patch()
    return main()


def main():
    project, log, run = sys.argv[1:4]
    import labpatch
    lines = [line.rstrip("\t\n").split("\t") for line in sys.stdin if line.strip()]
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    labpatch.before_import(project)
    jobs = []
    for name, conditions, target, *args in lines:
        module, function = target.split(":")
        main_function = getattr(importlib.import_module(module), function)
        jobs.append((name, conditions, main_function, labpatch.after_fork(module), args))
    gc.collect()
    gc.freeze()         # a collection in a child would copy every shared page
    for name, conditions, main_function, patches, args in jobs:
        pid = FORK()
        if pid == 0:
            os._exit(run_child(name, log, conditions, main_function, patches, args))
        record(run, name, pid)


def run_child(name, log, conditions, main_function, patches, args):
    """the exit status; the child must never return into the parent's loop"""
    import traceback
    try:
        return int(become(name, log, conditions, main_function, patches, args) or 0)
    except SystemExit as e:
        if isinstance(e.code, str):
            print(e.code, file=sys.stderr)
        return e.code if isinstance(e.code, int) else int(e.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    main()
