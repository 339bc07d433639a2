"""A small client: a scoped token, retries, paging, find-or-create."""
import concurrent.futures as cf
import datetime
import os
import sys
import threading
import time

import requests

KEYSTONE = "http://127.0.0.1:5000/v3"
PASSWORD = os.environ["LAB_PASSWORD"]
REGION = os.environ["LAB_REGION"]
URL = {"compute": "http://127.0.0.1:8774/v2.1", "network": "http://127.0.0.1:9696/v2.0",
       "image": "http://127.0.0.1:9292/v2", "metric": "http://127.0.0.1:8041/v1",
       "placement": "http://127.0.0.1:8778", "identity": KEYSTONE}
MICROVERSION = {"compute": {"OpenStack-API-Version": "compute 2.93"},
                "volume": {"OpenStack-API-Version": "volume 3.70"},
                "placement": {"OpenStack-API-Version": "placement 1.39"}}
LOG = {"compute": "nova-api", "network": "neutron", "image": "glance", "metric": "gnocchi-api",
       "volume": "cinder-api", "placement": "placement", "identity": "keystone", "orchestration": "heat-engine"}
WORKERS = int(os.environ.get("SEED_WORKERS") or 4)
T0 = time.time()


def say(*words):
    print("%7.1fs" % (time.time() - T0), *words, file=sys.stderr, flush=True)


class ApiError(Exception):
    def __init__(self, status, text, service="identity"):
        super().__init__("%s %s" % (status, text[:600]))
        self.status = status
        self.log = os.path.join(os.environ["LAB_DIR"], "log", LOG[service] + ".log")


class Cloud:
    """One account's view of the cloud."""

    def __init__(self, user="admin", project="admin"):
        self.user, self.project = user, project
        self.local = threading.local()
        self.lock = threading.Lock()
        self.token, self.until, self.project_id, self.user_id = None, 0, None, None

    def session(self):
        if not hasattr(self.local, "s"):
            self.local.s = requests.Session()
            self.local.s.trust_env = False
        return self.local.s

    def auth(self):
        with self.lock:
            if time.time() < self.until:
                return self.token
            body = {"auth": {
                "identity": {"methods": ["password"], "password": {"user": {
                    "name": self.user, "password": PASSWORD, "domain": {"id": "default"}}}},
                "scope": {"project": {"name": self.project, "domain": {"id": "default"}}}}}
            r = self.session().post(KEYSTONE + "/auth/tokens", json=body, timeout=60)
            if r.status_code != 201:
                raise ApiError(r.status_code, r.text)
            t = r.json()["token"]
            self.token = r.headers["X-Subject-Token"]
            self.project_id, self.user_id = t["project"]["id"], t["user"]["id"]
            end = datetime.datetime.strptime(t["expires_at"], "%Y-%m-%dT%H:%M:%S.%fZ")
            self.until = time.time() + (end - datetime.datetime.utcnow()).total_seconds() * 0.8
            return self.token

    def url(self, service, path):
        if path.startswith("http"):
            return path
        self.auth()
        if service == "volume":
            return "http://127.0.0.1:8776/v3/%s%s" % (self.project_id, path)
        if service == "orchestration":
            return "http://127.0.0.1:8004/v1/%s%s" % (self.project_id, path)
        return URL[service] + path

    def call(self, method, service, path, body=None, ok=(200, 201, 202, 203, 204), data=None, headers=None):
        last = None
        for attempt in range(4):
            h = {"X-Auth-Token": self.auth(), "Accept": "application/json"}
            h.update(MICROVERSION.get(service, {}))
            h.update(headers or {})
            try:
                r = self.session().request(method, self.url(service, path), json=body, data=data,
                                           headers=h, timeout=300)
            except requests.ConnectionError as e:
                last = e
                time.sleep(1 + attempt)
                continue
            if r.status_code == 401:
                self.until = 0
                last = ApiError(401, r.text, service)
                continue
            if r.status_code in (500, 502, 503, 504) and attempt < 3:
                last = ApiError(r.status_code, r.text, service)
                time.sleep(1 + attempt)
                continue
            if r.status_code not in ok:
                raise ApiError(r.status_code, "%s %s %s: %s" % (method, service, path, r.text), service)
            if r.content and "json" in r.headers.get("content-type", ""):
                return r.json()
            return None
        raise last

    def get(self, service, path):
        return self.call("GET", service, path)

    def post(self, service, path, body, **kw):
        return self.call("POST", service, path, body, **kw)

    def put(self, service, path, body=None, **kw):
        return self.call("PUT", service, path, body, **kw)

    def pages(self, service, path, key):
        """every item of a paged list; follows the service's own next links"""
        out = []
        while path:
            page = self.get(service, path)
            out += page[key]
            path = next((link["href"] for link in page.get(key + "_links", []) if link.get("rel") == "next"), None)
            if page.get("next"):                      # glance's is a path
                path = "http://127.0.0.1:9292" + page["next"]
            if service == "identity":
                path = (page.get("links") or {}).get("next")
        return out

    def names(self, service, path, key):
        return {item["name"]: item for item in self.pages(service, path, key)}

    def ensure(self, service, path, key, body, listing=None):
        """find by name, or create"""
        plural = key + "s" if not key.endswith("y") else key[:-1] + "ies"
        found = self.names(service, listing or path, plural).get(body["name"])
        return found or self.post(service, path, {key: body})[key]


def each(func, items, what, workers=WORKERS):
    """call func for every item, some at a time; one refusal must not lose the rest"""
    items = list(items)
    out, errors = [], []
    if not items:
        return out
    say("%s: %d" % (what, len(items)))
    with cf.ThreadPoolExecutor(workers) as ex:
        for n, f in enumerate(cf.as_completed([ex.submit(func, i) for i in items]), 1):
            try:
                out.append(f.result())
            except Exception as e:
                errors.append(e)
            if n % 100 == 0:
                say("  %s: %d of %d" % (what, n, len(items)))
    if errors:
        say("  %s: %d of %d failed, first: %s" % (what, len(errors), len(items), errors[0]))
        if len(errors) == len(items):
            raise errors[0]
    return out


def together(*funcs):
    """run these at once; the first error ends the seed, after all have ended"""
    with cf.ThreadPoolExecutor(len(funcs)) as ex:
        futures = [ex.submit(f) for f in funcs]
    return [f.result() for f in futures]


def wait_until(check, what, seconds=600, every=1.0):
    """check() gives what is still missing, or something empty"""
    end, told = time.time() + seconds, time.time()
    while True:
        left = check()
        if not left:
            return
        if time.time() > end:
            raise SystemExit("seed: %s: still waiting for %s after %d s" % (what, left, seconds))
        if time.time() - told > 20:
            say("  %s: waiting for %s" % (what, left))
            told = time.time()
        time.sleep(every)
