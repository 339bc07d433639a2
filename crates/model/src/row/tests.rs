use std::sync::Arc;

use super::*;
use crate::issue::IssueKind;
use crate::key::Key;
use crate::menu::{CollectionIx, Menu};
use crate::value::{LinkRef, Value};

crate::collection! {
    /// For this test.
    things: Delete {
        ref: [ems_ref];
        secondary: { name: [name], placed: [parent, size] };
        columns: { name: Text, "n"; size: Int [Count], "s"; ratio: Float, "r"; ready: Bool, "b"; at: Time, "t"; more: Json, "j"; }
        links: { parent -> things, "p"; }
        shown: [name];
    }
}

fn rows() -> (Rows, CollectionIx) {
    let menu = Menu::builder().pick([things::COLLECTION]).build().expect("menu");
    (Rows::new(Arc::new(menu), 7), CollectionIx(0))
}

#[test]
fn what_is_written_is_read_back() {
    let (mut rows, ix) = rows();
    rows.row(ix, "a")
        .link(things::parent, "p/1")
        .json(things::more, "{}")
        .text(things::name, "x")
        .int(things::size, 3)
        .float(things::ratio, 0.5)
        .bool(things::ready, true)
        .time(things::at, None)
        .raw("{\"id\":\"a\"}")
        .finish();
    let row = rows.of(ix).view(0);
    let fields: Vec<_> = row.fields().map(|(f, v)| (f.0, v.to_value())).collect();
    let parent = LinkRef { target: ix, by: 0, key: "p~11".into(), value_of: None };
    assert_eq!(
        fields,
        [
            (0, Value::Text("x".into())),
            (1, Value::Int(3)),
            (2, Value::Float(0.5)),
            (3, Value::Bool(true)),
            (4, Value::Null),
            (5, Value::Json("{}".into())),
            (6, Value::Link(parent)),
        ]
    );
    assert_eq!((row.key(), row.raw()), ("a", Some("{\"id\":\"a\"}")));
    let links: Vec<_> = row.links().map(|(f, link)| (f, link.key)).collect();
    assert_eq!(links, [(things::parent, "p~11")]);
    let secondary: Vec<_> = row.secondary_keys().collect();
    assert_eq!(secondary, [(1, "x"), (2, "p~011/~i3")]);
}

#[test]
fn digest_depends_on_content_not_on_the_order_of_writing() {
    let (mut rows, ix) = rows();
    rows.row(ix, "a").text(things::name, "x").int(things::size, 3).finish();
    rows.row(ix, "b").int(things::size, 3).text(things::name, "x").finish();
    rows.row(ix, "c").int(things::size, 3).finish();
    rows.row(ix, "d").int(things::size, 3).text(things::name, None).finish();
    let digests: Vec<_> = rows.of(ix).iter().map(|r| r.head().digest).collect();
    assert_eq!(digests[0], digests[1]);
    assert_ne!(digests[0], digests[2]);
    assert_ne!(digests[2], digests[3], "missing is not null");
}

#[test]
fn blank_identities_and_nul_are_issues() {
    let (mut rows, ix) = rows();
    rows.row(ix, "").text(things::name, "x").finish();
    rows.row(ix, "a").text(things::name, "x\0y").finish();
    let kinds: Vec<_> = rows.issues.iter().map(|i| i.kind).collect();
    assert_eq!(kinds, [IssueKind::BlankIdentity, IssueKind::Adjusted]);
    assert_eq!(rows.of(ix).len(), 1);
    assert_eq!(rows.of(ix).view(0).get(things::name), Some(FieldValue::Text("x\u{FFFD}y")));
}

#[test]
fn a_part_of_an_identity_is_null_only_where_declared() {
    let (mut rows, ix) = rows();
    rows.row(ix, Key::new().and_null()).text(things::name, "x").finish();
    let kinds: Vec<_> = rows.issues.iter().map(|i| i.kind).collect();
    assert_eq!((kinds, rows.len()), (vec![IssueKind::BlankIdentity], 0));
    let menu = Menu::builder().pick([things::COLLECTION]).change("things", |c| c.nullable_ref = vec!["ems_ref"].into());
    let mut rows = Rows::new(Arc::new(menu.and_then(crate::menu::MenuBuilder::build).expect("menu")), 7);
    rows.row(ix, Key::new().and_null()).text(things::name, "x").finish();
    assert_eq!((rows.issues.len(), rows.len()), (0, 1));
}

#[test]
fn value_links_carry_their_default() {
    let (mut rows, ix) = rows();
    rows.row(ix, "a").value_of(things::size, ix, 1, "other", things::size, Some(4)).text(things::name, "z").finish();
    let Some(FieldValue::Link(link)) = rows.of(ix).view(0).get(things::size) else { panic!("a link") };
    assert_eq!((link.key, link.by, link.value_of), ("other", 1, Some(things::size)));
    assert_eq!(link.default(), FieldValue::Int(4));
    assert_eq!(rows.of(ix).view(0).get(things::name), Some(FieldValue::Text("z")));
}

#[test]
fn rows_that_hang_on_another_row_are_set_aside_until_it_is_known() {
    let (mut rows, ix) = rows();
    rows.row(ix, Key::new().and_link_by(ix, 1, "box")).int(things::size, 1).raw("{}").finish();
    rows.row(ix, "a").link_by(things::parent, 1, "box").int(things::size, 2).finish();
    rows.row(ix, "b").link(things::parent, Key::new().and_link_by(ix, 1, "box")).text(things::name, "b").finish();
    assert!(rows.is_empty());
    let open = rows.take_open();
    let mut nobody = |_: CollectionIx, _: u8, _: &str| None;
    let unknown: Vec<_> = open
        .iter()
        .map(|row| (row.shown(), row.unknown(rows.menu(), &mut nobody).iter().map(|u| (u.name, u.part)).collect::<Vec<_>>()))
        .collect();
    let expected = [
        ("box", ("ems_ref", UnknownPart::Identity)),
        ("a", ("placed", UnknownPart::SecondaryKey)),
        ("b", ("parent", UnknownPart::Link)),
    ];
    assert_eq!(unknown, expected.map(|(shown, part)| (shown.to_owned(), vec![part])));
    assert_eq!(open[2].secondary, [(1, "b".to_owned())], "what it is found by is known");

    let mut found = |of: CollectionIx, by: u8, text: &str| (of == ix && by == 1 && text == "box").then(|| "i/1".to_owned());
    assert!(!rows.settle(&open[0], &mut nobody), "without an identity there is no row");
    assert!(open.iter().all(|row| rows.settle(row, &mut found)));
    let keys: Vec<_> = rows.of(ix).iter().map(|row| row.key().to_owned()).collect();
    assert_eq!(keys, [Key::text("i/1").as_str(), "a", "b"]);
    let all = rows.of(ix);
    assert_eq!((all.view(0).raw(), all.view(0).get(things::size)), (Some("{}"), Some(FieldValue::Int(1))));
    assert_eq!(all.view(1).secondary_keys().collect::<Vec<_>>(), [(2, "i~11/~i2")]);
    let Some(FieldValue::Link(link)) = all.view(2).get(things::parent) else { panic!("a link") };
    assert_eq!((link.by, link.key), (0, Key::text("i/1").as_str()));

    assert!(rows.settle(&open[1], &mut nobody) && rows.settle(&open[2], &mut nobody));
    let (known, unknown) = (rows.of(ix).view(1), rows.of(ix).view(3));
    assert_eq!(unknown.secondary_keys().count(), 0);
    assert_ne!(known.head().digest, unknown.head().digest, "it is written anew when its key is known");
    assert_eq!(rows.of(ix).view(4).get(things::parent), Some(FieldValue::Null));
}

#[test]
fn a_version_is_kept_beside_the_fields_and_is_not_compared() {
    let menu = Menu::builder().pick([things::COLLECTION]).change("things", |c| c.versioned = true);
    let mut rows = Rows::new(Arc::new(menu.and_then(crate::menu::MenuBuilder::build).expect("menu")), 7);
    let ix = CollectionIx(0);
    for version in [None, Some(-3), Some(i64::MAX)] {
        rows.row(ix, "a").text(things::name, "x").link(things::parent, "p").version(version).finish();
    }
    let mut copies = CollectionRows::default();
    rows.of(ix).iter().for_each(|row| copies.push_copy_bare(row));
    let versions: Vec<_> = copies.iter().map(RowView::version).collect();
    assert_eq!(versions, [None, Some(-3), Some(i64::MAX)]);
    for row in copies.iter() {
        assert_eq!((row.fields().count(), row.links().count(), row.head().digest), (2, 1, copies.head(0).digest));
    }
    let (mut rows, ix) = self::rows();
    rows.row(ix, "a").text(things::name, "x").version(1).finish();
    assert_eq!(rows.of(ix).view(0).version(), None, "not versioned");
}

#[test]
fn a_record_says_all_of_a_row() {
    let (mut rows, ix) = rows();
    rows.row(ix, "a").text(things::name, "x").int(things::size, 3).raw("{\"id\":\"a\"}").finish();
    rows.row(ix, "b").finish();
    let (written, mut read) = (rows.of(ix), CollectionRows::default());
    for at in [1, 0] {
        let mut record = Vec::new();
        written.write_record(at, &mut record);
        assert!(read.push_record(&record));
        assert!(!CollectionRows::default().push_record(&record[..record.len() - 1]), "a piece is missing");
        record.push(0);
        assert!(!CollectionRows::default().push_record(&record), "something follows");
    }
    for (row, same) in read.iter().zip([written.view(1), written.view(0)]) {
        let (head, of) = (row.head(), same.head());
        assert_eq!((head.key_hash, head.digest, head.raw_digest), (of.key_hash, of.digest, of.raw_digest));
        assert_eq!((row.key(), row.body(), row.raw()), (same.key(), same.body(), same.raw()));
        assert!(row.secondary_keys().eq(same.secondary_keys()));
    }
}
