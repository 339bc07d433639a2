use stocktake_store::query::{End, Object, QueryError, Selector, Value};
use stocktake_testkit::TestDatabase;

use crate::support::World;
use crate::world::filled;

async fn find(world: &World, word: &str) -> Result<Object, QueryError> {
    let selector = Selector { collection: world.ix("vms"), word, provider: None };
    Object::find(&world.store, &world.menu, selector).await
}

fn reference(object: &Object) -> String {
    match object.value(End::Ref) {
        Value::Text(text) => text.clone(),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn found_by_ref_id_name_and_beginning(database: TestDatabase) {
    let world = filled(database).await;
    let id = world.id("vms", "vm-ref-2").await;
    for word in ["vm-ref-2", "Web-2", "web-2", &id.to_string(), &format!("#{id}")] {
        assert_eq!(reference(&find(&world, word).await.unwrap()), "vm-ref-2", "{word}");
    }
    let error = find(&world, "vm-r").await.unwrap_err().to_string();
    assert!(error.contains("more than one") && error.contains("vm-ref-0  Web-0  of one"), "{error}");
    assert!(matches!(find(&world, "nothing").await, Err(QueryError::NoObject { .. })));
    let elsewhere = Selector { collection: world.ix("vms"), word: "Web-2", provider: Some("two") };
    assert!(Object::find(&world.store, &world.menu, elsewhere).await.is_err());
}

pub(crate) async fn what_exists_is_meant_before_what_is_gone(database: TestDatabase) {
    let world = filled(database).await;
    let mut rows = world.rows();
    let name = world.menu.get(world.ix("vms")).field("name").unwrap();
    rows.row(world.ix("vms"), "new").text(name, "Web-2").finish();
    world.refresh(rows).await;
    assert_eq!(reference(&find(&world, "Web-2").await.unwrap()), "new");
    let gone = find(&world, "Web-3").await.unwrap();
    assert!(matches!(gone.value(End::ArchivedOn), Value::Time(_)));
}

pub(crate) async fn backlinks_are_counted(database: TestDatabase) {
    let world = filled(database).await;
    let selector = Selector { collection: world.ix("flavors"), word: "m1.small", provider: None };
    let flavor = Object::find(&world.store, &world.menu, selector).await.unwrap();
    let back = flavor.backlinks(&world.store, &world.menu).await.unwrap();
    let vms = back.iter().find(|b| b.collection == world.ix("vms")).unwrap();
    let names: Vec<_> = vms.first.iter().map(|(_, _, name)| name.as_str()).collect();
    assert_eq!((vms.count, names), (2, vec!["Web-0", "Web-3"]));
}

pub(crate) async fn documents_come_back(database: TestDatabase) {
    let world = filled(database).await;
    let vm = find(&world, "Web-2").await.unwrap();
    assert_eq!(vm.raw(&world.store).await.unwrap().as_deref(), Some("{\"id\":\"vm-ref-2\"}"));
    let ids = [vm.id, -1];
    assert_eq!(stocktake_store::query::raw_documents(&world.store, &ids).await.unwrap().len(), 1);
}
