use stocktake_model::Coverage;
use stocktake_model::menus::{cloud::*, machines::*};
use stocktake_model::{CollectionIx, Field, Key, Menu, RowBuilder, Type};
use stocktake_store::{Cell, params};
use stocktake_testkit::TestDatabase;

use super::support::{World, text};

/// A value for a field that no other field has.
fn fill<'a>(row: RowBuilder<'a>, menu: &Menu, ix: CollectionIx, field: Field) -> RowBuilder<'a> {
    let c = menu.get(ix);
    let n = i64::from(field.0);
    let name = c.field_name(field);
    match c.column(field).map(|column| column.ty) {
        None => row.link(field, "it"),
        Some(Type::Text) => row.text(field, name),
        Some(Type::Int) => row.int(field, i64::MIN + n),
        Some(Type::Float) => row.float(field, 0.1 + n as f64),
        Some(Type::Bool) => row.bool(field, n % 2 == 0),
        Some(Type::Time) => row.time(field, 1_700_000_000_123_456 + n),
        Some(Type::Json) => row.json(field, format!("{{\"b\" : {n}, \"a\":[1.0, \"ä\"]}}").as_str()),
    }
}

pub(crate) async fn every_field_of_every_collection_comes_back(database: TestDatabase) {
    let world = World::with_everything(database).await;
    // Half of the fields of one new row; then all of the same row, changed, and of many new ones.
    for (round, copies) in [("new", 1), ("many", 60)] {
        let mut rows = world.rows();
        for (ix, c) in world.menu.iter() {
            for n in 0..copies {
                let key = if n == 0 { "it".to_owned() } else { format!("{round}{n:03}") };
                let mut row = rows.row(ix, key.as_str());
                for field in c.fields().filter(|f| round != "new" || f.0 % 2 == 0) {
                    row = fill(row, &world.menu, ix, field);
                }
                row.finish();
            }
        }
        let stats = world.refresh(rows).await;
        let (collections, changed) = (world.menu.len() as u64, copies as u64 - 1);
        let expected = if copies == 1 { (collections, 0) } else { (collections * changed, collections) };
        assert_eq!((stats.written.inserted, stats.written.updated), expected, "{round}");
        for (ix, c) in world.menu.iter() {
            check(&world, ix, round == "new").await;
            if round == "many" {
                let n = world.refs(c.name).await.len();
                assert_eq!(n, 60, "{} in bulk", c.name);
            }
        }
    }
}

async fn check(world: &World, ix: CollectionIx, half: bool) {
    let c = world.menu.get(ix);
    for field in c.fields() {
        let n = i64::from(field.0);
        let (column, expected) = match (c.column(field), c.link(field)) {
            (_, Some(link)) => (link.column(), Cell::Int(world.id(link.target, "it").await)),
            (Some(column), _) => {
                let expected = match column.ty {
                    Type::Text => text(column.name),
                    Type::Int => Cell::Int(i64::MIN + n),
                    Type::Float => Cell::Float(0.1 + n as f64),
                    Type::Bool => Cell::Bool(n % 2 == 0),
                    Type::Time => Cell::Int(1_700_000_000_123_456 + n),
                    Type::Json => text(&format!("{{\"b\" : {n}, \"a\":[1.0, \"ä\"]}}")),
                };
                (column.name.to_owned(), expected)
            }
            _ => continue,
        };
        let expected = if half && n % 2 == 1 { Cell::Null } else { expected };
        let found = match (world.cell(c.name, "it", &column).await, &expected) {
            (Cell::Int(v), Cell::Bool(_)) => Cell::Bool(v != 0),
            (found, _) => found,
        };
        assert_eq!(found, expected, "{}.{column}", c.name);
    }
}

pub(crate) async fn missing_is_left_alone_and_null_is_null(database: TestDatabase) {
    let world = World::new(database).await;
    let ix = world.ix("flavors");
    let mut rows = world.rows();
    rows.row(ix, "f").text(flavors::name, "small").int(flavors::memory_mb, 512).bool(flavors::is_public, true).finish();
    world.refresh(rows).await;
    let mut rows = world.rows();
    rows.row(ix, "f").text(flavors::name, "little").bool(flavors::is_public, None).finish();
    world.refresh(rows).await;
    assert_eq!(world.cell("flavors", "f", "name").await, text("little"));
    assert_eq!(world.cell("flavors", "f", "ref_name").await, text("little"));
    assert_eq!(world.cell("flavors", "f", "memory_mb").await, Cell::Int(512), "not sent");
    assert_eq!(world.cell("flavors", "f", "is_public").await, Cell::Null, "sent as null");
    let mut rows = world.rows();
    rows.row(ix, "f").int(flavors::memory_mb, 1024).finish();
    world.refresh(rows).await;
    assert_eq!(world.cell("flavors", "f", "ref_name").await, text("little"), "a key whose parts are not sent stays");
}

pub(crate) async fn unusual_texts_come_back_as_they_went(database: TestDatabase) {
    let world = World::new(database).await;
    let texts = [
        "",
        " ",
        "'",
        "$1; drop table vms --",
        "\\x00\\",
        "\t\n\r",
        "日本語 🦀",
        "\u{FEFF}\u{202E}x",
        "NULL",
        &"x".repeat(70_000),
    ];
    for copies in [1, 10] {
        let mut rows = world.rows();
        for (n, value) in texts.iter().cycle().take(texts.len() * copies).enumerate() {
            rows.row(world.ix("vms"), Key::text(&format!("{value}/{n}"))).text(vms::name, *value).finish();
        }
        world.refresh(rows).await;
        for (n, value) in texts.iter().enumerate() {
            let key = Key::text(&format!("{value}/{n}"));
            assert_eq!(world.cell("vms", key.as_str(), "name").await, text(value));
        }
    }
}

async fn document(world: &World, table: &str, reference: &str) -> Option<String> {
    let id = world.id(table, reference).await;
    let sql = "select encoding, body from raw_documents where row_id = $1";
    let row = world.store.query_opt(sql, &params![id]).await.unwrap()?;
    assert_eq!(row.get::<i64>(0).unwrap(), 1);
    let body: Vec<u8> = row.get(1).unwrap();
    Some(String::from_utf8(lz4_flex::decompress_size_prepended(&body).unwrap()).unwrap())
}

pub(crate) async fn documents_are_kept_replaced_and_removed(database: TestDatabase) {
    let world = World::new(database).await;
    let ix = world.ix("flavors");
    let with = |name: &str, body: &str| {
        let mut rows = world.rows();
        rows.row(ix, "f").text(flavors::name, name).raw(body).finish();
        rows
    };
    assert_eq!(world.refresh(with("small", "{\"v\": 1}")).await.written.documents, 1);
    assert_eq!(document(&world, "flavors", "f").await.unwrap(), "{\"v\": 1}");
    let before = world.cell("flavors", "f", "updated_on").await;
    let stats = world.refresh(with("small", "{\"v\": 2}")).await;
    assert_eq!((stats.written.inventory(), stats.written.documents), (0, 1));
    assert_eq!(document(&world, "flavors", "f").await.unwrap(), "{\"v\": 2}");
    assert_eq!(world.cell("flavors", "f", "updated_on").await, before, "the row itself has not changed");
    assert_eq!(world.refresh(with("small", "{\"v\": 2}")).await.written.documents, 0);
    world.refresh(with("big", "{\"v\": 3}")).await;
    assert_eq!(document(&world, "flavors", "f").await.unwrap(), "{\"v\": 3}");
    let mut without = world.rows();
    without.row(ix, "f").text(flavors::name, "none").finish();
    world.refresh(without).await;
    assert_eq!(document(&world, "flavors", "f").await.unwrap(), "{\"v\": 3}", "not sent");
    assert_eq!(world.refresh(with("none", "{\"v\": 3}")).await.written.documents, 0, "the digest stayed as well");
    world.refresh(world.rows()).await;
    assert_eq!(world.count("select count(*) from raw_documents").await, 0);
}

pub(crate) async fn value_links_are_stored_as_values(database: TestDatabase) {
    let world = World::new(database).await;
    let (hw, fl) = (world.ix("hardwares"), world.ix("flavors"));
    let hardware = |rows: &mut stocktake_model::Rows| {
        rows.row(hw, "h1").value_of(hardwares::memory_mb, fl, 0, "f", flavors::memory_mb, Some(7)).finish();
    };
    let mut rows = world.rows();
    hardware(&mut rows);
    world.refresh(rows).await;
    assert_eq!(world.cell("hardwares", "h1", "memory_mb").await, Cell::Int(7), "the default");
    for memory in [512, 1024] {
        let mut rows = world.rows();
        hardware(&mut rows);
        rows.row(fl, "f").int(flavors::memory_mb, memory).finish();
        world.refresh(rows).await;
        assert_eq!(world.cell("hardwares", "h1", "memory_mb").await, Cell::Int(memory), "though the row itself is the same");
    }
    // A new row takes the value of a row that is not written again.
    let mut rows = world.rows();
    hardware(&mut rows);
    rows.row(hw, "h2").value_of(hardwares::memory_mb, fl, 0, "f", flavors::memory_mb, None).finish();
    rows.row(fl, "f").int(flavors::memory_mb, 1024).finish();
    world.refresh(rows).await;
    assert_eq!(world.cell("hardwares", "h2", "memory_mb").await, Cell::Int(1024));
}

pub(crate) async fn a_value_by_another_ref_comes_from_what_is_stored(database: TestDatabase) {
    let world = World::new(database).await;
    let (hw, fl) = (world.ix("hardwares"), world.ix("flavors"));
    let hardware = |rows: &mut stocktake_model::Rows, key: &str| {
        rows.row(hw, key).value_of(hardwares::memory_mb, fl, 1, "small", flavors::memory_mb, Some(7)).finish();
    };
    let flavor = |rows: &mut stocktake_model::Rows| {
        rows.row(fl, "f").text(flavors::name, "small").int(flavors::memory_mb, 512).finish();
    };
    let mut rows = world.rows();
    flavor(&mut rows);
    world.refresh(rows).await;
    let mut rows = world.rows();
    flavor(&mut rows);
    hardware(&mut rows, "h1");
    world.refresh(rows).await;
    assert_eq!(world.cell("hardwares", "h1", "memory_mb").await, Cell::Int(512), "listed, unchanged");
    let mut rows = world.rows();
    hardware(&mut rows, "h2");
    let mut coverage = Coverage::default();
    coverage.read.push((hw, "h2".to_owned()));
    world.refresh_targets(rows, &coverage).await;
    assert_eq!(world.cell("hardwares", "h2", "memory_mb").await, Cell::Int(512), "not listed");
}

pub(crate) async fn a_value_whose_row_goes_becomes_its_default(database: TestDatabase) {
    let world = World::new(database).await;
    let (hw, fl) = (world.ix("hardwares"), world.ix("flavors"));
    for (by, key) in [(0, "f"), (1, "small")] {
        let listed = |memory: Option<i64>| {
            let mut rows = world.rows();
            rows.row(hw, "h1").value_of(hardwares::memory_mb, fl, by, key, flavors::memory_mb, Some(7)).finish();
            rows.row(hw, "h2").value_of(hardwares::memory_mb, fl, by, key, flavors::memory_mb, None).finish();
            if memory.is_some() {
                rows.row(fl, "f").text(flavors::name, "small").int(flavors::memory_mb, memory).finish();
            }
            rows
        };
        for memory in [Some(512), None, Some(1024), None] {
            world.refresh(listed(memory)).await;
            let expected = (Cell::Int(memory.unwrap_or(7)), memory.map_or(Cell::Null, Cell::Int));
            let cells = (world.cell("hardwares", "h1", "memory_mb").await, world.cell("hardwares", "h2", "memory_mb").await);
            assert_eq!(cells, expected, "by {by}");
            assert_eq!(world.refresh(listed(memory)).await.written.inventory(), 0);
        }
    }
    // The provider says of one flavor that it is gone.
    let mut rows = world.rows();
    rows.row(hw, "h1").value_of(hardwares::memory_mb, fl, 0, "f", flavors::memory_mb, Some(7)).finish();
    rows.row(fl, "f").int(flavors::memory_mb, 512).finish();
    world.refresh(rows).await;
    let mut coverage = Coverage::default();
    coverage.gone.push((fl, "f".to_owned()));
    world.refresh_targets(world.rows(), &coverage).await;
    assert_eq!(world.cell("hardwares", "h1", "memory_mb").await, Cell::Int(7));
}
