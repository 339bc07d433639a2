"""Servers in other states than ACTIVE, and an image made of one."""
from .client import each, wait_until

# every N-th server, from which on, is asked to
STATES = [(8, 3, "os-stop", {"os-stop": None}), (40, 5, "pause", {"pause": None}),
          (40, 13, "suspend", {"suspend": None}), (40, 21, "shelve", {"shelve": None}),
          (40, 29, "rescue", {"rescue": {}}), (40, 37, "resize", {"resize": {"flavorRef": "lab-huge"}}),
          (20, 2, "lock", {"lock": {"locked_reason": "lab"}})]


def run(c, built):
    images = c.names("image", "/images", "images")
    todo = []
    for s in built.values():
        if s["status"] != "ACTIVE" or s["OS-EXT-STS:task_state"] or s["locked"]:
            continue
        n = s["number"]
        for every, first, what, body in STATES:
            if n % every == first:
                todo.append((s, body))
                break
        else:
            if n % 50 == 10 and "image-of-" + s["name"] not in images:
                todo.append((s, {"createImage": {"name": "image-of-" + s["name"], "metadata": {"lab": "1"}}}))
    each(lambda x: c.post("compute", "/servers/%s/action" % x[0]["id"], x[1]), todo, "servers to another state")

    def moving():
        rows = c.pages("compute", "/servers/detail?all_tenants=1&limit=200", "servers")
        return [s["name"] for s in rows if s["OS-EXT-STS:task_state"]][:5]

    if todo:
        wait_until(moving, "states of servers", 300)
