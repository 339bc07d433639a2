-- Written by crates/store/src/ddl from the model's menus; see there before you edit.

-- Providers, credentials, runs, settings.

create table settings (
    name text primary key,
    value text not null
) strict;

create table providers (
    id integer primary key,
    name text not null unique,
    type text not null,
    enabled integer not null default true,
    zone text not null default 'default',
    settings text not null default '{}',
    status text not null default 'new',
    status_message text,
    last_refresh_on integer,
    -- Raised by each change that workers must notice: address, credentials, zone, pause.
    generation integer not null default 1,
    -- unknown, valid, invalid, unreachable, incomplete, error
    credential_state text not null default 'unknown',
    credential_message text,
    -- Findings in a row that point away from valid: rejections while invalid, failures otherwise.
    credential_failures integer not null default 0,
    credential_since integer not null default (cast(unixepoch('subsec') * 1000000 as integer)),
    -- When it is refreshed without being asked: an interval, a cron expression, off; null: as the settings say.
    refresh_schedule text,
    -- How its events come: amqp, polling; null: not at all. Kept by whoever changes its settings.
    event_source text,
    created_on integer not null default (cast(unixepoch('subsec') * 1000000 as integer)),
    updated_on integer not null default (cast(unixepoch('subsec') * 1000000 as integer))
) strict;

-- Secrets, each sealed for its provider and field: see crates/store/src/registry/seal.rs.
create table credentials (
    provider_id integer not null references providers on delete cascade,
    field text not null,
    sealed blob not null,
    updated_on integer not null default (cast(unixepoch('subsec') * 1000000 as integer)),
    primary key (provider_id, field)
) strict;

-- Ids sort by time. A running run whose lease is gone is a dead one.
create table runs (
    id text primary key,
    provider_id integer not null references providers on delete cascade,
    mode text not null,
    targets text not null,
    trigger_by text not null,
    owner text not null,
    lease_token integer,
    approves text,
    approved_on integer,
    trace_id text,
    state text not null,
    error text,
    started_on integer not null,
    ended_on integer,
    phases text not null default '[]',
    collections text not null default '{}',
    listings text not null default '[]',
    usage text not null default '{"calls":0,"retries":0,"throttled":0,"bytes":0}',
    issues text not null default '{}',
    notes text not null default '[]'
) strict;
create index runs_of_provider on runs (provider_id, id);
create index runs_running on runs (provider_id) where state = 'running';

create table run_issues (
    run_id text not null references runs on delete cascade,
    n integer not null,
    kind text not null,
    collection text not null,
    ref text not null,
    field text,
    message text not null,
    primary key (run_id, n)
) strict;

-- How each collection was last seen by a run that asked for all of it, and when last seen whole.
create table freshness (
    provider_id integer not null references providers on delete cascade,
    collection text not null,
    run_id text not null,
    listed text not null,
    seen_on integer not null,
    complete_on integer,
    primary key (provider_id, collection)
) strict;

-- What saving needs beside the inventory.

-- One number series for all inventory tables: an id names one row of the whole inventory. Programs take blocks, which
-- must be without gaps: a sequence cannot promise that.
create table inventory_ids (
    last integer not null
) strict;
insert into inventory_ids values (0);

-- Who may write a provider's inventory. `saved_token` is written by each save with the token its writer holds: when
-- another has taken over since, the check fails and with it the whole save.
create table leases (
    provider_id integer primary key references providers on delete cascade,
    token integer not null,
    saved_token integer not null,
    owner text not null,
    until integer not null,
    constraint lease_fence check (saved_token = token)
) strict;

-- The provider's own documents, apart from the rows, so that reading and updating rows does not drag them along.
-- Without foreign key: it would cost a check for each document, and rows are deleted by the saver alone, which deletes
-- their documents in the same statement group. Encoding 1: lz4 behind the length in four bytes, little endian.
create table raw_documents (
    row_id integer primary key,
    provider_id integer not null,
    encoding integer not null,
    body blob not null
) strict;

-- Links that lead nowhere yet, or by another key than is usual for the link, or fetch a value: what a later run needs
-- to set them although the row itself has not changed.
create table link_watches (
    row_id integer not null,
    field_name text not null,
    collection text not null,
    provider_id integer not null,
    target text not null,
    target_ref integer not null,
    target_key text not null,
    value_of text,
    value_default integer,
    resolved_id integer,
    primary key (row_id, field_name)
) strict;
create index link_watches_waiting on link_watches (provider_id, target, target_ref, target_key) where resolved_id is null;
create index link_watches_leading on link_watches (resolved_id) where resolved_id is not null;

-- Vanished rows whose deletion the guard holds back.
create table held_deletes (
    row_id integer primary key,
    provider_id integer not null,
    collection text not null,
    held_on integer not null
) strict;
create index held_deletes_of_provider on held_deletes (provider_id);

-- What there is to do, and who does it: queue, refresh requests, servers, workers, schedules.

-- The queue. `run_after` and leases are judged by this database's clock, whatever the hosts think the time is.
create table jobs (
    id integer primary key,
    kind text not null,
    lane text not null,
    -- At most one job of such a lane runs at a time.
    exclusive integer not null default false,
    -- The smaller, the sooner.
    priority integer not null default 100,
    -- waiting, running, retrying, parked, done, cancelled
    state text not null default 'waiting',
    run_after integer not null default (cast(unixepoch('subsec') * 1000000 as integer)),
    expires_on integer,
    attempts integer not null default 0,
    max_attempts integer not null default 5,
    -- At most one waiting job has it.
    merge_key text,
    -- How many later wishes went into this job instead of becoming jobs of their own.
    merged integer not null default 0,
    payload text not null default '{}',
    trace_context text,
    lease_owner text,
    lease_token integer not null default 0,
    lease_until integer,
    -- Somebody wants it to stop: its holder is told at its next heartbeat, and it never runs again.
    cancel_asked integer not null default false,
    result text,
    -- The last failure with all its causes, a line each.
    error text,
    created_on integer not null default (cast(unixepoch('subsec') * 1000000 as integer)),
    started_on integer,
    ended_on integer
) strict;
create unique index jobs_merge on jobs (merge_key) where state = 'waiting' and merge_key is not null;
create unique index jobs_alone on jobs (lane) where state = 'running' and exclusive;
-- `run_after` comes last so that jobs which are not due are passed over without a look at their rows.
create index jobs_due on jobs (lane, exclusive, priority, id, run_after) where state in ('waiting', 'retrying');
-- Not by `lease_until`: heartbeats then change no index.
create index jobs_running on jobs (lane) where state = 'running';
create index jobs_parked on jobs (lane) where state = 'parked';
create index jobs_expiring on jobs (expires_on) where state in ('waiting', 'retrying') and expires_on is not null;
create index jobs_ended on jobs (ended_on) where state in ('done', 'cancelled');

-- What refreshes are asked for: a row each, so that asking twice is asking once. An empty `ref` means the whole collection,
-- an empty collection everything the provider has.
create table refresh_targets (
    id integer primary key,
    provider_id integer not null references providers on delete cascade,
    collection text not null,
    ref text not null,
    -- How often it was asked for: a run that served it takes it away only if nobody asked since.
    asked integer not null default 1,
    trigger_by text not null,
    first_asked_on integer not null default (cast(unixepoch('subsec') * 1000000 as integer)),
    last_asked_on integer not null default (cast(unixepoch('subsec') * 1000000 as integer)),
    -- The job that serves it now, and its lease token, by which one attempt is told from another.
    claimed_by integer,
    claimed_token integer,
    claimed_asked integer,
    unique (provider_id, collection, ref)
) strict;

-- One row for each start of a main server.
create table servers (
    id text primary key,
    name text not null,
    host text not null,
    pid integer not null,
    version text not null,
    zone text not null,
    -- Names of roles it may take: ["refresh", "scheduler", "generic"]
    roles text not null,
    -- starting, running, draining, stopped, lost
    state text not null,
    started_on integer not null default (cast(unixepoch('subsec') * 1000000 as integer)),
    heartbeat_on integer not null default (cast(unixepoch('subsec') * 1000000 as integer)),
    -- Alive until then, whatever its state says.
    until integer not null,
    rss_bytes integer,
    cpu_millis integer,
    ended_on integer,
    end_reason text
) strict;

-- What exactly one server does: the workers of a provider, the scheduler. Held like a lease.
create table assignments (
    -- provider:ID, role:NAME
    what text primary key,
    server_id text not null,
    token integer not null,
    until integer not null
) strict;

-- One row for each worker process.
create table workers (
    id text primary key,
    server_id text not null references servers on delete cascade,
    kind text not null,
    provider_id integer references providers on delete set null,
    -- Which of several workers of one kind: 1, 2, …
    slot integer not null default 1,
    host text not null,
    pid integer,
    -- creating, starting, running, draining, stopped, killed, failed
    state text not null,
    -- That of the provider's settings which it works with.
    generation integer not null default 0,
    -- How often this place was filled anew since the server started.
    restarts integer not null default 0,
    created_on integer not null default (cast(unixepoch('subsec') * 1000000 as integer)),
    started_on integer,
    heartbeat_on integer,
    -- When it last got anywhere; a heartbeat alone is no progress.
    progress_on integer,
    job_id integer,
    doing text,
    progress text,
    rss_bytes integer,
    cpu_millis integer,
    ended_on integer,
    end_reason text
) strict;
create index workers_live on workers (server_id) where ended_on is null;
create index workers_ended on workers (ended_on) where ended_on is not null;

-- When what is due. A tick is taken by moving `next_on` on, which only one can do.
create table schedules (
    -- refresh:PROVIDER-ID, purge, …
    name text primary key,
    provider_id integer references providers on delete cascade,
    -- An interval (24h), a cron expression, or off.
    spec text not null,
    next_on integer,
    last_on integer
) strict;

-- What runs did since the inventory began, so that counters never fall when old runs are purged.
create table run_totals (
    provider_id integer not null references providers on delete cascade,
    mode text not null,
    state text not null,
    runs integer not null,
    millis integer not null,
    created integer not null,
    updated integer not null,
    unchanged integer not null,
    archived integer not null,
    deleted integer not null,
    held integer not null,
    api_calls integer not null,
    api_retries integer not null,
    api_throttled integer not null,
    api_bytes integer not null,
    primary key (provider_id, mode, state)
) strict;

-- What happens in the providers' systems, and how far it was caught.

-- How catching goes, a row for each provider that has an event source.
create table event_sources (
    provider_id integer primary key references providers on delete cascade,
    -- amqp, polling
    source text not null,
    -- connecting, catching, waiting (it is tried again), failed (a person must mend it), stopped (nobody catches)
    state text not null,
    message text,
    since integer not null default (cast(unixepoch('subsec') * 1000000 as integer)),
    -- When it is tried again, for those that wait or failed.
    retry_on integer,
    -- When its catcher last gave a sign of life: one that was killed says nothing of its state.
    seen_on integer not null default (cast(unixepoch('subsec') * 1000000 as integer)),
    -- Where to resume, in the source's words. Written with the events that it stands behind.
    position text,
    position_on integer,
    last_event_on integer,
    received integer not null default 0,
    poisoned integer not null default 0,
    gaps integer not null default 0,
    last_gap_on integer,
    last_gap text
) strict;

-- Events as they were caught, for handlers: many in a row, so that catching costs one small write however many there are.
-- Body: lz4 behind the length in four bytes, little endian; see crates/events/src/batch.rs.
create table event_batches (
    id integer primary key autoincrement,
    provider_id integer not null references providers on delete cascade,
    received_on integer not null default (cast(unixepoch('subsec') * 1000000 as integer)),
    events integer not null,
    body blob not null
) strict;
create index event_batches_of_provider on event_batches (provider_id);

-- The event stream. Objects are named by the refs their provider knows them by, and met in the inventory by them: an event
-- that came before its object needs no repair.
-- Without foreign key: it would cost a check for each event; removals and purges delete in windows.
create table events (
    id integer primary key autoincrement,
    provider_id integer not null,
    -- The source's; what comes twice is one row.
    key text not null,
    type text not null,
    -- By the source's clock.
    at integer not null,
    received_on integer not null,
    stored_on integer not null default (cast(unixepoch('subsec') * 1000000 as integer)),
    source text,
    via text not null,
    -- info, warning, error
    level text not null,
    -- As its route says; none: no route has its type.
    event_group text,
    severity text,
    message text,
    -- What it is about: the first target of its route.
    collection text,
    ref text,
    vm_ref text,
    host_ref text,
    availability_zone_ref text,
    tenant_ref text,
    flavor_ref text,
    user_ref text,
    request_id text,
    chain_id text,
    payload text not null,
    unique (provider_id, key)
) strict;
create index events_about on events (provider_id, ref, id) where ref is not null;
create index events_of_vm on events (provider_id, vm_ref, id) where vm_ref is not null;
create index events_stored on events (stored_on);

-- What types there were, routed or not.
create table event_types (
    provider_id integer not null references providers on delete cascade,
    type text not null,
    routed integer not null,
    seen integer not null,
    first_on integer not null,
    last_on integer not null,
    primary key (provider_id, type)
) strict;

-- What came and could not be read, with the reason.
create table events_aside (
    id integer primary key,
    provider_id integer not null references providers on delete cascade,
    received_on integer not null default (cast(unixepoch('subsec') * 1000000 as integer)),
    via text not null,
    reason text not null,
    body blob not null
) strict;
create index events_aside_of_provider on events_aside (provider_id, id);
create index events_aside_received on events_aside (received_on);

-- Objects to be looked at again, for states that settle late. One row for each wait, moved on while events come.
create table refresh_later (
    provider_id integer not null references providers on delete cascade,
    wait_millis integer not null,
    collection text not null,
    ref text not null,
    due_on integer not null,
    primary key (provider_id, wait_millis, collection, ref)
) strict;
create index refresh_later_due on refresh_later (provider_id, wait_millis, due_on);

-- What rules and people wrote about objects. By ref, so that a note stays with an object that comes back.
create table notes (
    id integer primary key,
    provider_id integer not null references providers on delete cascade,
    collection text not null,
    ref text not null,
    -- rule NAME, or who
    author text not null,
    body text not null,
    event_id integer,
    created_on integer not null default (cast(unixepoch('subsec') * 1000000 as integer))
) strict;
create index notes_about on notes (provider_id, collection, ref, id);
create index notes_created on notes (created_on);

create table availability_zones (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    kind text,
    name text,
    is_available integer,
    constraint availability_zones_identity unique (provider_id, ems_ref)
) strict;

create table folders (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    name text,
    kind text,
    holds text,
    parent_id integer,
    constraint folders_identity unique (provider_id, ems_ref),
    constraint folders_parent foreign key (parent_id) references folders deferrable initially deferred
) strict;
create index folders_of_parent on folders (parent_id) where parent_id is not null;

create table clusters (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    name text,
    uid text,
    ha_enabled integer,
    drs_enabled integer,
    drs_level text,
    effective_cpu integer,
    effective_memory_mb integer,
    folder_id integer,
    constraint clusters_identity unique (provider_id, ems_ref),
    constraint clusters_folder foreign key (folder_id) references folders
) strict;
create index clusters_of_folder on clusters (folder_id) where folder_id is not null;

create table hosts (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    ref_name text,
    ref_service_host text,
    name text,
    service_host text,
    ip_address text,
    uid text,
    power_state text,
    raw_power_state text,
    connection_state text,
    is_enabled integer,
    disabled_reason text,
    in_maintenance integer,
    hypervisor_type text,
    hypervisor_version text,
    vendor text,
    model text,
    serial_number text,
    boot_time integer,
    availability_zone_id integer,
    cluster_id integer,
    folder_id integer,
    constraint hosts_identity unique (provider_id, ems_ref),
    constraint hosts_availability_zone foreign key (availability_zone_id) references availability_zones,
    constraint hosts_cluster foreign key (cluster_id) references clusters,
    constraint hosts_folder foreign key (folder_id) references folders
) strict;
create index hosts_by_name on hosts (provider_id, ref_name) where ref_name is not null;
create index hosts_by_service_host on hosts (provider_id, ref_service_host) where ref_service_host is not null;
create index hosts_of_availability_zone on hosts (availability_zone_id) where availability_zone_id is not null;
create index hosts_of_cluster on hosts (cluster_id) where cluster_id is not null;
create index hosts_of_folder on hosts (folder_id) where folder_id is not null;

create table flavors (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    ref_name text,
    name text,
    description text,
    cpu_total_cores integer,
    memory_mb integer,
    root_disk_bytes integer,
    ephemeral_disk_bytes integer,
    swap_disk_bytes integer,
    is_public integer,
    is_enabled integer,
    constraint flavors_identity unique (provider_id, ems_ref)
) strict;
create index flavors_by_name on flavors (provider_id, ref_name) where ref_name is not null;

create table cloud_tenants (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    name text,
    description text,
    is_enabled integer,
    domain_ref text,
    parent_id integer,
    constraint cloud_tenants_identity unique (provider_id, ems_ref),
    constraint cloud_tenants_parent foreign key (parent_id) references cloud_tenants deferrable initially deferred
) strict;
create index cloud_tenants_of_parent on cloud_tenants (parent_id) where parent_id is not null;

create table images (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    name text,
    kind text,
    status text,
    visibility text,
    size_bytes integer,
    virtual_size_bytes integer,
    min_disk_bytes integer,
    min_memory_mb integer,
    disk_format text,
    container_format text,
    os_type text,
    os_distro text,
    os_version text,
    architecture text,
    checksum text,
    is_protected integer,
    is_hidden integer,
    ems_created_on integer,
    ems_updated_on integer,
    cloud_tenant_id integer,
    vm_id integer,
    base_image_id integer,
    constraint images_identity unique (provider_id, ems_ref),
    constraint images_cloud_tenant foreign key (cloud_tenant_id) references cloud_tenants,
    constraint images_vm foreign key (vm_id) references vms deferrable initially deferred,
    constraint images_base_image foreign key (base_image_id) references images deferrable initially deferred
) strict;
create index images_of_cloud_tenant on images (cloud_tenant_id) where cloud_tenant_id is not null;
create index images_of_vm on images (vm_id) where vm_id is not null;
create index images_of_base_image on images (base_image_id) where base_image_id is not null;

create table key_pairs (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    user_ref text,
    name text,
    kind text,
    fingerprint text,
    public_key text,
    constraint key_pairs_identity unique (provider_id, ems_ref)
) strict;

create table orchestration_stacks (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    name text,
    description text,
    status text,
    status_reason text,
    user_name text,
    ems_created_on integer,
    ems_updated_on integer,
    parent_id integer,
    cloud_tenant_id integer,
    constraint orchestration_stacks_identity unique (provider_id, ems_ref),
    constraint orchestration_stacks_parent foreign key (parent_id) references orchestration_stacks deferrable initially deferred,
    constraint orchestration_stacks_cloud_tenant foreign key (cloud_tenant_id) references cloud_tenants
) strict;
create index orchestration_stacks_of_parent on orchestration_stacks (parent_id) where parent_id is not null;
create index orchestration_stacks_of_cloud_tenant on orchestration_stacks (cloud_tenant_id) where cloud_tenant_id is not null;

create table storages (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    name text,
    uid text,
    kind text,
    total_bytes integer,
    free_bytes integer,
    uncommitted_bytes integer,
    is_accessible integer,
    in_maintenance integer,
    folder_id integer,
    constraint storages_identity unique (provider_id, ems_ref),
    constraint storages_folder foreign key (folder_id) references folders
) strict;
create index storages_of_folder on storages (folder_id) where folder_id is not null;

create table resource_pools (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    name text,
    is_root integer,
    cpu_reserve integer,
    cpu_limit integer,
    cpu_shares integer,
    memory_reserve_mb integer,
    memory_limit_mb integer,
    memory_shares integer,
    parent_id integer,
    cluster_id integer,
    host_id integer,
    constraint resource_pools_identity unique (provider_id, ems_ref),
    constraint resource_pools_parent foreign key (parent_id) references resource_pools deferrable initially deferred,
    constraint resource_pools_cluster foreign key (cluster_id) references clusters,
    constraint resource_pools_host foreign key (host_id) references hosts
) strict;
create index resource_pools_of_parent on resource_pools (parent_id) where parent_id is not null;
create index resource_pools_of_cluster on resource_pools (cluster_id) where cluster_id is not null;
create index resource_pools_of_host on resource_pools (host_id) where host_id is not null;

create table vms (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    name text,
    description text,
    power_state text,
    raw_power_state text,
    status text,
    task_state text,
    is_template integer,
    hostname text,
    uid text,
    instance_name text,
    ipv4_address text,
    ipv6_address text,
    user_ref text,
    root_device_name text,
    has_config_drive integer,
    is_locked integer,
    lock_reason text,
    fault_message text,
    ems_created_on integer,
    ems_updated_on integer,
    launched_on integer,
    terminated_on integer,
    boot_time integer,
    connection_state text,
    tools_status text,
    tools_version text,
    cpu_reserve integer,
    cpu_limit integer,
    cpu_shares integer,
    memory_reserve_mb integer,
    memory_limit_mb integer,
    memory_shares integer,
    is_linked_clone integer,
    host_id integer,
    flavor_id integer,
    availability_zone_id integer,
    cloud_tenant_id integer,
    image_id integer,
    key_pair_id integer,
    orchestration_stack_id integer,
    cluster_id integer,
    storage_id integer,
    resource_pool_id integer,
    folder_id integer,
    template_id integer,
    constraint vms_identity unique (provider_id, ems_ref),
    constraint vms_host foreign key (host_id) references hosts,
    constraint vms_flavor foreign key (flavor_id) references flavors,
    constraint vms_availability_zone foreign key (availability_zone_id) references availability_zones,
    constraint vms_cloud_tenant foreign key (cloud_tenant_id) references cloud_tenants,
    constraint vms_image foreign key (image_id) references images deferrable initially deferred,
    constraint vms_key_pair foreign key (key_pair_id) references key_pairs,
    constraint vms_orchestration_stack foreign key (orchestration_stack_id) references orchestration_stacks,
    constraint vms_cluster foreign key (cluster_id) references clusters,
    constraint vms_storage foreign key (storage_id) references storages,
    constraint vms_resource_pool foreign key (resource_pool_id) references resource_pools,
    constraint vms_folder foreign key (folder_id) references folders,
    constraint vms_template foreign key (template_id) references vms deferrable initially deferred
) strict;
create index vms_of_host on vms (host_id) where host_id is not null;
create index vms_of_flavor on vms (flavor_id) where flavor_id is not null;
create index vms_of_availability_zone on vms (availability_zone_id) where availability_zone_id is not null;
create index vms_of_cloud_tenant on vms (cloud_tenant_id) where cloud_tenant_id is not null;
create index vms_of_image on vms (image_id) where image_id is not null;
create index vms_of_key_pair on vms (key_pair_id) where key_pair_id is not null;
create index vms_of_orchestration_stack on vms (orchestration_stack_id) where orchestration_stack_id is not null;
create index vms_of_cluster on vms (cluster_id) where cluster_id is not null;
create index vms_of_storage on vms (storage_id) where storage_id is not null;
create index vms_of_resource_pool on vms (resource_pool_id) where resource_pool_id is not null;
create index vms_of_folder on vms (folder_id) where folder_id is not null;
create index vms_of_template on vms (template_id) where template_id is not null;

create table hardwares (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    cpu_total_cores integer,
    cpu_sockets integer,
    cpu_cores_per_socket integer,
    cpu_speed integer,
    cpu_type text,
    architecture text,
    memory_mb integer,
    disk_capacity_bytes integer,
    firmware_type text,
    virtualization_type text,
    nic_count integer,
    vm_id integer,
    host_id integer,
    constraint hardwares_identity unique (provider_id, ems_ref),
    constraint hardwares_vm foreign key (vm_id) references vms,
    constraint hardwares_host foreign key (host_id) references hosts
) strict;
create index hardwares_of_vm on hardwares (vm_id) where vm_id is not null;
create index hardwares_of_host on hardwares (host_id) where host_id is not null;

create table volume_types (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    ref_name text,
    name text,
    description text,
    is_public integer,
    backend_name text,
    constraint volume_types_identity unique (provider_id, ems_ref)
) strict;
create index volume_types_by_name on volume_types (provider_id, ref_name) where ref_name is not null;

create table volume_snapshots (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    name text,
    description text,
    status text,
    size_bytes integer,
    ems_created_on integer,
    ems_updated_on integer,
    cloud_volume_id integer,
    cloud_tenant_id integer,
    constraint volume_snapshots_identity unique (provider_id, ems_ref),
    constraint volume_snapshots_cloud_volume foreign key (cloud_volume_id) references cloud_volumes deferrable initially deferred,
    constraint volume_snapshots_cloud_tenant foreign key (cloud_tenant_id) references cloud_tenants
) strict;
create index volume_snapshots_of_cloud_volume on volume_snapshots (cloud_volume_id) where cloud_volume_id is not null;
create index volume_snapshots_of_cloud_tenant on volume_snapshots (cloud_tenant_id) where cloud_tenant_id is not null;

create table cloud_volumes (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    name text,
    description text,
    status text,
    size_bytes integer,
    is_bootable integer,
    is_encrypted integer,
    multiattach integer,
    backend text,
    migration_status text,
    replication_status text,
    user_ref text,
    ems_created_on integer,
    ems_updated_on integer,
    cloud_tenant_id integer,
    availability_zone_id integer,
    volume_type_id integer,
    volume_snapshot_id integer,
    source_volume_id integer,
    image_id integer,
    constraint cloud_volumes_identity unique (provider_id, ems_ref),
    constraint cloud_volumes_cloud_tenant foreign key (cloud_tenant_id) references cloud_tenants,
    constraint cloud_volumes_availability_zone foreign key (availability_zone_id) references availability_zones,
    constraint cloud_volumes_volume_type foreign key (volume_type_id) references volume_types,
    constraint cloud_volumes_volume_snapshot foreign key (volume_snapshot_id) references volume_snapshots deferrable initially deferred,
    constraint cloud_volumes_source_volume foreign key (source_volume_id) references cloud_volumes deferrable initially deferred,
    constraint cloud_volumes_image foreign key (image_id) references images
) strict;
create index cloud_volumes_of_cloud_tenant on cloud_volumes (cloud_tenant_id) where cloud_tenant_id is not null;
create index cloud_volumes_of_availability_zone on cloud_volumes (availability_zone_id) where availability_zone_id is not null;
create index cloud_volumes_of_volume_type on cloud_volumes (volume_type_id) where volume_type_id is not null;
create index cloud_volumes_of_volume_snapshot on cloud_volumes (volume_snapshot_id) where volume_snapshot_id is not null;
create index cloud_volumes_of_source_volume on cloud_volumes (source_volume_id) where source_volume_id is not null;
create index cloud_volumes_of_image on cloud_volumes (image_id) where image_id is not null;

create table disks (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    name text,
    kind text,
    device text,
    size_bytes integer,
    used_bytes integer,
    controller text,
    file_name text,
    disk_mode text,
    is_thin integer,
    is_bootable integer,
    is_connected integer,
    vm_id integer,
    host_id integer,
    cloud_volume_id integer,
    storage_id integer,
    constraint disks_identity unique (provider_id, ems_ref),
    constraint disks_vm foreign key (vm_id) references vms,
    constraint disks_host foreign key (host_id) references hosts,
    constraint disks_cloud_volume foreign key (cloud_volume_id) references cloud_volumes,
    constraint disks_storage foreign key (storage_id) references storages
) strict;
create index disks_of_vm on disks (vm_id) where vm_id is not null;
create index disks_of_host on disks (host_id) where host_id is not null;
create index disks_of_cloud_volume on disks (cloud_volume_id) where cloud_volume_id is not null;
create index disks_of_storage on disks (storage_id) where storage_id is not null;

create table switches (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    name text,
    uid text,
    is_distributed integer,
    port_count integer,
    mtu integer,
    allows_promiscuous integer,
    allows_forged_transmits integer,
    allows_mac_changes integer,
    host_id integer,
    folder_id integer,
    constraint switches_identity unique (provider_id, ems_ref),
    constraint switches_host foreign key (host_id) references hosts,
    constraint switches_folder foreign key (folder_id) references folders
) strict;
create index switches_of_host on switches (host_id) where host_id is not null;
create index switches_of_folder on switches (folder_id) where folder_id is not null;

create table lans (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    name text,
    vlan text,
    allows_promiscuous integer,
    allows_forged_transmits integer,
    allows_mac_changes integer,
    switch_id integer,
    constraint lans_identity unique (provider_id, ems_ref),
    constraint lans_switch foreign key (switch_id) references switches
) strict;
create index lans_of_switch on lans (switch_id) where switch_id is not null;

create table nics (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    mac_address text,
    address text,
    ip_version integer,
    kind text,
    network_name text,
    device text,
    model text,
    is_connected integer,
    vm_id integer,
    host_id integer,
    lan_id integer,
    constraint nics_identity unique (provider_id, ems_ref),
    constraint nics_vm foreign key (vm_id) references vms,
    constraint nics_host foreign key (host_id) references hosts,
    constraint nics_lan foreign key (lan_id) references lans
) strict;
create index nics_of_vm on nics (vm_id) where vm_id is not null;
create index nics_of_host on nics (host_id) where host_id is not null;
create index nics_of_lan on nics (lan_id) where lan_id is not null;

create table operating_systems (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    product_name text,
    version text,
    kind text,
    architecture text,
    hostname text,
    vm_id integer,
    host_id integer,
    constraint operating_systems_identity unique (provider_id, ems_ref),
    constraint operating_systems_vm foreign key (vm_id) references vms,
    constraint operating_systems_host foreign key (host_id) references hosts
) strict;
create index operating_systems_of_vm on operating_systems (vm_id) where vm_id is not null;
create index operating_systems_of_host on operating_systems (host_id) where host_id is not null;

create table snapshots (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    uid text,
    name text,
    description text,
    is_current integer,
    size_bytes integer,
    ems_created_on integer,
    vm_id integer,
    parent_id integer,
    constraint snapshots_identity unique (provider_id, ems_ref),
    constraint snapshots_vm foreign key (vm_id) references vms,
    constraint snapshots_parent foreign key (parent_id) references snapshots deferrable initially deferred
) strict;
create index snapshots_of_vm on snapshots (vm_id) where vm_id is not null;
create index snapshots_of_parent on snapshots (parent_id) where parent_id is not null;

create table cloud_networks (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    name text,
    description text,
    status text,
    is_enabled integer,
    is_shared integer,
    is_external integer,
    mtu integer,
    network_type text,
    physical_network text,
    segmentation_ref integer,
    port_security_enabled integer,
    dns_domain text,
    zone_names text,
    zone_hints text,
    ems_created_on integer,
    ems_updated_on integer,
    cloud_tenant_id integer,
    constraint cloud_networks_identity unique (provider_id, ems_ref),
    constraint cloud_networks_cloud_tenant foreign key (cloud_tenant_id) references cloud_tenants
) strict;
create index cloud_networks_of_cloud_tenant on cloud_networks (cloud_tenant_id) where cloud_tenant_id is not null;

create table cloud_subnets (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    name text,
    description text,
    cidr text,
    ip_version integer,
    gateway_ip text,
    dhcp_enabled integer,
    dns_nameservers text,
    allocation_pools text,
    host_routes text,
    ipv6_address_mode text,
    ipv6_ra_mode text,
    ems_created_on integer,
    ems_updated_on integer,
    cloud_network_id integer,
    cloud_tenant_id integer,
    constraint cloud_subnets_identity unique (provider_id, ems_ref),
    constraint cloud_subnets_cloud_network foreign key (cloud_network_id) references cloud_networks,
    constraint cloud_subnets_cloud_tenant foreign key (cloud_tenant_id) references cloud_tenants
) strict;
create index cloud_subnets_of_cloud_network on cloud_subnets (cloud_network_id) where cloud_network_id is not null;
create index cloud_subnets_of_cloud_tenant on cloud_subnets (cloud_tenant_id) where cloud_tenant_id is not null;

create table network_routers (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    name text,
    description text,
    status text,
    is_enabled integer,
    is_distributed integer,
    is_ha integer,
    snat_enabled integer,
    external_addresses text,
    routes text,
    zone_names text,
    zone_hints text,
    ems_created_on integer,
    ems_updated_on integer,
    cloud_tenant_id integer,
    external_network_id integer,
    constraint network_routers_identity unique (provider_id, ems_ref),
    constraint network_routers_cloud_tenant foreign key (cloud_tenant_id) references cloud_tenants,
    constraint network_routers_external_network foreign key (external_network_id) references cloud_networks
) strict;
create index network_routers_of_cloud_tenant on network_routers (cloud_tenant_id) where cloud_tenant_id is not null;
create index network_routers_of_external_network on network_routers (external_network_id) where external_network_id is not null;

create table floating_ips (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    address text,
    fixed_address text,
    status text,
    description text,
    dns_name text,
    ems_created_on integer,
    ems_updated_on integer,
    cloud_tenant_id integer,
    cloud_network_id integer,
    network_port_id integer,
    network_router_id integer,
    vm_id integer,
    constraint floating_ips_identity unique (provider_id, ems_ref),
    constraint floating_ips_cloud_tenant foreign key (cloud_tenant_id) references cloud_tenants,
    constraint floating_ips_cloud_network foreign key (cloud_network_id) references cloud_networks,
    constraint floating_ips_network_port foreign key (network_port_id) references network_ports deferrable initially deferred,
    constraint floating_ips_network_router foreign key (network_router_id) references network_routers,
    constraint floating_ips_vm foreign key (vm_id) references vms
) strict;
create index floating_ips_of_cloud_tenant on floating_ips (cloud_tenant_id) where cloud_tenant_id is not null;
create index floating_ips_of_cloud_network on floating_ips (cloud_network_id) where cloud_network_id is not null;
create index floating_ips_of_network_port on floating_ips (network_port_id) where network_port_id is not null;
create index floating_ips_of_network_router on floating_ips (network_router_id) where network_router_id is not null;
create index floating_ips_of_vm on floating_ips (vm_id) where vm_id is not null;

create table network_ports (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    name text,
    description text,
    mac_address text,
    status text,
    is_enabled integer,
    device_owner text,
    device_ref text,
    binding_host text,
    vnic_type text,
    vif_type text,
    port_security_enabled integer,
    dns_name text,
    ems_created_on integer,
    ems_updated_on integer,
    cloud_network_id integer,
    cloud_tenant_id integer,
    vm_id integer,
    network_router_id integer,
    floating_ip_id integer,
    constraint network_ports_identity unique (provider_id, ems_ref),
    constraint network_ports_cloud_network foreign key (cloud_network_id) references cloud_networks,
    constraint network_ports_cloud_tenant foreign key (cloud_tenant_id) references cloud_tenants,
    constraint network_ports_vm foreign key (vm_id) references vms,
    constraint network_ports_network_router foreign key (network_router_id) references network_routers,
    constraint network_ports_floating_ip foreign key (floating_ip_id) references floating_ips deferrable initially deferred
) strict;
create index network_ports_of_cloud_network on network_ports (cloud_network_id) where cloud_network_id is not null;
create index network_ports_of_cloud_tenant on network_ports (cloud_tenant_id) where cloud_tenant_id is not null;
create index network_ports_of_vm on network_ports (vm_id) where vm_id is not null;
create index network_ports_of_network_router on network_ports (network_router_id) where network_router_id is not null;
create index network_ports_of_floating_ip on network_ports (floating_ip_id) where floating_ip_id is not null;

create table security_groups (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    name text,
    description text,
    is_stateful integer,
    is_shared integer,
    ems_created_on integer,
    ems_updated_on integer,
    cloud_tenant_id integer,
    constraint security_groups_identity unique (provider_id, ems_ref),
    constraint security_groups_cloud_tenant foreign key (cloud_tenant_id) references cloud_tenants
) strict;
create index security_groups_of_cloud_tenant on security_groups (cloud_tenant_id) where cloud_tenant_id is not null;

create table host_aggregates (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    name text,
    uid text,
    ems_created_on integer,
    ems_updated_on integer,
    availability_zone_id integer,
    constraint host_aggregates_identity unique (provider_id, ems_ref),
    constraint host_aggregates_availability_zone foreign key (availability_zone_id) references availability_zones
) strict;
create index host_aggregates_of_availability_zone on host_aggregates (availability_zone_id) where availability_zone_id is not null;

create table labels (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    section text,
    name text,
    value text,
    vm_id integer,
    image_id integer,
    cloud_volume_id integer,
    volume_snapshot_id integer,
    cloud_network_id integer,
    cloud_subnet_id integer,
    network_port_id integer,
    network_router_id integer,
    floating_ip_id integer,
    security_group_id integer,
    orchestration_stack_id integer,
    flavor_id integer,
    host_aggregate_id integer,
    cloud_tenant_id integer,
    host_id integer,
    cluster_id integer,
    storage_id integer,
    constraint labels_identity unique (provider_id, ems_ref),
    constraint labels_vm foreign key (vm_id) references vms,
    constraint labels_image foreign key (image_id) references images,
    constraint labels_cloud_volume foreign key (cloud_volume_id) references cloud_volumes,
    constraint labels_volume_snapshot foreign key (volume_snapshot_id) references volume_snapshots,
    constraint labels_cloud_network foreign key (cloud_network_id) references cloud_networks,
    constraint labels_cloud_subnet foreign key (cloud_subnet_id) references cloud_subnets,
    constraint labels_network_port foreign key (network_port_id) references network_ports,
    constraint labels_network_router foreign key (network_router_id) references network_routers,
    constraint labels_floating_ip foreign key (floating_ip_id) references floating_ips,
    constraint labels_security_group foreign key (security_group_id) references security_groups,
    constraint labels_orchestration_stack foreign key (orchestration_stack_id) references orchestration_stacks,
    constraint labels_flavor foreign key (flavor_id) references flavors,
    constraint labels_host_aggregate foreign key (host_aggregate_id) references host_aggregates,
    constraint labels_cloud_tenant foreign key (cloud_tenant_id) references cloud_tenants,
    constraint labels_host foreign key (host_id) references hosts,
    constraint labels_cluster foreign key (cluster_id) references clusters,
    constraint labels_storage foreign key (storage_id) references storages
) strict;
create index labels_of_vm on labels (vm_id) where vm_id is not null;
create index labels_of_image on labels (image_id) where image_id is not null;
create index labels_of_cloud_volume on labels (cloud_volume_id) where cloud_volume_id is not null;
create index labels_of_volume_snapshot on labels (volume_snapshot_id) where volume_snapshot_id is not null;
create index labels_of_cloud_network on labels (cloud_network_id) where cloud_network_id is not null;
create index labels_of_cloud_subnet on labels (cloud_subnet_id) where cloud_subnet_id is not null;
create index labels_of_network_port on labels (network_port_id) where network_port_id is not null;
create index labels_of_network_router on labels (network_router_id) where network_router_id is not null;
create index labels_of_floating_ip on labels (floating_ip_id) where floating_ip_id is not null;
create index labels_of_security_group on labels (security_group_id) where security_group_id is not null;
create index labels_of_orchestration_stack on labels (orchestration_stack_id) where orchestration_stack_id is not null;
create index labels_of_flavor on labels (flavor_id) where flavor_id is not null;
create index labels_of_host_aggregate on labels (host_aggregate_id) where host_aggregate_id is not null;
create index labels_of_cloud_tenant on labels (cloud_tenant_id) where cloud_tenant_id is not null;
create index labels_of_host on labels (host_id) where host_id is not null;
create index labels_of_cluster on labels (cluster_id) where cluster_id is not null;
create index labels_of_storage on labels (storage_id) where storage_id is not null;

create table host_aggregate_hosts (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    host_name text,
    host_aggregate_id integer,
    host_id integer,
    constraint host_aggregate_hosts_identity unique (provider_id, ems_ref),
    constraint host_aggregate_hosts_host_aggregate foreign key (host_aggregate_id) references host_aggregates,
    constraint host_aggregate_hosts_host foreign key (host_id) references hosts
) strict;
create index host_aggregate_hosts_of_host_aggregate on host_aggregate_hosts (host_aggregate_id) where host_aggregate_id is not null;
create index host_aggregate_hosts_of_host on host_aggregate_hosts (host_id) where host_id is not null;

create table server_groups (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    name text,
    policy text,
    rules text,
    user_ref text,
    cloud_tenant_id integer,
    constraint server_groups_identity unique (provider_id, ems_ref),
    constraint server_groups_cloud_tenant foreign key (cloud_tenant_id) references cloud_tenants
) strict;
create index server_groups_of_cloud_tenant on server_groups (cloud_tenant_id) where cloud_tenant_id is not null;

create table server_group_members (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    server_group_id integer,
    vm_id integer,
    constraint server_group_members_identity unique (provider_id, ems_ref),
    constraint server_group_members_server_group foreign key (server_group_id) references server_groups,
    constraint server_group_members_vm foreign key (vm_id) references vms
) strict;
create index server_group_members_of_server_group on server_group_members (server_group_id) where server_group_id is not null;
create index server_group_members_of_vm on server_group_members (vm_id) where vm_id is not null;

create table quotas (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    service text,
    name text,
    max_value integer,
    cloud_tenant_id integer,
    constraint quotas_identity unique (provider_id, ems_ref),
    constraint quotas_cloud_tenant foreign key (cloud_tenant_id) references cloud_tenants
) strict;
create index quotas_of_cloud_tenant on quotas (cloud_tenant_id) where cloud_tenant_id is not null;

create table services (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    service text,
    name text,
    host_name text,
    uid text,
    program text,
    zone_name text,
    is_up integer,
    is_enabled integer,
    disabled_reason text,
    host_id integer,
    constraint services_identity unique (provider_id, ems_ref),
    constraint services_host foreign key (host_id) references hosts
) strict;
create index services_of_host on services (host_id) where host_id is not null;

create table cloud_subnet_network_ports (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    address text,
    cloud_subnet_id integer,
    network_port_id integer,
    constraint cloud_subnet_network_ports_identity unique (provider_id, ems_ref),
    constraint cloud_subnet_network_ports_cloud_subnet foreign key (cloud_subnet_id) references cloud_subnets,
    constraint cloud_subnet_network_ports_network_port foreign key (network_port_id) references network_ports
) strict;
create index cloud_subnet_network_ports_of_cloud_subnet on cloud_subnet_network_ports (cloud_subnet_id) where cloud_subnet_id is not null;
create index cloud_subnet_network_ports_of_network_port on cloud_subnet_network_ports (network_port_id) where network_port_id is not null;

create table network_ports_security_groups (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    network_port_id integer,
    security_group_id integer,
    constraint network_ports_security_groups_identity unique (provider_id, ems_ref),
    constraint network_ports_security_groups_network_port foreign key (network_port_id) references network_ports,
    constraint network_ports_security_groups_security_group foreign key (security_group_id) references security_groups
) strict;
create index network_ports_security_groups_of_network_port on network_ports_security_groups (network_port_id) where network_port_id is not null;
create index network_ports_security_groups_of_security_group on network_ports_security_groups (security_group_id) where security_group_id is not null;

create table firewall_rules (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    direction text,
    ip_version integer,
    protocol text,
    port_min integer,
    port_max integer,
    remote_cidr text,
    description text,
    security_group_id integer,
    remote_security_group_id integer,
    constraint firewall_rules_identity unique (provider_id, ems_ref),
    constraint firewall_rules_security_group foreign key (security_group_id) references security_groups,
    constraint firewall_rules_remote_security_group foreign key (remote_security_group_id) references security_groups
) strict;
create index firewall_rules_of_security_group on firewall_rules (security_group_id) where security_group_id is not null;
create index firewall_rules_of_remote_security_group on firewall_rules (remote_security_group_id) where remote_security_group_id is not null;

create table volume_backups (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    name text,
    description text,
    status text,
    size_bytes integer,
    is_incremental integer,
    has_dependent_backups integer,
    object_count integer,
    fail_reason text,
    location text,
    ems_created_on integer,
    ems_updated_on integer,
    cloud_volume_id integer,
    volume_snapshot_id integer,
    availability_zone_id integer,
    cloud_tenant_id integer,
    constraint volume_backups_identity unique (provider_id, ems_ref),
    constraint volume_backups_cloud_volume foreign key (cloud_volume_id) references cloud_volumes,
    constraint volume_backups_volume_snapshot foreign key (volume_snapshot_id) references volume_snapshots,
    constraint volume_backups_availability_zone foreign key (availability_zone_id) references availability_zones,
    constraint volume_backups_cloud_tenant foreign key (cloud_tenant_id) references cloud_tenants
) strict;
create index volume_backups_of_cloud_volume on volume_backups (cloud_volume_id) where cloud_volume_id is not null;
create index volume_backups_of_volume_snapshot on volume_backups (volume_snapshot_id) where volume_snapshot_id is not null;
create index volume_backups_of_availability_zone on volume_backups (availability_zone_id) where availability_zone_id is not null;
create index volume_backups_of_cloud_tenant on volume_backups (cloud_tenant_id) where cloud_tenant_id is not null;

create table volume_attachments (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    device text,
    host_name text,
    attached_on integer,
    cloud_volume_id integer,
    vm_id integer,
    constraint volume_attachments_identity unique (provider_id, ems_ref),
    constraint volume_attachments_cloud_volume foreign key (cloud_volume_id) references cloud_volumes,
    constraint volume_attachments_vm foreign key (vm_id) references vms
) strict;
create index volume_attachments_of_cloud_volume on volume_attachments (cloud_volume_id) where cloud_volume_id is not null;
create index volume_attachments_of_vm on volume_attachments (vm_id) where vm_id is not null;

create table stack_resources (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    name text,
    kind text,
    physical_ref text,
    status text,
    status_reason text,
    ems_updated_on integer,
    orchestration_stack_id integer,
    vm_id integer,
    nested_stack_id integer,
    constraint stack_resources_identity unique (provider_id, ems_ref),
    constraint stack_resources_orchestration_stack foreign key (orchestration_stack_id) references orchestration_stacks,
    constraint stack_resources_vm foreign key (vm_id) references vms,
    constraint stack_resources_nested_stack foreign key (nested_stack_id) references orchestration_stacks
) strict;
create index stack_resources_of_orchestration_stack on stack_resources (orchestration_stack_id) where orchestration_stack_id is not null;
create index stack_resources_of_vm on stack_resources (vm_id) where vm_id is not null;
create index stack_resources_of_nested_stack on stack_resources (nested_stack_id) where nested_stack_id is not null;

create table stack_parameters (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    name text,
    value text,
    orchestration_stack_id integer,
    constraint stack_parameters_identity unique (provider_id, ems_ref),
    constraint stack_parameters_orchestration_stack foreign key (orchestration_stack_id) references orchestration_stacks
) strict;
create index stack_parameters_of_orchestration_stack on stack_parameters (orchestration_stack_id) where orchestration_stack_id is not null;

create table stack_outputs (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    name text,
    value text,
    description text,
    orchestration_stack_id integer,
    constraint stack_outputs_identity unique (provider_id, ems_ref),
    constraint stack_outputs_orchestration_stack foreign key (orchestration_stack_id) references orchestration_stacks
) strict;
create index stack_outputs_of_orchestration_stack on stack_outputs (orchestration_stack_id) where orchestration_stack_id is not null;

create table host_storages (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    is_read_only integer,
    is_accessible integer,
    host_id integer,
    storage_id integer,
    constraint host_storages_identity unique (provider_id, ems_ref),
    constraint host_storages_host foreign key (host_id) references hosts,
    constraint host_storages_storage foreign key (storage_id) references storages
) strict;
create index host_storages_of_host on host_storages (host_id) where host_id is not null;
create index host_storages_of_storage on host_storages (storage_id) where storage_id is not null;

create table host_switches (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    host_id integer,
    switch_id integer,
    constraint host_switches_identity unique (provider_id, ems_ref),
    constraint host_switches_host foreign key (host_id) references hosts,
    constraint host_switches_switch foreign key (switch_id) references switches
) strict;
create index host_switches_of_host on host_switches (host_id) where host_id is not null;
create index host_switches_of_switch on host_switches (switch_id) where switch_id is not null;

create table guest_devices (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    uid text,
    name text,
    kind text,
    model text,
    address text,
    is_connected integer,
    vm_id integer,
    host_id integer,
    constraint guest_devices_identity unique (provider_id, ems_ref),
    constraint guest_devices_vm foreign key (vm_id) references vms,
    constraint guest_devices_host foreign key (host_id) references hosts
) strict;
create index guest_devices_of_vm on guest_devices (vm_id) where vm_id is not null;
create index guest_devices_of_host on guest_devices (host_id) where host_id is not null;

create table storage_profiles (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    name text,
    kind text,
    constraint storage_profiles_identity unique (provider_id, ems_ref)
) strict;

create table storage_profile_storages (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    storage_profile_id integer,
    storage_id integer,
    constraint storage_profile_storages_identity unique (provider_id, ems_ref),
    constraint storage_profile_storages_storage_profile foreign key (storage_profile_id) references storage_profiles,
    constraint storage_profile_storages_storage foreign key (storage_id) references storages
) strict;
create index storage_profile_storages_of_storage_profile on storage_profile_storages (storage_profile_id) where storage_profile_id is not null;
create index storage_profile_storages_of_storage on storage_profile_storages (storage_id) where storage_id is not null;

create table container_projects (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    ref_name text,
    name text,
    display_name text,
    status text,
    ems_created_on integer,
    constraint container_projects_identity unique (provider_id, ems_ref)
) strict;
create index container_projects_by_name on container_projects (provider_id, ref_name) where ref_name is not null;

create table container_nodes (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    row_version integer,
    ref_name text,
    name text,
    uid text,
    provider_ref text,
    is_ready integer,
    is_schedulable integer,
    cpu_capacity real,
    memory_capacity_bytes integer,
    pod_capacity integer,
    os_image text,
    kernel_version text,
    kubelet_version text,
    container_runtime text,
    ems_created_on integer,
    constraint container_nodes_identity unique (provider_id, ems_ref)
) strict;
create index container_nodes_by_name on container_nodes (provider_id, ref_name) where ref_name is not null;

create table container_replicators (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    ref_name text,
    name text,
    kind text,
    replicas integer,
    current_replicas integer,
    selector text,
    ems_created_on integer,
    container_project_id integer,
    parent_id integer,
    constraint container_replicators_identity unique (provider_id, ems_ref),
    constraint container_replicators_container_project foreign key (container_project_id) references container_projects,
    constraint container_replicators_parent foreign key (parent_id) references container_replicators deferrable initially deferred
) strict;
create index container_replicators_by_name on container_replicators (provider_id, ref_name) where ref_name is not null;
create index container_replicators_of_container_project on container_replicators (container_project_id) where container_project_id is not null;
create index container_replicators_of_parent on container_replicators (parent_id) where parent_id is not null;

create table container_groups (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    row_version integer,
    ref_name text,
    name text,
    phase text,
    is_ready integer,
    reason text,
    ip_address text,
    restart_policy text,
    dns_policy text,
    qos_class text,
    started_on integer,
    ems_created_on integer,
    container_project_id integer,
    container_node_id integer,
    container_replicator_id integer,
    constraint container_groups_identity unique (provider_id, ems_ref),
    constraint container_groups_container_project foreign key (container_project_id) references container_projects,
    constraint container_groups_container_node foreign key (container_node_id) references container_nodes,
    constraint container_groups_container_replicator foreign key (container_replicator_id) references container_replicators
) strict;
create index container_groups_by_name on container_groups (provider_id, ref_name) where ref_name is not null;
create index container_groups_of_container_project on container_groups (container_project_id) where container_project_id is not null;
create index container_groups_of_container_node on container_groups (container_node_id) where container_node_id is not null;
create index container_groups_of_container_replicator on container_groups (container_replicator_id) where container_replicator_id is not null;

create table container_registries (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    host_name text,
    port integer,
    constraint container_registries_identity unique (provider_id, ems_ref)
) strict;

create table container_images (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    name text,
    tag text,
    checksum text,
    size_bytes integer,
    architecture text,
    ems_created_on integer,
    container_registry_id integer,
    constraint container_images_identity unique (provider_id, ems_ref),
    constraint container_images_container_registry foreign key (container_registry_id) references container_registries
) strict;
create index container_images_of_container_registry on container_images (container_registry_id) where container_registry_id is not null;

create table containers (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    row_version integer,
    name text,
    kind text,
    status text,
    reason text,
    runtime_ref text,
    is_ready integer,
    restart_count integer,
    exit_code integer,
    started_on integer,
    finished_on integer,
    request_cpu real,
    limit_cpu real,
    request_memory_bytes integer,
    limit_memory_bytes integer,
    is_privileged integer,
    run_as text,
    command text,
    container_group_id integer,
    container_image_id integer,
    constraint containers_identity unique (provider_id, ems_ref),
    constraint containers_container_group foreign key (container_group_id) references container_groups,
    constraint containers_container_image foreign key (container_image_id) references container_images
) strict;
create index containers_of_container_group on containers (container_group_id) where container_group_id is not null;
create index containers_of_container_image on containers (container_image_id) where container_image_id is not null;

create table container_services (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    ref_name text,
    name text,
    kind text,
    ip_address text,
    session_affinity text,
    selector text,
    ems_created_on integer,
    container_project_id integer,
    constraint container_services_identity unique (provider_id, ems_ref),
    constraint container_services_container_project foreign key (container_project_id) references container_projects
) strict;
create index container_services_by_name on container_services (provider_id, ref_name) where ref_name is not null;
create index container_services_of_container_project on container_services (container_project_id) where container_project_id is not null;

create table container_service_ports (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    name text,
    protocol text,
    port integer,
    target_port text,
    node_port integer,
    container_service_id integer,
    constraint container_service_ports_identity unique (provider_id, ems_ref),
    constraint container_service_ports_container_service foreign key (container_service_id) references container_services
) strict;
create index container_service_ports_of_container_service on container_service_ports (container_service_id) where container_service_id is not null;

create table container_service_groups (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    is_ready integer,
    container_service_id integer,
    container_group_id integer,
    constraint container_service_groups_identity unique (provider_id, ems_ref),
    constraint container_service_groups_container_service foreign key (container_service_id) references container_services,
    constraint container_service_groups_container_group foreign key (container_group_id) references container_groups
) strict;
create index container_service_groups_of_container_service on container_service_groups (container_service_id) where container_service_id is not null;
create index container_service_groups_of_container_group on container_service_groups (container_group_id) where container_group_id is not null;

create table container_routes (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    ref_name text,
    name text,
    host_name text,
    path text,
    ems_created_on integer,
    container_project_id integer,
    container_service_id integer,
    constraint container_routes_identity unique (provider_id, ems_ref),
    constraint container_routes_container_project foreign key (container_project_id) references container_projects,
    constraint container_routes_container_service foreign key (container_service_id) references container_services
) strict;
create index container_routes_by_name on container_routes (provider_id, ref_name) where ref_name is not null;
create index container_routes_of_container_project on container_routes (container_project_id) where container_project_id is not null;
create index container_routes_of_container_service on container_routes (container_service_id) where container_service_id is not null;

create table persistent_volume_claims (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    ref_name text,
    name text,
    status text,
    requested_bytes integer,
    size_bytes integer,
    storage_class text,
    access_modes text,
    ems_created_on integer,
    container_project_id integer,
    constraint persistent_volume_claims_identity unique (provider_id, ems_ref),
    constraint persistent_volume_claims_container_project foreign key (container_project_id) references container_projects
) strict;
create index persistent_volume_claims_by_name on persistent_volume_claims (provider_id, ref_name) where ref_name is not null;
create index persistent_volume_claims_of_container_project on persistent_volume_claims (container_project_id) where container_project_id is not null;

create table persistent_volumes (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    ref_name text,
    name text,
    status text,
    size_bytes integer,
    storage_class text,
    access_modes text,
    reclaim_policy text,
    volume_kind text,
    volume_ref text,
    ems_created_on integer,
    persistent_volume_claim_id integer,
    constraint persistent_volumes_identity unique (provider_id, ems_ref),
    constraint persistent_volumes_persistent_volume_claim foreign key (persistent_volume_claim_id) references persistent_volume_claims
) strict;
create index persistent_volumes_by_name on persistent_volumes (provider_id, ref_name) where ref_name is not null;
create index persistent_volumes_of_persistent_volume_claim on persistent_volumes (persistent_volume_claim_id) where persistent_volume_claim_id is not null;

create table container_volumes (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    name text,
    kind text,
    container_group_id integer,
    persistent_volume_claim_id integer,
    constraint container_volumes_identity unique (provider_id, ems_ref),
    constraint container_volumes_container_group foreign key (container_group_id) references container_groups,
    constraint container_volumes_persistent_volume_claim foreign key (persistent_volume_claim_id) references persistent_volume_claims
) strict;
create index container_volumes_of_container_group on container_volumes (container_group_id) where container_group_id is not null;
create index container_volumes_of_persistent_volume_claim on container_volumes (persistent_volume_claim_id) where persistent_volume_claim_id is not null;

create table container_quotas (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    name text,
    scopes text,
    container_project_id integer,
    constraint container_quotas_identity unique (provider_id, ems_ref),
    constraint container_quotas_container_project foreign key (container_project_id) references container_projects
) strict;
create index container_quotas_of_container_project on container_quotas (container_project_id) where container_project_id is not null;

create table container_quota_items (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    resource text,
    max_value real,
    used_value real,
    container_quota_id integer,
    constraint container_quota_items_identity unique (provider_id, ems_ref),
    constraint container_quota_items_container_quota foreign key (container_quota_id) references container_quotas
) strict;
create index container_quota_items_of_container_quota on container_quota_items (container_quota_id) where container_quota_id is not null;

create table container_limits (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    name text,
    item_kind text,
    resource text,
    min_value real,
    max_value real,
    default_limit real,
    default_request real,
    container_project_id integer,
    constraint container_limits_identity unique (provider_id, ems_ref),
    constraint container_limits_container_project foreign key (container_project_id) references container_projects
) strict;
create index container_limits_of_container_project on container_limits (container_project_id) where container_project_id is not null;

create table container_labels (
    id integer primary key,
    provider_id integer not null references providers,
    ems_ref text not null,
    digest integer not null,
    raw_digest integer not null default 0,
    created_on integer not null,
    updated_on integer not null,
    archived_on integer,
    section text,
    name text,
    value text,
    container_group_id integer,
    container_node_id integer,
    container_project_id integer,
    container_image_id integer,
    container_service_id integer,
    container_route_id integer,
    container_replicator_id integer,
    persistent_volume_id integer,
    persistent_volume_claim_id integer,
    constraint container_labels_identity unique (provider_id, ems_ref),
    constraint container_labels_container_group foreign key (container_group_id) references container_groups,
    constraint container_labels_container_node foreign key (container_node_id) references container_nodes,
    constraint container_labels_container_project foreign key (container_project_id) references container_projects,
    constraint container_labels_container_image foreign key (container_image_id) references container_images,
    constraint container_labels_container_service foreign key (container_service_id) references container_services,
    constraint container_labels_container_route foreign key (container_route_id) references container_routes,
    constraint container_labels_container_replicator foreign key (container_replicator_id) references container_replicators,
    constraint container_labels_persistent_volume foreign key (persistent_volume_id) references persistent_volumes,
    constraint container_labels_persistent_volume_claim foreign key (persistent_volume_claim_id) references persistent_volume_claims
) strict;
create index container_labels_of_container_group on container_labels (container_group_id) where container_group_id is not null;
create index container_labels_of_container_node on container_labels (container_node_id) where container_node_id is not null;
create index container_labels_of_container_project on container_labels (container_project_id) where container_project_id is not null;
create index container_labels_of_container_image on container_labels (container_image_id) where container_image_id is not null;
create index container_labels_of_container_service on container_labels (container_service_id) where container_service_id is not null;
create index container_labels_of_container_route on container_labels (container_route_id) where container_route_id is not null;
create index container_labels_of_container_replicator on container_labels (container_replicator_id) where container_replicator_id is not null;
create index container_labels_of_persistent_volume on container_labels (persistent_volume_id) where persistent_volume_id is not null;
create index container_labels_of_persistent_volume_claim on container_labels (persistent_volume_claim_id) where persistent_volume_claim_id is not null;
