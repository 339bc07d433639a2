"""What an inventory of the cloud must hold, made from the answers of the cloud's own client and docs/inventory.md alone.

`inventory_of(cloud)` gives, for each collection, its rows: {key: {column: value}}. The key is the provider's id as text,
or a tuple where the identity has parts (KEYS). A link is a Link, a moment a datetime; an empty text counts as none.
"""
import truth_compute
import truth_network
import truth_orchestration
import truth_storage
from shape import EMPTY, KEYS, Link, link


class Rows(dict):
    """Rows of all collections, put together by the modules below."""

    def add(self, collection, key, **columns):
        rows = self.setdefault(collection, {})
        if key in rows:
            raise RuntimeError(f"{collection} {key}: twice in the cloud's own answers")
        rows[key] = columns

    def label(self, owner, collection, ref, section, name, value=None):
        key = (owner, ref, section, name)
        self.add("labels", key, section=section, name=name, value=value, **{owner: Link(collection, ref)})

    def labels(self, owner, collection, ref, metadata=None, tags=(), section="metadata"):
        for name, value in (metadata or {}).items():
            self.label(owner, collection, ref, section, name, value)
        for tag in tags or ():
            self.label(owner, collection, ref, "tags", tag)


def inventory_of(cloud):
    rows = Rows()
    for name in [*KEYS, *EMPTY]:
        rows.setdefault(name, {})
    truth_storage.images(cloud, rows)
    truth_compute.compute(cloud, rows)
    truth_network.network(cloud, rows)
    truth_storage.volumes(cloud, rows)
    truth_orchestration.stacks(cloud, rows)
    projects(cloud, rows)
    return rows


def projects(cloud, rows):
    """Keystone's, and those that are only known from what belongs to them."""
    for p in cloud.identity.projects():
        parent = p.parent_id if p.parent_id != p.domain_id else None
        rows.add("cloud_tenants", p.id, name=p.name, description=p.description, is_enabled=p.is_enabled,
                 domain_ref=p.domain_id, parent=link("cloud_tenants", parent))
        rows.labels("cloud_tenant", "cloud_tenants", p.id, tags=p.tags)
    for of in list(rows.values()):
        for row in list(of.values()):
            known = row.get("cloud_tenant")
            if known and known.key not in rows["cloud_tenants"]:
                rows.add("cloud_tenants", known.key)
    quotas(cloud, rows)


def quotas(cloud, rows):
    known = [p for p, row in rows["cloud_tenants"].items() if row]
    questions = {}
    for p in known:
        questions[f"compute {p}"] = lambda p=p: cloud.documents(cloud.compute, f"/os-quota-sets/{p}", "quota_set", "latest")
        questions[f"volume {p}"] = lambda p=p: cloud.documents(cloud.volume, f"/os-quota-sets/{p}", "quota_set")
        questions[f"network {p}"] = lambda p=p: cloud.documents(cloud.network, f"/quotas/{p}", "quota")
    for name, limits in cloud.at_once(**questions).items():
        service, project = name.split()
        for what, limit in limits.items():
            if isinstance(limit, int) and not isinstance(limit, bool):
                rows.add("quotas", (project, service, what), service=service, name=what, max_value=limit,
                         cloud_tenant=Link("cloud_tenants", project))
