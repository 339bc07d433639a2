import os
import sys

import requests

from . import bootstrap, client, counts, plan, ready

VERBS = {
    "bootstrap": bootstrap.run,
    "wait-ready": lambda computes, seconds, since="": ready.everything(int(computes), int(seconds), since),
    "wait-service": lambda name, count, seconds, since="": ready.service(name, int(count), int(seconds), since),
    "seed": lambda servers: plan.seed(int(servers)),
    "counts": counts.run,
}

try:
    VERBS[sys.argv[1]](*sys.argv[2:])
except client.ApiError as e:
    sys.exit("seed: the api refused: %s\nseed: log to read: %s" % (e, e.log))
except requests.RequestException as e:
    sys.exit("seed: no answer, is the lab up (lab status)? %s" % e)
except BrokenPipeError:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
