//! The menus hold together, their names are safe in both databases, and the reference page is true.

use std::collections::BTreeSet;
use std::path::Path;

use stocktake_model::{Collection, Menu, menus, reference};

/// Words that would need quotes in PostgreSQL or SQLite. The store writes names without.
const RESERVED: &str = "
    abort action add after all alter always analyse analyze and any array as asc asymmetric attach authorization autoincrement
    before begin between bigint binary bit boolean both by cascade case cast char character check coalesce collate collation
    column commit concurrently conflict constraint create cross current current_catalog current_date current_role
    current_schema current_time current_timestamp current_user database dec decimal default deferrable deferred delete desc
    detach distinct do drop each else end escape except exclude exclusive exists explain extract fail false fetch filter first
    float following for foreign freeze from full generated glob grant greatest group grouping groups having if ignore ilike
    immediate in index indexed initially inner inout insert instead int integer intersect interval into is isnull join key last
    lateral leading least left like limit localtime localtimestamp match materialized national natural nchar no none normalize
    not nothing notnull null nullif nulls numeric of offset on only or order others out outer over overlaps overlay partition
    placing plan position pragma precision preceding primary query raise range real recursive references regexp reindex release
    rename replace restrict returning right rollback row rows savepoint select session_user set setof similar smallint some
    substring symmetric table tablesample temp temporary then ties time timestamp to trailing transaction treat trigger trim true
    unbounded union unique update user using vacuum values varchar variadic verbose view virtual when where window with without
    xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable";

/// Columns every table has without declaring them.
const BUILT_IN: [&str; 9] =
    ["id", "provider_id", "ems_ref", "digest", "raw_digest", "created_on", "updated_on", "archived_on", "raw"];

#[test]
fn every_menu_builds() {
    let menus = [
        ("all", menus::all()),
        ("cloud", menus::with_targets(menus::for_cloud())),
        ("infra", menus::with_targets(menus::for_infra())),
        ("containers", menus::with_targets(menus::for_containers())),
    ];
    for (name, collections) in menus {
        if let Err(e) = Menu::builder().pick(collections).build() {
            panic!("{name}: {e}");
        }
    }
}

#[test]
fn targets_nobody_picked_are_only_looked_up() {
    let picked = menus::with_targets(menus::for_cloud());
    let added: Vec<_> = picked.iter().filter(|c| c.link_only).map(|c| c.name).collect();
    assert_eq!(added, ["clusters", "storages", "resource_pools", "folders", "lans", "switches"]);
}

#[test]
fn names_need_no_quotes() {
    let reserved: BTreeSet<_> = RESERVED.split_whitespace().collect();
    let safe = |name: &str| {
        !reserved.contains(name)
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && name.len() <= 50
    };
    let mut wrong = Vec::new();
    for c in menus::all() {
        let columns =
            c.columns.iter().map(|c| c.name.to_owned()).chain(c.links.iter().map(stocktake_model::LinkDef::column));
        let secondary = c.secondary_refs.iter().map(stocktake_model::SecondaryRef::column);
        let mut seen = BTreeSet::new();
        for name in columns.chain(secondary).chain([c.name.to_owned()]) {
            if !safe(&name) || BUILT_IN.contains(&&*name) || !seen.insert(name.clone()) {
                wrong.push(format!("{}.{name}", c.name));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn everything_is_documented_and_shown_columns_exist() {
    for c in menus::all() {
        assert!(!c.doc.trim().is_empty(), "{}", c.name);
        assert!(!c.shown.is_empty(), "{}: nothing to show", c.name);
        for (field, doc) in c.columns.iter().map(|x| (x.name, x.doc)).chain(c.links.iter().map(|x| (x.name, x.doc))) {
            assert!(!doc.trim().is_empty(), "{}.{field}", c.name);
        }
        for shown in c.shown.iter() {
            assert!(*shown == "ems_ref" || c.field(shown).is_some(), "{}: shows '{shown}', which it does not have", c.name);
        }
        for nullable in c.nullable_ref.iter() {
            assert!(c.manager_ref.contains(nullable), "{}: '{nullable}' is not a part of the identity", c.name);
        }
        assert_eq!(c.owners().count(), c.owner.len(), "{}: an owner must be a link", c.name);
    }
}

#[test]
fn reference_page_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/inventory.md");
    let generated = reference::markdown(&menus::all());
    if std::env::var_os("STOCKTAKE_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folder docs");
        std::fs::write(&path, &generated).expect("docs/inventory.md is written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "docs/inventory.md is stale; write it with STOCKTAKE_BLESS=1 cargo test -p stocktake-model"
    );
}

#[test]
fn one_collection_fits_one_screen() {
    let longest: Vec<_> =
        menus::all().iter().filter(|c| c.columns.len() + c.links.len() > 48).map(|c: &Collection| c.name).collect();
    assert_eq!(longest, Vec::<&str>::new());
}
