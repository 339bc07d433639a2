"""Heat: stacks, also those inside others, with what they were made with, what they tell, and what they made."""
import json

from cloud import at
from shape import Link, link


def stacks(cloud, rows):
    heat = cloud.orchestration
    listed = cloud.documents(heat, "/stacks?global_tenant=True&show_nested=True", "stacks")
    questions = {}
    for s in listed:
        path = f"/stacks/{s['stack_name']}/{s['id']}"
        questions["stack " + s["id"]] = lambda path=path: cloud.documents(heat, path, "stack")
        questions["resources " + s["id"]] = lambda path=path: cloud.documents(heat, path + "/resources", "resources")
    asked = cloud.at_once(**questions)
    for s in listed:
        stack(asked["stack " + s["id"]], s["project"], rows)
        for r in asked["resources " + s["id"]]:
            resource(s["id"], r, rows)


def stack(s, project, rows):
    rows.add("orchestration_stacks", s["id"], name=s["stack_name"], description=s["description"],
             status=s["stack_status"].lower(), status_reason=s["stack_status_reason"], user_name=s["stack_owner"],
             ems_created_on=at(s["creation_time"]), ems_updated_on=at(s["updated_time"]),
             parent=link("orchestration_stacks", s["parent"]), cloud_tenant=link("cloud_tenants", project))
    here = Link("orchestration_stacks", s["id"])
    for name, value in s["parameters"].items():
        rows.add("stack_parameters", (s["id"], name), name=name, value=text(value), orchestration_stack=here)
    for o in s["outputs"]:
        rows.add("stack_outputs", (s["id"], o["output_key"]), name=o["output_key"], value=text(o["output_value"]),
                 description=o["description"], orchestration_stack=here)
    rows.labels("orchestration_stack", "orchestration_stacks", s["id"], tags=s["tags"])


def resource(stack_id, r, rows):
    what, of = r["physical_resource_id"], r["resource_type"]
    nested = any(way["rel"] == "nested" for way in r["links"])
    rows.add("stack_resources", (stack_id, r["resource_name"]), name=r["resource_name"], kind=of, physical_ref=what,
             status=r["resource_status"].lower(), status_reason=r["resource_status_reason"], ems_updated_on=at(r["updated_time"]),
             orchestration_stack=Link("orchestration_stacks", stack_id), vm=link("vms", what if of == "OS::Nova::Server" else None),
             nested_stack=link("orchestration_stacks", what if nested else None))


def text(value):
    return value if value is None or isinstance(value, str) else json.dumps(value)
