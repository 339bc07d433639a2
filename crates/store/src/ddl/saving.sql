-- What saving needs beside the inventory.

-- One number series for all inventory tables: an id names one row of the whole inventory. Programs take blocks, which
-- must be without gaps: a sequence cannot promise that.
create table inventory_ids (
    last bigint not null
);
insert into inventory_ids values (0);

-- Who may write a provider's inventory. `saved_token` is written by each save with the token its writer holds: when
-- another has taken over since, the check fails and with it the whole save.
create table leases (
    provider_id bigint primary key references providers on delete cascade,
    token bigint not null,
    saved_token bigint not null,
    owner text not null,
    until timestamptz not null,
    constraint lease_fence check (saved_token = token)
);

-- The provider's own documents, apart from the rows, so that reading and updating rows does not drag them along.
-- Without foreign key: it would cost a check for each document, and rows are deleted by the saver alone, which deletes
-- their documents in the same statement group. Encoding 1: lz4 behind the length in four bytes, little endian.
create table raw_documents (
    row_id bigint primary key,
    provider_id bigint not null,
    encoding smallint not null,
    body bytea not null
);
alter table raw_documents alter column body set storage external; -- postgres

-- Links that lead nowhere yet, or by another key than is usual for the link, or fetch a value: what a later run needs
-- to set them although the row itself has not changed.
create table link_watches (
    row_id bigint not null,
    field_name text collate "C" not null,
    collection text collate "C" not null,
    provider_id bigint not null,
    target text collate "C" not null,
    target_ref smallint not null,
    target_key text collate "C" not null,
    value_of text,
    value_default bigint,
    resolved_id bigint,
    primary key (row_id, field_name)
);
create index link_watches_waiting on link_watches (provider_id, target, target_ref, target_key) where resolved_id is null;
create index link_watches_leading on link_watches (resolved_id) where resolved_id is not null;

-- Vanished rows whose deletion the guard holds back.
create table held_deletes (
    row_id bigint primary key,
    provider_id bigint not null,
    collection text collate "C" not null,
    held_on timestamptz not null
);
create index held_deletes_of_provider on held_deletes (provider_id);
