"""What all tenants share: flavors, images, volume types, provider networks, aggregates."""
import hashlib

from .client import together

# name, vcpus, MiB, GB
FLAVORS = [("lab.tiny", 1, 512, 1), ("lab.small", 1, 2048, 20), ("lab.medium", 2, 4096, 40),
           ("lab.large", 4, 8192, 80), ("lab.xlarge", 8, 16384, 160), ("lab.memory", 4, 32768, 80), ("lab.huge", 16, 65536, 320),
           ("lab.impossible", 9999, 512, 1)]
IMAGES = [("debian-12", "debian", "12"), ("ubuntu-22.04", "ubuntu", "22.04"), ("rocky-9", "rocky", "9"),
          ("windows-2022", "windows", "2022"), ("cirros-0.6", "cirros", "0.6")]
# name, extra specs, public; "nowhere" names a back end that is not there: its
# volumes end in "error"
VOLUME_TYPES = [("ssd", {"volume_backend_name": "ssd"}, True), ("hdd", {"volume_backend_name": "hdd"}, True),
                ("shared-ssd", {"volume_backend_name": "ssd", "multiattach": "<is> True"}, True),
                ("nowhere", {"volume_backend_name": "nowhere"}, True),
                ("private-hdd", {"volume_backend_name": "hdd"}, False)]


def run(c):
    flavor_ids, image_ids, _, external, _ = together(
        lambda: flavors(c), lambda: images(c), lambda: volume_types(c), lambda: networks(c), lambda: aggregates(c))
    return {"flavors": flavor_ids, "images": image_ids, "external": external}


def flavors(c):
    have = c.names("compute", "/flavors/detail?is_public=none", "flavors")
    for name, cpu, ram, disk in FLAVORS:
        if name not in have:
            have[name] = add_flavor(c, name, cpu, ram, disk)
            c.post("compute", "/flavors/%s/os-extra_specs" % have[name]["id"],
                   {"extra_specs": {"hw:cpu_policy": "shared"}})
    if "lab.private" not in have:
        f = add_flavor(c, "lab.private", 2, 2048, 10, **{"os-flavor-access:is_public": False})
        c.auth()
        c.post("compute", "/flavors/%s/action" % f["id"], {"addTenantAccess": {"tenant": c.project_id}})
    return {name: f["id"] for name, f in have.items()}


def add_flavor(c, name, cpu, ram, disk, **more):
    # the id is ours to choose: the same in every lab
    return c.post("compute", "/flavors", {"flavor": dict(
        more, id=name.replace("lab.", "lab-"), name=name, vcpus=cpu, ram=ram, disk=disk,
        description="lab flavor")})["flavor"]


def images(c):
    have = c.names("image", "/images", "images")
    for name, distro, version in IMAGES:
        image = have.get(name) or c.post("image", "/images", {
            "id": fixed_id("image", name), "name": name, "disk_format": "raw", "container_format": "bare",
            "visibility": "public", "min_disk": 1, "os_distro": distro, "os_version": version,
            "architecture": "x86_64", "tags": ["lab", distro]})
        have[name] = image
        if image["status"] == "queued":
            # nothing boots it; zeros behind its name keep a saved cloud small
            c.put("image", "/images/%s/file" % image["id"], data=name.encode() + b"\0" * 65536,
                  headers={"Content-Type": "application/octet-stream"})
    # a hidden image is in no listing that does not ask for hidden ones
    if "old-debian" not in c.names("image", "/images?os_hidden=true", "images"):
        old = c.post("image", "/images", {"id": fixed_id("image", "old-debian"), "name": "old-debian",
                                          "disk_format": "qcow2", "container_format": "bare",
                                          "visibility": "community", "os_hidden": True, "protected": True})
        c.put("image", "/images/%s/file" % old["id"], data=b"old" + b"\0" * 65536,
              headers={"Content-Type": "application/octet-stream"})
        c.post("image", "/images/%s/actions/deactivate" % old["id"], None)
    return {name: have[name]["id"] for name, _, _ in IMAGES}


def fixed_id(*words):
    """a uuid that is the same in every lab, where the API lets the caller choose"""
    h = hashlib.sha256("/".join(words).encode()).hexdigest()
    return "%s-%s-4%s-8%s-%s" % (h[:8], h[8:12], h[13:16], h[17:20], h[20:32])


def volume_types(c):
    have = c.names("volume", "/types?is_public=None", "volume_types")
    for name, specs, public in VOLUME_TYPES:
        if name not in have:
            c.post("volume", "/types", {"volume_type": {
                "name": name, "description": "lab " + name, "extra_specs": specs,
                "os-volume-type-access:is_public": public}})


def networks(c):
    # shared before the tenants, so that their gateways have somewhere to go
    external = c.ensure("network", "/networks", "network", {
        "name": "public", "router:external": True, "shared": False,
        "provider:network_type": "flat", "provider:physical_network": "public"})
    if not external["subnets"]:
        c.post("network", "/subnets", {"subnet": {
            "network_id": external["id"], "name": "public-v4", "ip_version": 4, "cidr": "198.18.0.0/16",
            "gateway_ip": "198.18.0.1", "enable_dhcp": False}})
    qos = c.names("network", "/qos/policies", "policies").get("lab-limit")
    if not qos:
        qos = c.post("network", "/qos/policies", {"policy": {"name": "lab-limit", "shared": True}})["policy"]
        c.post("network", "/qos/policies/%s/bandwidth_limit_rules" % qos["id"],
               {"bandwidth_limit_rule": {"max_kbps": 100000, "max_burst_kbps": 10000}})
    corporate = c.ensure("network", "/networks", "network", {
        "name": "corporate", "shared": True, "qos_policy_id": qos["id"], "mtu": 1400,
        "provider:network_type": "vlan", "provider:physical_network": "provider", "provider:segmentation_id": 200})
    if not corporate["subnets"]:
        c.post("network", "/subnets", {"subnet": {
            "network_id": corporate["id"], "name": "corporate-v4", "ip_version": 4, "cidr": "172.20.0.0/16",
            "allocation_pools": [{"start": "172.20.1.0", "end": "172.20.9.255"}],
            "host_routes": [{"destination": "192.0.2.0/24", "nexthop": "172.20.0.2"}]}})
    return external


def aggregates(c):
    hosts = sorted(h["hypervisor_hostname"] for h in c.get("compute", "/os-hypervisors")["hypervisors"])
    have = {a["name"]: a for a in c.get("compute", "/os-aggregates")["aggregates"]}
    wanted = [("zone-az-1", "az-1", {"tier": "az-1"}, hosts[0::2]), ("zone-az-2", "az-2", {"tier": "az-2"}, hosts[1::2]),
              ("ssd-hosts", None, {"ssd": "true", "rack": "r1"}, hosts[:1]), ("empty", None, {}, [])]
    for name, zone, metadata, members in wanted:
        a = have.get(name)
        if not a:
            a = c.post("compute", "/os-aggregates", {"aggregate": {"name": name, "availability_zone": zone}})["aggregate"]
            if metadata:
                c.post("compute", "/os-aggregates/%s/action" % a["id"], {"set_metadata": {"metadata": metadata}})
        for host in members:
            if host not in (a.get("hosts") or []):
                c.post("compute", "/os-aggregates/%s/action" % a["id"], {"add_host": {"host": host}},
                       ok=(200, 202, 409))
