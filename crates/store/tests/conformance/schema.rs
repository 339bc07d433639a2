use stocktake_store::{Store, StoreError, params};
use stocktake_testkit::TestDatabase;

pub(crate) async fn two_starters_at_once(database: TestDatabase) {
    // From nothing, by separate openings, as separate programs would.
    let fresh = database.empty().await;
    let starters = (0..4).map(|_| {
        let url = fresh.url.clone();
        tokio::spawn(async move { Store::open(&url).await.unwrap().migrate().await.unwrap() })
    });
    let starters: Vec<_> = starters.collect();
    let mut did = Vec::new();
    for starter in starters {
        did.push(starter.await.unwrap());
    }
    assert_eq!(did.iter().filter(|m| m.from == 0).count(), 1, "{did:?}");
    let store = fresh.store().await;
    store.check_schema().await.unwrap();
    assert_eq!(store.migrate().await.unwrap().from, did[0].to, "nothing left to do");
}

pub(crate) async fn a_newer_database_is_refused(database: TestDatabase) {
    let store = database.store().await;
    let newer = "insert into schema_migrations (version, name, applied_on) values ($1, $2, $3)";
    store.execute(newer, &params![99, "0099_future", 0]).await.unwrap();
    for error in [store.check_schema().await.unwrap_err(), store.migrate().await.unwrap_err()] {
        assert!(matches!(error, StoreError::TooNew { found: 99, .. }), "{error}");
        assert!(error.to_string().contains("newer program"), "{error}");
    }
}

pub(crate) async fn an_empty_database_is_not_taken_for_ours(database: TestDatabase) {
    let empty = database.empty().await;
    let store = empty.store().await;
    let error = store.check_schema().await.unwrap_err();
    assert!(matches!(error, StoreError::NotMigrated { found: 0, .. }), "{error}");
    assert!(error.to_string().contains("stocktake migrate"), "{error}");
}
