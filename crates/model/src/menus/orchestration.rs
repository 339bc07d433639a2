//! Stacks: things made together from a template.

use crate::Collection;
use crate::collection;

collection! {
    /// Stacks.
    orchestration_stacks: Archive {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name, unique in its project while it lives";
            description: Text, "What its template says of itself";
            status: Text, "create_complete, update_failed, …";
            status_reason: Text, "Why it is so";
            user_name: Text, "Who made it";
            ems_created_on: Time, "Made, says the provider";
            ems_updated_on: Time, "Last changed, says the provider";
        }
        links: {
            parent -> orchestration_stacks, "Stack it is nested in";
            cloud_tenant -> cloud_tenants, "Project it belongs to";
        }
        shown: [name, status, parent, cloud_tenant];
    }
}

collection! {
    /// What a stack made.
    stack_resources: WithOwner {
        ref: [orchestration_stack, name];
        owner: [orchestration_stack];
        columns: {
            name: Text, "Name in the template";
            kind: Text, "OS::Nova::Server, AWS::EC2::Instance";
            physical_ref: Text, "The provider's id of the thing made";
            status: Text, "create_complete, update_failed, …";
            status_reason: Text, "Why it is so";
            ems_updated_on: Time, "Last changed, says the provider";
        }
        links: {
            orchestration_stack -> orchestration_stacks, "Stack";
            vm -> vms, "VM it is";
            nested_stack -> orchestration_stacks, "Stack it is";
        }
        shown: [orchestration_stack, name, kind, status, physical_ref];
    }
}

collection! {
    /// What a stack was made with.
    stack_parameters: WithOwner {
        ref: [orchestration_stack, name];
        owner: [orchestration_stack];
        columns: {
            name: Text, "Name";
            value: Text, "Value; secrets are hidden by the provider";
        }
        links: { orchestration_stack -> orchestration_stacks, "Stack"; }
        shown: [orchestration_stack, name, value];
    }
}

collection! {
    /// What a stack tells about itself.
    stack_outputs: WithOwner {
        ref: [orchestration_stack, name];
        owner: [orchestration_stack];
        columns: {
            name: Text, "Name";
            value: Text, "Value, as text or JSON";
            description: Text, "What the template says of it";
        }
        links: { orchestration_stack -> orchestration_stacks, "Stack"; }
        shown: [orchestration_stack, name, value];
    }
}

pub fn all() -> Vec<Collection> {
    vec![
        orchestration_stacks::COLLECTION,
        stack_resources::COLLECTION,
        stack_parameters::COLLECTION,
        stack_outputs::COLLECTION,
    ]
}
