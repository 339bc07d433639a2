"""What happens in the cloud while Stocktake looks elsewhere, done by the cloud's own client.

Everything made here is called scenario-…, and `leave` removes whatever is called so, also what an earlier run left.
"""
from cloud import or_gone, together, wait

PREFIX = "scenario-"
TEMPLATE = {"heat_template_version": "2018-08-31", "description": "of the scenario",
            "parameters": {"length": {"type": "number", "default": 8}},
            "resources": {"text": {"type": "OS::Heat::RandomString", "properties": {"length": {"get_param": "length"}}}},
            "outputs": {"text": {"value": {"get_attr": ["text", "value"]}}}}


class Changes:
    def __init__(self, cloud):
        self.cloud = cloud
        self.nova, self.cinder, self.neutron = cloud.compute, cloud.volume, cloud.network
        self.outside = next(n for n in cloud.network.networks() if n.is_router_external)
        self.picture = next(i for i in cloud.image.images(visibility="public") if i.name.startswith("cirros"))
        self.flavors = {f.name: f.id for f in cloud.compute.flavors()}

    # --- making one of each

    def net(self, name, cidr):
        network = self.neutron.create_network(name=PREFIX + name)
        subnet = self.neutron.create_subnet(name=PREFIX + name, network_id=network.id, ip_version=4, cidr=cidr)
        return network, subnet

    def group(self, name, *rules):
        group = self.neutron.create_security_group(name=PREFIX + name, description="of the scenario")
        for rule in rules:
            self.neutron.create_security_group_rule(security_group_id=group.id, direction="ingress", **rule)
        return group

    def server(self, name, **more):
        return self.nova.create_server(name=PREFIX + name, image_id=self.picture.id, flavor_id=self.flavors["lab.tiny"], **more)

    def volume(self, name, **more):
        return self.cinder.create_volume(name=PREFIX + name, size=1, volume_type="ssd", **more)

    def stack(self, name):
        stack = self.cloud.orchestration.create_stack(name=PREFIX + name, template=TEMPLATE, tags="scenario")
        wait(f"the stack {name}", lambda: self.cloud.orchestration.get_stack(stack.id).status == "CREATE_COMPLETE")
        return stack

    def project_of(self, stack):
        """Heat makes a project for each stack, for the users it may need, and takes it away with the stack."""
        shown = self.cloud.documents(self.cloud.orchestration, f"/stacks/{stack.name}/{stack.id}", "stack")
        return "cloud_tenants", shown["stack_user_project_id"]

    def ports_of(self, device):
        return [("network_ports", p.id) for p in self.neutron.ports(device_id=device)]

    # --- the story

    def prepare(self):
        """What is there before the first refresh, besides the seeded cloud."""
        self.nova.create_keypair(name=PREFIX + "key")
        self.home, self.home_subnet = self.net("home", "10.77.0.0/24")
        together(self.prepare_servers, self.prepare_volumes, self.prepare_network, self.prepare_rest)
        self.settle()

    def prepare_servers(self):
        self.changed, self.stopped = (
            self.server(name, networks=[{"uuid": self.home.id}], key_name=PREFIX + "key", metadata={"role": name})
            for name in ("changed", "stopped"))
        self.prepare_dropped()

    def prepare_dropped(self):
        """A server with a port that nova makes, one that was brought to it, a volume and a floating IP."""
        self.port_brought = self.neutron.create_port(network_id=self.home.id, name=PREFIX + "brought")
        self.dropped = self.server("dropped", networks=[{"uuid": self.home.id}, {"port": self.port_brought.id}])
        self.volume_freed = self.volume("freed")
        router = self.neutron.create_router(name=PREFIX + "home", external_gateway_info={"network_id": self.outside.id})
        self.neutron.add_interface_to_router(router, subnet_id=self.home_subnet.id)
        wait("the server to be dropped", lambda: self.nova.get_server(self.dropped.id).status == "ACTIVE")
        wait("the volume to be freed", lambda: self.cinder.get_volume(self.volume_freed.id).status == "available")
        self.nova.create_volume_attachment(self.dropped, volume_id=self.volume_freed.id)
        wait("its attachment", lambda: self.cinder.get_volume(self.volume_freed.id).status == "in-use")
        made = next(p for p in self.neutron.ports(device_id=self.dropped.id) if p.id != self.port_brought.id)
        self.ip_freed = self.neutron.create_ip(
            floating_network_id=self.outside.id, port_id=made.id, description=PREFIX + "freed")
        wait("its floating IP", lambda: self.neutron.get_ip(self.ip_freed.id).status == "ACTIVE")

    def prepare_volumes(self):
        self.grown, self.volume_dropped = self.volume("grown"), self.volume("dropped")

    def prepare_network(self):
        self.net_dropped, _ = self.net("dropped", "10.77.1.0/24")
        self.port_dropped = self.neutron.create_port(network_id=self.home.id, name=PREFIX + "dropped")
        self.router_dropped = self.neutron.create_router(name=PREFIX + "dropped")
        self.ip_dropped = self.neutron.create_ip(floating_network_id=self.outside.id, description=PREFIX + "dropped")
        self.group_dropped = self.group("dropped", {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22})

    def prepare_rest(self):
        self.image = self.cloud.image.create_image(name=PREFIX + "image", data=b"nothing", disk_format="raw",
                                                   container_format="bare", colour="red", validate_checksum=False)
        self.project_dropped = self.cloud.identity.create_project(name=PREFIX + "dropped", domain_id="default")
        self.stack_dropped = self.stack("dropped")

    def change(self):
        """Makes, changes and removes; gives what it touched: what is there, and what is gone."""
        gone, altered, created = together(self.remove, self.alter, self.create)
        return altered + created, gone

    def remove(self):
        # Not named to the refresh: it must find out what a server and a floating IP took along, and what they left.
        self.taken = self.ports_of(self.dropped.id) + self.ports_of(self.ip_dropped.id)
        self.taken.remove(("network_ports", self.port_brought.id))
        project_taken = self.project_of(self.stack_dropped)
        self.nova.delete_server(self.dropped)
        self.cinder.delete_volume(self.volume_dropped)
        self.neutron.delete_port(self.port_dropped)
        self.neutron.delete_ip(self.ip_dropped)
        self.neutron.delete_network(self.net_dropped)
        self.neutron.delete_router(self.router_dropped)
        self.neutron.delete_security_group(self.group_dropped)
        self.cloud.identity.delete_project(self.project_dropped)
        self.cloud.orchestration.delete_stack(self.stack_dropped)
        return [
            project_taken, ("vms", self.dropped.id), ("cloud_volumes", self.volume_dropped.id), ("network_ports", self.port_dropped.id),
            ("floating_ips", self.ip_dropped.id), ("cloud_networks", self.net_dropped.id),
            ("network_routers", self.router_dropped.id), ("security_groups", self.group_dropped.id),
            ("cloud_tenants", self.project_dropped.id), ("orchestration_stacks", self.stack_dropped.id)]

    def alter(self):
        self.nova.stop_server(self.stopped)
        self.nova.resize_server(self.changed, self.flavors["lab.small"])
        self.cinder.extend_volume(self.grown, 3)
        self.cloud.image.update_image(self.image.id, colour="green", os_distro="scenario", min_ram=64)
        wait("the resize", lambda: self.nova.get_server(self.changed.id).status == "VERIFY_RESIZE")
        self.nova.confirm_server_resize(self.changed)
        wait("the confirmed resize", lambda: self.nova.get_server(self.changed.id).status == "ACTIVE")
        self.nova.update_server(self.changed, name=PREFIX + "renamed")
        self.nova.set_server_metadata(self.changed, role="changed", added="later")
        return [("vms", self.stopped.id), ("vms", self.changed.id), ("cloud_volumes", self.grown.id),
                ("images", self.image.id)]

    def create(self):
        network, subnet = self.net("new", "10.77.2.0/24")
        ssh = {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22, "remote_ip_prefix": "10.0.0.0/8"}
        group = self.group("new", ssh, {"protocol": "icmp", "ether_type": "IPv6", "description": "pings"})
        self.neutron.create_security_group_rule(security_group_id=group.id, direction="ingress", remote_group_id=group.id)
        port = self.neutron.create_port(network_id=network.id, name=PREFIX + "new", security_groups=[group.id])
        self.neutron.set_tags(port, ["scenario"])
        server = self.server("new", networks=[{"port": port.id}], metadata={"role": "new"})
        router = self.neutron.create_router(name=PREFIX + "new", external_gateway_info={"network_id": self.outside.id})
        self.neutron.add_interface_to_router(router, subnet_id=subnet.id)
        ip = self.neutron.create_ip(floating_network_id=self.outside.id, port_id=port.id, description=PREFIX + "new")
        volume = self.volume("new", metadata={"made": "by the scenario"})
        project = self.cloud.identity.create_project(name=PREFIX + "new", domain_id="default", tags=["scenario"])
        stack = self.stack("new")
        wait("the new server", lambda: self.nova.get_server(server.id).status == "ACTIVE")
        wait("the new volume", lambda: self.cinder.get_volume(volume.id).status == "available")
        self.nova.create_volume_attachment(server, volume_id=volume.id)
        wait("the attached volume", lambda: self.cinder.get_volume(volume.id).status == "in-use")
        # The agents bring these up in their own time.
        wait("the router's ports", lambda: all(p.status == "ACTIVE" for p in self.neutron.ports(device_id=router.id)))
        wait("the floating IP", lambda: self.neutron.get_ip(ip.id).status == "ACTIVE")
        return [("cloud_networks", network.id), ("security_groups", group.id), ("network_ports", port.id),
                ("vms", server.id), ("network_routers", router.id), ("floating_ips", ip.id), ("cloud_volumes", volume.id),
                ("cloud_tenants", project.id), self.project_of(stack), ("orchestration_stacks", stack.id)]

    def left(self):
        """What the deleted server had and did not take along, by collection."""
        return {"network_ports": self.port_brought, "cloud_volumes": self.volume_freed, "floating_ips": self.ip_freed}

    def rename_home(self):
        """A change that has nothing to do with volumes; what the network is called then."""
        return self.neutron.update_network(self.home, name=PREFIX + "at-home").name

    # --- rest

    def settle(self):
        """Waits until nothing is under way and two looks in a row see the same."""
        before = set()

        def same():
            asked = self.cloud.at_once(
                servers=lambda: self.nova.servers(details=True, all_projects=True),
                volumes=lambda: self.cinder.volumes(details=True, all_projects=True),
                ports=self.neutron.ports, ips=self.neutron.ips, routers=self.neutron.routers, networks=self.neutron.networks,
                stacks=self.cloud.orchestration.stacks)
            now = {(x.id, x.status, x.updated_at) for found in asked.values() for x in found}
            busy = any(s.status.endswith("IN_PROGRESS") for s in asked["stacks"])
            busy |= any(s.task_state or s.status == "BUILD" for s in asked["servers"])
            busy |= any(v.status.endswith("ing") for v in asked["volumes"])
            known = set(before)
            before.clear()
            before.update(now)
            return not busy and known == now

        wait("the cloud to settle", same)

    def leave(self):
        """Removes all that is called scenario-…"""
        ours = lambda found: [x for x in found if (x.name or "").startswith(PREFIX)]
        stacks = ours(self.cloud.orchestration.stacks())
        for s in stacks:
            self.cloud.orchestration.delete_stack(s)
        servers = ours(self.nova.servers(details=False, all_projects=True))
        for s in servers:
            self.nova.delete_server(s)
        for ip in self.neutron.ips():
            if (ip.description or "").startswith(PREFIX):
                self.neutron.delete_ip(ip)
        for s in servers:
            wait(f"server {s.name} to go", lambda s=s: or_gone(lambda: self.nova.get_server(s.id)) is None)
        volumes = ours(self.cinder.volumes(all_projects=True))
        for v in volumes:
            try:
                wait(f"volume {v.name} to be free", lambda v=v: self.cinder.get_volume(v.id).status in ("available", "error"), 30)
            except RuntimeError:  # its order was lost with a broker: it would be made for ever
                self.cinder.post(f"/volumes/{v.id}/action", json={"os-reset_status": {"status": "error"}}).raise_for_status()
            self.cinder.delete_volume(v)
        for r in ours(self.neutron.routers()):
            for p in self.neutron.ports(device_id=r.id, device_owner="network:router_interface"):
                self.neutron.remove_interface_from_router(r, port_id=p.id)
            self.neutron.delete_router(r)
        for p in ours(self.neutron.ports()):
            self.neutron.delete_port(p)
        for n in ours(self.neutron.networks()):
            self.neutron.delete_network(n)
        for g in ours(self.neutron.security_groups()):
            self.neutron.delete_security_group(g)
        for i in ours(self.cloud.image.images()):
            self.cloud.image.delete_image(i)
        for p in ours(self.cloud.identity.projects()):
            self.cloud.identity.delete_project(p)
        for k in ours(self.nova.keypairs()):
            self.nova.delete_keypair(k)
        for v in volumes:
            wait(f"volume {v.name} to go", lambda v=v: or_gone(lambda: self.cinder.get_volume(v.id)) is None)
        for s in stacks:
            wait(f"stack {s.name} to go", lambda s=s: not any(x.id == s.id for x in self.cloud.orchestration.stacks()))
