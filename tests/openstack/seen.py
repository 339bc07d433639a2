"""How soon what happened was seen: from an event's delivery to the run that committed what it was about."""
from datetime import datetime


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def percentile(values, of):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * of / 100))] if values else float("nan")


def times_of(events, runs):
    """Milliseconds from delivery (`received_on`) to the end of the first run that began after it and had the event's object, or
    all of its collection, among its targets: whole, and without what the cloud took for its answers in that run. Last, how many
    events about an object no such run followed."""
    by_target = {}
    for run in sorted(runs, key=lambda run: run["started_on"]):
        if run["mode"] == "full" or run["state"] != "ok":
            continue
        times = (moment(run["started_on"]), moment(run["ended_on"]), dict(run["phases"])["collect"])
        for target in run["targets"]:
            by_target.setdefault((target["collection"], target["ref"]), []).append(times)
    whole, own, none = [], [], 0
    for event in events:
        if not event["about"]:
            continue
        received, collection = moment(event["received_on"]), event["collection"]
        served = by_target.get((collection, event["about"]["ref"]), []) + by_target.get((collection, ""), [])
        first = min((run for run in served if run[0] >= received), default=None)
        if first is None:
            none += 1
            continue
        took = (first[1] - received).total_seconds() * 1000
        whole.append(took)
        own.append(max(0.0, took - first[2]))
    return whole, own, none
