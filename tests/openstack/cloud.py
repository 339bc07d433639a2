"""The cloud as its own client sees it: openstacksdk, which signs in, finds the services and follows the pages.

Nothing here knows Stocktake. `documents` is for what the client's own classes leave out of an answer.
"""
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import openstack
from openstack import exceptions

GONE = (exceptions.ResourceNotFound, exceptions.NotFoundException)


class Cloud:
    def __init__(self, name="lab"):
        self.sdk = openstack.connect(cloud=name)
        self.compute, self.network = self.sdk.compute, self.sdk.network
        self.volume, self.image, self.identity = self.sdk.block_storage, self.sdk.image, self.sdk.identity
        self.orchestration = self.sdk.orchestration
        self.user_id = self.sdk.current_user_id
        self.project_id = self.sdk.current_project_id

    def documents(self, service, path, root, microversion=None):
        """What stands under `root` in the answer. A list the service cut off is an error: no page is followed here."""
        answer = service.get(path, microversion=microversion, headers={"Accept": "application/json"})
        exceptions.raise_from_response(answer)
        found = answer.json()[root]
        if isinstance(found, list) and len(found) >= 1000:
            raise RuntimeError(f"{path}: {len(found)} records; there may be another page")
        return found

    def at_once(self, **questions):
        """Asks several questions at the same time; the answers under the questions' names."""
        return dict(zip(questions, together(*(lambda q=question: plain(q()) for question in questions.values()))))


def together(*work):
    """Does all of this at the same time; what each gives, in this order."""
    with ThreadPoolExecutor(max_workers=6) as pool:
        return [done.result() for done in [pool.submit(one) for one in work]]


def plain(answer):
    """Generators are asked to their end here, in the thread that asks."""
    return answer if isinstance(answer, (dict, list)) else list(answer)


def wait(what, condition, seconds=90):
    """Asks again until `condition` gives something; what it gives."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise RuntimeError(f"waited {seconds} s for {what}")
        time.sleep(0.25)


def or_gone(ask):
    """What `ask` gives; None when the cloud says there is no such thing."""
    try:
        return ask()
    except GONE:
        return None


def at(text):
    """A moment out of any of the forms the services write; those without a zone are UTC."""
    if not text:
        return None
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
