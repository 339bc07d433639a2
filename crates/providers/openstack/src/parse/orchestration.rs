//! Heat's stacks with their parameters and outputs, and their resources.
//!
//! Stacks are read one by one, since the list has neither parameters nor outputs nor, in some clouds, the project.

use serde::Deserialize;
use sonic_rs::JsonValueTrait;
use stocktake_model::menus::machines::labels;
use stocktake_model::menus::orchestration::{orchestration_stacks, stack_outputs, stack_parameters, stack_resources};
use stocktake_model::{Key, Rows};

use super::decode::Json;
use super::labels::Owner;
use super::lenient::{List, Map, Text, Time};
use super::words::Document as _;
use super::{Parsing, words};
use crate::menu::Collections;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Stack<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    stack_name: Text<'a>,
    description: Text<'a>,
    stack_status: Text<'a>,
    stack_status_reason: Text<'a>,
    stack_owner: Text<'a>,
    parent: Text<'a>,
    tags: List<Text<'a>>,
    parameters: Map<'a, Json0<'a>>,
    outputs: List<Output<'a>>,
    creation_time: Time,
    updated_time: Time,
}

type Json0<'a> = Option<Json<'a>>;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Output<'a> {
    #[serde(borrow)]
    output_key: Text<'a>,
    output_value: Option<Json<'a>>,
    description: Text<'a>,
}

/// A text as it is, anything else as its JSON.
fn value<'v>(json: &'v Json0<'_>) -> Option<&'v str> {
    let json = json.as_ref().filter(|json| !json.is_null())?;
    Some(json.as_str().unwrap_or_else(|| json.as_raw_str()))
}

pub(super) fn stacks(p: &mut Parsing<'_, '_>) {
    p.each("stacks", p.c.orchestration_stacks, |c, json, s: Stack<'_>, out| {
        let id = s.id.get().unwrap_or_default();
        let project = s.parameters.iter().find(|(name, _)| *name == "OS::project_id").and_then(|(_, v)| value(v));
        out.row(c.orchestration_stacks, id)
            .text(orchestration_stacks::name, s.stack_name.get())
            .text(orchestration_stacks::description, s.description.filled())
            .text(orchestration_stacks::status, s.stack_status.get().map(words::lower).as_deref())
            .text(orchestration_stacks::status_reason, s.stack_status_reason.filled())
            .text(orchestration_stacks::user_name, s.stack_owner.filled())
            .time(orchestration_stacks::ems_created_on, s.creation_time.0)
            .time(orchestration_stacks::ems_updated_on, s.updated_time.0)
            .opt_link(orchestration_stacks::parent, s.parent.filled())
            .opt_link(orchestration_stacks::cloud_tenant, project.filter(|p| !p.is_empty()))
            .document(json)
            .finish();
        if id.is_empty() {
            return;
        }
        details(c, id, &s, out);
        Owner { collection: "orchestration_stacks", link: labels::orchestration_stack, id }.tags(c, out, &s.tags);
    });
}

fn details(c: &Collections, id: &str, s: &Stack<'_>, out: &mut Rows) {
    let key = |name: &str| Key::new().and_link(&Key::text(id)).and_text(name);
    for (name, json) in s.parameters.iter() {
        out.row(c.stack_parameters, key(name))
            .text(stack_parameters::name, name)
            .text(stack_parameters::value, value(json))
            .link(stack_parameters::orchestration_stack, id)
            .finish();
    }
    for output in s.outputs.iter() {
        let name = output.output_key.get().unwrap_or_default();
        out.row(c.stack_outputs, key(name))
            .text(stack_outputs::name, name)
            .text(stack_outputs::value, value(&output.output_value))
            .text(stack_outputs::description, output.description.filled())
            .link(stack_outputs::orchestration_stack, id)
            .finish();
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Resource<'a> {
    #[serde(borrow)]
    resource_name: Text<'a>,
    resource_type: Text<'a>,
    physical_resource_id: Text<'a>,
    resource_status: Text<'a>,
    resource_status_reason: Text<'a>,
    links: List<Link<'a>>,
    updated_time: Time,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Link<'a> {
    #[serde(borrow)]
    rel: Text<'a>,
}

/// Whose resources they are stands in the page's context.
pub(super) fn resources(p: &mut Parsing<'_, '_>) {
    let stack = p.page.context.clone();
    p.each("resources", p.c.stack_resources, |c, _, r: Resource<'_>, out| {
        let name = r.resource_name.get().unwrap_or_default();
        let physical = r.physical_resource_id.filled();
        let is_vm = r.resource_type.get() == Some("OS::Nova::Server");
        let is_stack = r.links.iter().any(|link| link.rel.get() == Some("nested"));
        out.row(c.stack_resources, Key::new().and_link(&Key::text(&stack)).and_text(name))
            .text(stack_resources::name, name)
            .text(stack_resources::kind, r.resource_type.filled())
            .text(stack_resources::physical_ref, physical)
            .text(stack_resources::status, r.resource_status.get().map(words::lower).as_deref())
            .text(stack_resources::status_reason, r.resource_status_reason.filled())
            .time(stack_resources::ems_updated_on, r.updated_time.0)
            .link(stack_resources::orchestration_stack, &*stack)
            .opt_link(stack_resources::vm, physical.filter(|_| is_vm))
            .opt_link(stack_resources::nested_stack, physical.filter(|_| is_stack))
            .finish();
    });
}
