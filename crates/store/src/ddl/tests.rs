//! The migrations are what the model says.

use super::*;

fn file(kind: Kind) -> std::path::PathBuf {
    let folder = match kind {
        Kind::Postgres => "postgres",
        Kind::Sqlite => "sqlite",
    };
    [env!("CARGO_MANIFEST_DIR"), "migrations", folder, "0001_inventory.sql"].iter().collect()
}

#[test]
fn migrations_are_current() {
    for kind in [Kind::Postgres, Kind::Sqlite] {
        let (path, now) = (file(kind), schema(kind));
        if std::env::var_os("STOCKTAKE_BLESS").is_some() {
            std::fs::write(&path, &now).expect("write the migration");
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == now,
            "{} is not what the model describes: run `STOCKTAKE_BLESS=1 cargo test -p stocktake-store migrations_are_current`",
            path.display()
        );
    }
}
