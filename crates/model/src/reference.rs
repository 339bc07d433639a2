//! The reference page of collections, generated: what `docs/inventory.md` says is what the code does.

use std::fmt::Write as _;

use crate::collection::{Collection, Column, LinkDef, Retention, SecondaryRef, Type};

const INTRODUCTION: &str = "\
# Inventory: collections and columns

Generated from the collections' descriptions; `STOCKTAKE_BLESS=1 cargo test -p stocktake-model` writes it anew.

Every table also has `id` (stable for ever), `provider_id`, `ems_ref` (the identity as text: one id given by the
provider, or several parts joined), `created_on` and `updated_on` (when Stocktake wrote the row, not when the provider
did), and, where rows are kept, `archived_on`. A link `flavor` is the column `flavor_id`. Column types:

| here | PostgreSQL | SQLite |
| --- | --- | --- |
| text | text | TEXT |
| int | bigint | INTEGER |
| float | double precision | REAL |
| bool | boolean | INTEGER 0 or 1 |
| time | timestamptz | INTEGER, microseconds since 1970 UTC |
| json | json | TEXT |
";

/// One section for each collection, in the order given.
pub fn markdown(collections: &[Collection]) -> String {
    let mut out = INTRODUCTION.to_owned();
    out.push_str("\n| collection | what it is |\n| --- | --- |\n");
    for c in collections {
        let _ = writeln!(out, "| [{0}](#{0}) | {1} |", c.name, first_sentence(c.doc));
    }
    for c in collections {
        section(&mut out, c);
    }
    out
}

fn section(out: &mut String, c: &Collection) {
    let _ = writeln!(out, "\n## {}\n\n{}\n", c.name, joined(c.doc));
    let _ = writeln!(out, "- Identity: {}", identity(c));
    for SecondaryRef { name, parts } in c.secondary_refs.iter() {
        let _ = writeln!(out, "- Also found by `{name}`: {}", names(parts));
    }
    if !c.owner.is_empty() {
        let _ = writeln!(out, "- Owner: {}", c.owner.iter().map(|o| format!("`{o}`")).collect::<Vec<_>>().join(" or "));
    }
    let _ = writeln!(out, "- When it is gone: {}", retention(c.retention));
    if c.raw {
        out.push_str("- The provider's own document is kept beside the row\n");
    }
    if c.skeletal {
        out.push_str("- A row that is only referenced is made with its identity alone\n");
    }
    if c.versioned {
        out.push_str("- Rows may have a version (`row_version`): an older record does not replace a newer one\n");
    }
    out.push_str("\n| column | type | unit | |\n| --- | --- | --- | --- |\n");
    for Column { name, ty, unit, doc } in c.columns.iter() {
        let _ = writeln!(out, "| `{name}` | {} | {} | {} |", type_name(*ty), unit.symbol(), cell(doc));
    }
    for LinkDef { name, target, doc, .. } in c.links.iter() {
        let _ = writeln!(out, "| `{name}` | link | | → [{target}](#{target}): {} |", cell(doc));
    }
}

fn identity(c: &Collection) -> String {
    if *c.manager_ref == ["ems_ref"] {
        return "given by the provider".to_owned();
    }
    let nullable =
        if c.nullable_ref.is_empty() { String::new() } else { format!("; may be null: {}", names(&c.nullable_ref)) };
    format!("{}{nullable}", names(&c.manager_ref))
}

fn names(parts: &[&str]) -> String {
    parts.iter().map(|p| format!("`{p}`")).collect::<Vec<_>>().join(", ")
}

const fn retention(retention: Retention) -> &'static str {
    match retention {
        Retention::Archive => "archived; comes back under the same id",
        Retention::Delete => "deleted",
        Retention::WithOwner => "deleted; archived and brought back together with its owner",
    }
}

const fn type_name(ty: Type) -> &'static str {
    match ty {
        Type::Text => "text",
        Type::Int => "int",
        Type::Float => "float",
        Type::Bool => "bool",
        Type::Time => "time",
        Type::Json => "json",
    }
}

/// Documentation comments come as ` line\n line\n`.
fn joined(doc: &str) -> String {
    doc.lines().map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
}

fn first_sentence(doc: &str) -> String {
    let doc = cell(&joined(doc));
    doc.split_once(". ").map_or_else(|| doc.clone(), |(first, _)| format!("{first}."))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
