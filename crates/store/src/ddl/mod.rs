//! The schema as text, from the model: one table a collection, the same in both databases.
//!
//! Migration 0001 is this text. `STOCKTAKE_BLESS=1 cargo test -p stocktake-store migrations_are_current` writes it anew
//! while nothing is released; afterwards a changed menu needs a migration of its own, and a test says so.

mod sqlite;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use stocktake_model::{Collection, CollectionIx, Menu, Type, menus};

use crate::store::Kind;

/// Tables that no collection describes. Both files are written in PostgreSQL's words; see `sqlite` for what changes.
const FIXED: [&str; 4] =
    [include_str!("fixed.sql"), include_str!("saving.sql"), include_str!("work.sql"), include_str!("events.sql")];

/// Every collection of every menu, in an order in which each table follows those it refers to, as far as cycles allow.
///
/// # Panics
/// When the menus contradict themselves, which a test of the model finds first.
pub(crate) fn everything() -> Menu {
    Menu::builder().pick(menus::all()).build().expect("the menus fit together")
}

/// The text of migration 0001.
pub(crate) fn schema(kind: Kind) -> String {
    let menu = everything();
    let cycles = Cycles::of(&menu);
    let mut out = String::new();
    for part in FIXED {
        out.push_str(part.trim_end());
        out.push_str("\n\n");
    }
    let mut known = BTreeSet::new();
    let mut late = String::new();
    for &ix in menu.order() {
        known.insert(ix);
        table(&menu, ix, kind, &known, &cycles, &mut out, &mut late);
    }
    out.push_str(&late);
    if kind == Kind::Postgres {
        out.push_str(&provider_guard(&menu));
    }
    let text = match kind {
        Kind::Postgres => out,
        Kind::Sqlite => sqlite::translate(&out),
    };
    format!("-- Written by crates/store/src/ddl from the model's menus; see there before you edit.\n\n{}\n", text.trim_end())
}

fn table(
    menu: &Menu,
    ix: CollectionIx,
    kind: Kind,
    known: &BTreeSet<CollectionIx>,
    cycles: &Cycles,
    out: &mut String,
    late: &mut String,
) {
    let c = menu.get(ix);
    let mut lines = vec![
        "id bigint primary key".to_owned(),
        match kind {
            Kind::Postgres => "provider_id bigint not null".to_owned(),
            Kind::Sqlite => "provider_id bigint not null references providers".to_owned(),
        },
        "ems_ref text collate \"C\" not null".to_owned(),
        "digest bigint not null".to_owned(),
        "raw_digest bigint not null default 0".to_owned(),
        "created_on timestamptz not null".to_owned(),
        "updated_on timestamptz not null".to_owned(),
    ];
    lines.extend(c.archives().then(|| "archived_on timestamptz".to_owned()));
    lines.extend(c.versioned.then(|| "row_version bigint".to_owned()));
    lines.extend(c.secondary_refs.iter().map(|s| format!("{} text collate \"C\"", s.column())));
    lines.extend(c.columns.iter().map(|column| format!("{} {}", column.name, type_name(column.ty))));
    let mut constraints = vec![format!("constraint {}_identity unique (provider_id, ems_ref)", c.name)];
    for link in c.links.iter() {
        lines.push(format!("{} bigint", link.column()));
        let target = menu.expect_ix(link.target);
        let deferred = match kind {
            Kind::Postgres => target != ix && cycles.together(ix, target),
            // It looks at each row of a statement, PostgreSQL at the end of the statement.
            Kind::Sqlite => cycles.together(ix, target),
        };
        let deferred = if deferred { " deferrable initially deferred" } else { "" };
        let key = format!(
            "constraint {}_{} foreign key ({}) references {}{deferred}",
            c.name,
            link.name,
            link.column(),
            link.target
        );
        // SQLite takes references to tables that are yet to come, and cannot add constraints later.
        if kind == Kind::Sqlite || known.contains(&target) {
            constraints.push(key);
        } else {
            let _ = writeln!(late, "alter table {} add {key};", c.name);
        }
    }
    lines.extend(constraints);
    let _ = writeln!(out, "create table {} (\n    {}\n){};", c.name, lines.join(",\n    "), storage(kind));
    indexes(c, out);
    out.push('\n');
}

/// Instead of a foreign key to `providers` on every row, whose checks are a third of a first load's cost in PostgreSQL
/// though a save has but one provider: a save proves once that the provider is there (by its lease, which refers to it),
/// and a provider that still has rows cannot be deleted. The lease's row makes a deletion wait for a save under way.
fn provider_guard(menu: &Menu) -> String {
    let tables = menu.order().iter().map(|ix| menu.get(*ix).name);
    let exists: Vec<_> = tables.map(|t| format!("exists (select from {t} where provider_id = old.id)")).collect();
    format!(
        "\ncreate function refuse_to_orphan_inventory() returns trigger language plpgsql as $$\nbegin\n    \
         delete from leases where provider_id = old.id;\n    if {} then\n        \
         raise foreign_key_violation using message = 'provider ' || old.id || ' still has inventory', \
         constraint = 'inventory_of_provider';\n    end if;\n    return old;\nend $$;\n\
         create trigger refuse_to_orphan_inventory before delete on providers\n    \
         for each row execute function refuse_to_orphan_inventory();\n",
        exists.join("\n        or ")
    )
}

/// Room for updates in place, which then need no new index entries (a third of the log volume, see docs/performance.md).
fn storage(kind: Kind) -> &'static str {
    if kind == Kind::Postgres { " with (fillfactor = 90)" } else { "" }
}

/// Identity and links only: an index on a column that changes would end updates in place.
fn indexes(c: &Collection, out: &mut String) {
    for s in c.secondary_refs.iter() {
        let column = s.column();
        let _ = writeln!(
            out,
            "create index {}_by_{} on {} (provider_id, {column}) where {column} is not null;",
            c.name, s.name, c.name
        );
    }
    for link in c.links.iter() {
        let column = link.column();
        let _ =
            writeln!(out, "create index {}_of_{} on {} ({column}) where {column} is not null;", c.name, link.name, c.name);
    }
}

pub(crate) fn type_name(ty: Type) -> &'static str {
    match ty {
        Type::Text => "text",
        Type::Int => "bigint",
        Type::Float => "double precision",
        Type::Bool => "boolean",
        Type::Time => "timestamptz",
        // Kept as it came; jsonb would rewrite it.
        Type::Json => "json",
    }
}

/// Which collections can reach each other by links. A reference between two of those is checked at the end of the
/// transaction, whichever order of saving a provider's own menu gives.
struct Cycles {
    reach: Vec<BTreeSet<CollectionIx>>,
}

impl Cycles {
    fn of(menu: &Menu) -> Self {
        let reach = menu.iter().map(|(ix, _)| reachable(menu, ix)).collect();
        Self { reach }
    }

    fn together(&self, a: CollectionIx, b: CollectionIx) -> bool {
        self.reach[a.index()].contains(&b) && self.reach[b.index()].contains(&a)
    }
}

fn reachable(menu: &Menu, from: CollectionIx) -> BTreeSet<CollectionIx> {
    let (mut seen, mut todo) = (BTreeSet::new(), vec![from]);
    while let Some(ix) = todo.pop() {
        let c = menu.get(ix);
        let targets = c.fields().filter_map(|field| menu.link_target(ix, field));
        todo.extend(targets.filter(|target| seen.insert(*target)));
    }
    seen
}

#[cfg(test)]
mod tests;
