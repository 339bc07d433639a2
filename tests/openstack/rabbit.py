"""A RabbitMQ of our own: the distribution's programs, a folder of its own, gone afterwards."""
import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager

from databases import free_port

SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
USER, PASSWORD = "bench", "bench-secret"


@contextmanager
def rabbit():
    """Its `host:port`."""
    if not os.path.exists(SERVER):
        raise SystemExit("error: no RabbitMQ here: install the package rabbitmq-server (apt-get install rabbitmq-server)")
    folder = tempfile.mkdtemp(prefix="stocktake-rabbit-")
    port, distribution, epmd = free_port(), free_port(), free_port()
    with open(f"{folder}/rabbitmq.conf", "w") as file:
        file.write(f"listeners.tcp.1 = 127.0.0.1:{port}\ndefault_user = {USER}\ndefault_pass = {PASSWORD}\n"
                   "loopback_users = none\nlog.console = true\nlog.file = false\ndisk_free_limit.absolute = 100MB\n")
    for name, text in (("enabled_plugins", "[].\n"), ("env.conf", "")):
        with open(f"{folder}/{name}", "w") as file:
            file.write(text)
    environment = {
        **os.environ, "HOME": folder, "RABBITMQ_CONF_ENV_FILE": f"{folder}/env.conf",
        "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq", "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins",
        "RABBITMQ_NODENAME": f"bench{port}@localhost", "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia", "RABBITMQ_LOG_BASE": folder,
        "RABBITMQ_DIST_PORT": str(distribution), "ERL_EPMD_PORT": str(epmd), "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none"}
    with open(f"{folder}/log", "w") as log:
        names = subprocess.Popen(["epmd", "-port", str(epmd)], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        server = subprocess.Popen([SERVER], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                  start_new_session=True)
    try:
        end = time.monotonic() + 120
        while True:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if server.poll() is not None or time.monotonic() > end:
                with open(f"{folder}/log") as file:
                    raise SystemExit(f"error: RabbitMQ does not start:\n{file.read()[-3000:]}")
            time.sleep(0.2)
        yield f"127.0.0.1:{port}"
    finally:
        # The shell that started it is the head of its group.
        os.killpg(server.pid, 15)
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, 9)
        names.terminate()
        shutil.rmtree(folder, ignore_errors=True)
