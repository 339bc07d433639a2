"""The cloud's broker, seen from beside: takes down what the services tell, tells it again, ends it."""
import json
import os
import random
import signal
import socket
import threading

from kombu import Connection, Consumer, Exchange, Producer, Queue, binding

import lab

EXCHANGES = ("nova", "neutron", "cinder", "glance", "keystone", "heat")
PASSWORD = os.environ.get("LAB_PASSWORD", "lab-secret")
HOST = "127.0.0.1:5672"
URL = f"amqp://openstack:{PASSWORD}@{HOST}//"


class Recorder:
    """Everything the services tell while it runs, by a queue of its own."""

    def __init__(self):
        self.told, self.stop, self.ready = [], threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.listen, daemon=True)

    def __enter__(self):
        self.thread.start()
        if not self.ready.wait(30):
            raise RuntimeError("the recorder has no connection to the broker after 30 s")
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(30)

    def listen(self):
        bindings = [binding(Exchange(e, type="topic", durable=False), routing_key=key)
                    for e in EXCHANGES for key in ("notifications.*", "versioned_notifications.*")]
        queue = Queue(f"recorder-{os.getpid()}", bindings=bindings, exclusive=True, auto_delete=True, durable=False)

        def got(_, message):
            self.told.append((message.delivery_info["exchange"], message.delivery_info["routing_key"], bytes(message.body)
                              if not isinstance(message.body, str) else message.body.encode()))
            message.ack()

        with Connection(URL) as connection, Consumer(connection.channel(), [queue], on_message=lambda m: got(None, m)):
            self.ready.set()
            while not self.stop.is_set():
                try:
                    connection.drain_events(timeout=0.5)
                except socket.timeout:
                    pass


def tell_again(told, times=2, seed=9):
    """Publishes what was taken down again: each so many times, in no order."""
    again = list(told) * times
    random.Random(seed).shuffle(again)
    with Connection(URL) as connection:
        producer = Producer(connection.channel())
        for exchange, key, body in again:
            producer.publish(body, exchange=Exchange(exchange, type="topic", durable=False), routing_key=key,
                             content_type="application/json", content_encoding="utf-8", declare=[])
    return len(again)


def replay(told, count):
    """Publishes so many in the order in which they were taken down, over and over, each under a name of its own."""
    with Connection(URL) as connection:
        producer = Producer(connection.channel())
        for number in range(count):
            exchange, key, body = told[number % len(told)]
            message = json.loads(body)
            inner = json.loads(message["oslo.message"])
            inner["message_id"] = f"replay-{number}"
            message["oslo.message"] = json.dumps(inner)
            producer.publish(json.dumps(message), exchange=Exchange(exchange, type="topic", durable=False), routing_key=key,
                             content_type="application/json", content_encoding="utf-8", declare=[])


def types(told):
    """How often which type of events was told."""
    counts = {}
    for _, _, body in told:
        message = json.loads(body)
        inner = json.loads(message["oslo.message"]) if "oslo.message" in message else message
        counts[inner["event_type"]] = counts.get(inner["event_type"], 0) + 1
    return counts


def kill():
    """As if its host lost power."""
    with open(os.path.join(lab.folder(), "run", "rabbitmq.pid")) as file:
        os.kill(int(file.read().split()[0]), signal.SIGKILL)
    lab.stop("rabbitmq")


def start():
    lab.start("rabbitmq")
