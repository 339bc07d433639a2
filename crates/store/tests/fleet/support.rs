use std::time::Duration;

use stocktake_store::fleet::{NewServer, ServerId, register_server};
use stocktake_store::{ProviderId, Store, params};
use stocktake_testkit::TestDatabase;

pub(crate) const LONG: Duration = Duration::from_mins(10);
/// Has run out by the time anybody looks.
pub(crate) const NONE: Duration = Duration::ZERO;

pub(crate) struct World {
    pub(crate) store: Store,
    _database: TestDatabase,
}

impl World {
    pub(crate) async fn new(database: TestDatabase) -> Self {
        Self { store: database.store().await, _database: database }
    }

    pub(crate) async fn server(&self, name: &str, lease: Duration) -> ServerId {
        let new = NewServer {
            name: name.to_owned(),
            host: "here".to_owned(),
            pid: 1,
            version: "0".to_owned(),
            zone: "default".to_owned(),
            roles: vec!["refresh".to_owned()],
        };
        register_server(&self.store, &new, lease).await.expect("a server")
    }

    pub(crate) async fn provider(&self, name: &str) -> ProviderId {
        let sql = "insert into providers (name, type) values ($1, 'test') returning id";
        self.store.query_one(sql, &params![name]).await.expect("a provider").get(0).expect("its id")
    }
}
