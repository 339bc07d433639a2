"""Simulated neutron agents: they report state like the real ones, so the agent
list, router scheduling, router port bindings and floating IP states live."""
import datetime
import os
import sys
import time
import traceback

from neutron.common import config
from neutron_lib import context as n_context
from neutron_lib import rpc as n_rpc
from neutron_lib.agent import topics
from oslo_config import cfg
import oslo_messaging


def agent(kind, binary, topic, host, conf):
    return {"agent_type": kind, "binary": binary, "host": host, "topic": topic,
            "configurations": conf, "start_flag": True, "availability_zone": "nova"}


def main():
    computes = int(os.environ.get("LAB_COMPUTES", 4))
    config.register_common_config_options()
    config.init(sys.argv[1:])
    n_rpc.init(cfg.CONF)
    ctx = n_context.get_admin_context_without_session()
    state = n_rpc.get_client(oslo_messaging.Target(topic=topics.REPORTS, version="1.2", namespace=None))
    l3 = n_rpc.get_client(oslo_messaging.Target(topic=topics.L3PLUGIN, version="1.0"))

    ovs = {"bridge_mappings": {"provider": "br-provider", "public": "br-ex"},
           "tunnel_types": ["vxlan", "geneve"], "tunneling_ip": "127.0.0.1", "l2_population": False,
           "in_distributed_mode": False, "datapath_type": "system", "integration_bridge": "br-int"}
    l3conf = {"agent_mode": "legacy", "handle_internal_only_routers": True,
              "routers": 0, "ex_gw_ports": 0, "interfaces": 0, "floating_ips": 0,
              "interface_driver": "openvswitch", "log_agent_heartbeats": False}
    network_hosts = ["network-01", "network-02"]
    agents = [agent("Open vSwitch agent", "neutron-openvswitch-agent", "N/A", "compute-%02d" % (i + 1), dict(ovs))
              for i in range(computes)]
    for host in network_hosts:
        agents.append(agent("Open vSwitch agent", "neutron-openvswitch-agent", "N/A", host, dict(ovs)))
        agents.append(agent("L3 agent", "neutron-l3-agent", "l3_agent", host, dict(l3conf)))
        agents.append(agent("Metadata agent", "neutron-metadata-agent", "N/A", host,
                            {"metadata_proxy_socket": "/var/lib/neutron/metadata_proxy",
                             "nova_metadata_host": "127.0.0.1", "nova_metadata_port": 8775}))
    fip_states = {}
    last_report = 0
    while True:
        try:
            if time.time() - last_report >= 25:
                for a in agents:
                    now = datetime.datetime.utcnow().isoformat()
                    state.prepare(timeout=30).call(ctx, "report_state", agent_state={"agent_state": a}, time=now)
                    a.pop("start_flag", None)
                last_report = time.time()
            for host in network_hosts:
                routers = l3.prepare(timeout=120).call(ctx, "sync_routers", host=host, router_ids=None) or []
                fips_total = 0
                for r in routers:
                    want = {f["id"]: "ACTIVE" for f in r.get("_floatingips", [])}
                    fips_total += len(want)
                    if want != fip_states.get(r["id"], {}):
                        l3.prepare(timeout=60).call(ctx, "update_floatingip_statuses",
                                                    router_id=r["id"], fip_statuses=want)
                        fip_states[r["id"]] = want
                for a in agents:
                    if a["host"] == host and a["agent_type"] == "L3 agent":
                        a["configurations"].update(
                            routers=len(routers), floating_ips=fips_total,
                            ex_gw_ports=sum(1 for r in routers if r.get("gw_port")),
                            interfaces=sum(len(r.get("_interfaces", [])) for r in routers))
        except Exception:
            traceback.print_exc()
        time.sleep(10)
