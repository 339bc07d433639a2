//! A provider over a simulated cloud, registered in a database of its own.
#![allow(unreachable_pub, dead_code)]

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;

use stocktake_fakecloud::{CloudSpec, FakeCloud, PASSWORD};
use stocktake_model::{Scope, Target};
use stocktake_openstack::OpenStack;
use stocktake_provider::{Configuration, Provider, ProviderType as _, Secret, Traffic};
use stocktake_refresh::{Finished, Quiet, Refresh, Request, Tried, execute};
use stocktake_saver::GuardPolicy;
use stocktake_store::{ProviderId, Store, params, registry};
use stocktake_testkit::TestDatabase;

pub struct World {
    pub cloud: FakeCloud,
    pub store: Store,
    pub provider_id: ProviderId,
    pub seed: u64,
    settings: BTreeMap<String, String>,
    _database: TestDatabase,
}

/// The credentials of a provider that nobody changes.
const TRIED: Tried = Tried { generation: 1, to_unreachable: 3 };

/// (id, digest, archived) of each row, by collection and ref.
pub type Inventory = BTreeMap<(String, String), (i64, i64, bool)>;

impl World {
    pub async fn new(database: TestDatabase, cloud: FakeCloud, settings: &[(&str, &str)]) -> Self {
        let store = database.store().await;
        let sql = "insert into providers (name, type) values ('cloud', 'openstack') returning id";
        let row = store.query_one(sql, &params![]).await.expect("a provider");
        let auth_url = cloud.auth_url();
        let known = [("auth_url", auth_url.as_str()), ("username", "admin"), ("project_name", "admin")];
        let settings = known.iter().chain(settings).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Self {
            seed: registry::seed(&store).await.expect("a seed"),
            provider_id: row.get(0).expect("an id"),
            cloud,
            store,
            settings,
            _database: database,
        }
    }

    pub async fn small(database: TestDatabase) -> Self {
        let cloud = FakeCloud::start(CloudSpec::small()).await.expect("a port");
        Self::new(database, cloud, &[]).await
    }

    /// A connection without a past, as a new process has it.
    pub fn provider(&self, settings: &[(&str, &str)]) -> Arc<dyn Provider> {
        let secrets = BTreeMap::from([("password".to_owned(), Secret::from(PASSWORD))]);
        let mut all = self.settings.clone();
        all.extend(settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let configuration = Configuration { settings: all, secrets };
        OpenStack.connect(&configuration, Traffic::Live).expect("settings made for the test")
    }

    pub async fn refresh(&self, scope: Scope) -> Finished {
        self.run(&[], scope, GuardPolicy::default()).await
    }

    pub async fn refresh_as(&self, settings: &[(&str, &str)], scope: Scope) -> Finished {
        self.run(settings, scope, GuardPolicy::default()).await
    }

    pub async fn refresh_with(&self, scope: Scope, guard: GuardPolicy) -> Finished {
        self.run(&[], scope, guard).await
    }

    async fn run(&self, settings: &[(&str, &str)], scope: Scope, guard: GuardPolicy) -> Finished {
        let refresh = Refresh {
            provider_id: self.provider_id,
            provider: self.provider(settings),
            scope,
            guard,
            strict: false,
            seed: self.seed,
        };
        let request = Request { credentials: Some(TRIED), ..Request::new("test", "test") };
        execute(&self.store, &refresh, &request, &Quiet, pending()).await.expect("a run begins")
    }

    pub async fn full(&self) -> Finished {
        self.refresh(Scope::Full).await
    }

    pub async fn targets(&self, targets: &[(&str, &str)]) -> Finished {
        let target = |(collection, reference): &(&str, &str)| Target {
            collection: (*collection).to_owned(),
            reference: (*reference).to_owned(),
        };
        self.refresh(Scope::Targets(targets.iter().map(target).collect())).await
    }

    pub async fn inventory(&self) -> Inventory {
        let mut inventory = Inventory::new();
        for (_, collection) in OpenStack.menu().iter() {
            let archived = if collection.archives() { "archived_on is not null" } else { "false" };
            let sql = format!("select ems_ref, id, digest, {archived} from {} where provider_id = $1", collection.name);
            for row in self.store.query(&sql, &params![self.provider_id]).await.expect("rows") {
                let key = (collection.name.to_owned(), row.get(0).expect("a ref"));
                inventory
                    .insert(key, (row.get(1).expect("an id"), row.get(2).expect("a digest"), row.get(3).expect("a state")));
            }
        }
        inventory
    }
}
