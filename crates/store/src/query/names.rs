//! The words people use: `vm` for `vms`, a misspelt column, the column that names a row. Pure.

use stocktake_model::{Collection, CollectionIx, Field, Menu, Type};

use super::error::QueryError;

/// Other words for collections, where making a singular or leaving out a word is not enough.
const ALSO: &[(&str, &str)] = &[
    ("server", "vms"),
    ("servers", "vms"),
    ("instance", "vms"),
    ("instances", "vms"),
    ("hypervisor", "hosts"),
    ("hypervisors", "hosts"),
    ("aggregate", "host_aggregates"),
    ("aggregates", "host_aggregates"),
    ("project", "cloud_tenants"),
    ("projects", "cloud_tenants"),
    ("zone", "availability_zones"),
    ("zones", "availability_zones"),
    ("fip", "floating_ips"),
    ("fips", "floating_ips"),
    ("rule", "firewall_rules"),
    ("rules", "firewall_rules"),
    ("snapshot", "volume_snapshots"),
    ("snapshots", "volume_snapshots"),
    ("backup", "volume_backups"),
    ("backups", "volume_backups"),
    ("template", "images"),
    ("templates", "images"),
    ("os", "operating_systems"),
];

/// Words that collections of one kind of manager share and people leave out.
const PREFIXES: &[&str] = &["cloud_", "network_", "orchestration_", "infra_", "container_"];

/// Finds a collection by its name, its singular, or a word people say for it.
pub fn resolve_collection(menu: &Menu, word: &str) -> Result<CollectionIx, QueryError> {
    let lower = word.to_ascii_lowercase().replace('-', "_");
    if let Some(ix) = menu.ix(&lower) {
        return Ok(ix);
    }
    let also = ALSO.iter().filter(|(said, _)| *said == lower).find_map(|(_, name)| menu.ix(name));
    let same = |name: &str| name == lower || singular(name) == lower;
    let plain = || menu.iter().find(|(_, c)| same(c.name)).map(|(ix, _)| ix);
    let short = || {
        PREFIXES
            .iter()
            .find_map(|prefix| menu.iter().find(|(_, c)| c.name.strip_prefix(prefix).is_some_and(same)).map(|(ix, _)| ix))
    };
    also.or_else(plain).or_else(short).ok_or_else(|| {
        let known: Vec<_> = menu.iter().filter(|(_, c)| !c.link_only).map(|(_, c)| c.name).collect();
        QueryError::Collection { word: word.to_owned(), meant: nearest(&lower, &known), known: known.join(", ") }
    })
}

/// `vms` → `vm`, `policies` → `policy`, `aliases` → `alias`.
pub fn singular(plural: &str) -> String {
    if let Some(stem) = plural.strip_suffix("ies") {
        return format!("{stem}y");
    }
    for ending in ["sses", "xes", "ches", "ases"] {
        if plural.ends_with(ending) {
            return plural[..plural.len() - 2].to_owned();
        }
    }
    plural.strip_suffix('s').unwrap_or(plural).to_owned()
}

/// The column by which people know a row: `name`, else the first text that the default table shows.
pub fn naming_field(collection: &Collection) -> Option<Field> {
    let text = |field: &Field| collection.column(*field).is_some_and(|c| c.ty == Type::Text);
    let shown = || collection.shown.iter().filter_map(|name| collection.field(name)).find(text);
    collection.field("name").filter(text).or_else(shown)
}

/// The known word nearest to what was written, when it is near enough to be meant.
pub fn nearest(word: &str, known: &[&str]) -> Option<String> {
    let near = known.iter().map(|k| (distance(word, k), *k)).min()?;
    let starts = || known.iter().find(|k| word.len() >= 3 && (k.starts_with(word) || k.ends_with(word)));
    let limit = (word.len() / 3).clamp(1, 3);
    if near.0 <= limit { Some(near.1.to_owned()) } else { starts().map(|k| (*k).to_owned()) }
}

/// Edits (insert, delete, replace, swap of neighbours) from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(rows[i - 2][j - 2] + 1);
            }
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["memory_mb", "name", "power_state", "flavor"];
        assert_eq!(nearest("memroy_mb", &known).as_deref(), Some("memory_mb"));
        assert_eq!(nearest("nmae", &known).as_deref(), Some("name"));
        assert_eq!(nearest("power", &known).as_deref(), Some("power_state"));
        assert_eq!(nearest("zzzzzz", &known), None);
        assert_eq!(nearest("", &known), None);
    }

    #[test]
    fn singulars() {
        let pairs =
            [("vms", "vm"), ("policies", "policy"), ("ip_addresses", "ip_address"), ("images", "image"), ("boxes", "box")];
        for (plural, one) in pairs {
            assert_eq!(singular(plural), one);
        }
    }
}
