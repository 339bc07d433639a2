use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use stocktake_store::registry::{self, NewProvider, ProviderChange, ProviderRecord, RegistryError, Vault, VaultError};
use stocktake_store::{Cell, Store, params};
use stocktake_testkit::TestDatabase;

use crate::support::World;

fn new(name: &str) -> NewProvider {
    NewProvider {
        name: name.to_owned(),
        kind: "openstack".to_owned(),
        zone: "default".to_owned(),
        settings: BTreeMap::from([("auth_url".to_owned(), "https://cloud".to_owned())]),
        secrets: BTreeMap::from([("password".to_owned(), SecretString::from("hunter2"))]),
    }
}

fn vault() -> (tempfile::TempDir, Vault) {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::new(dir.path().join("stocktake.key"));
    (dir, vault)
}

async fn with_one(database: &TestDatabase) -> (Store, tempfile::TempDir, Vault, ProviderRecord) {
    let store = database.store().await;
    let (dir, vault) = vault();
    let record = registry::add(&store, &vault, new("cloud1")).await.unwrap();
    (store, dir, vault, record)
}

pub(crate) async fn a_provider_is_kept_changed_and_found(database: TestDatabase) {
    let (store, _dir, vault, record) = with_one(&database).await;
    assert_eq!(
        (record.kind.as_str(), record.enabled, record.secrets.as_slice()),
        ("openstack", true, &["password".to_owned()][..])
    );
    let change = ProviderChange {
        name: Some("cloud2".to_owned()),
        enabled: Some(false),
        settings: BTreeMap::from([("auth_url".to_owned(), None), ("region".to_owned(), Some("R".to_owned()))]),
        secrets: BTreeMap::from([("password".to_owned(), None), ("token".to_owned(), Some(SecretString::from("t")))]),
        ..ProviderChange::default()
    };
    let changed = registry::change(&store, &vault, record.id, change).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.enabled, changed.zone.as_str()), ("cloud2", false, "default"));
    assert_eq!(changed.settings, BTreeMap::from([("region".to_owned(), "R".to_owned())]));
    assert_eq!(changed.secrets, ["token"]);
    assert_eq!(registry::find(&store, "cloud2").await.unwrap().id, record.id);
    assert_eq!(registry::list(&store).await.unwrap().len(), 1);
    let error = registry::find(&store, "clod2").await.unwrap_err().to_string();
    assert!(error.contains("did you mean 'cloud2'"), "{error}");
}

pub(crate) async fn names_are_unique_and_writable(database: TestDatabase) {
    let (store, _dir, vault, record) = with_one(&database).await;
    let again = registry::add(&store, &vault, new("cloud1")).await.unwrap_err();
    assert!(matches!(again, RegistryError::NameTaken { .. }), "{again}");
    let other = registry::add(&store, &vault, new("other")).await.unwrap();
    let change = ProviderChange { name: Some("cloud1".to_owned()), ..ProviderChange::default() };
    assert!(matches!(registry::change(&store, &vault, other.id, change).await, Err(RegistryError::NameTaken { .. })));
    for name in ["", "-x", "a b", "a/b", "a=b", "x'y"] {
        assert!(matches!(registry::add(&store, &vault, new(name)).await, Err(RegistryError::BadName { .. })), "{name}");
    }
    assert_eq!(registry::get(&store, record.id).await.unwrap().name, "cloud1");
}

pub(crate) async fn secrets_come_back_and_do_not_show(database: TestDatabase) {
    let (store, _dir, vault, record) = with_one(&database).await;
    let secrets = vault.secrets(&store, record.id).await.unwrap();
    assert_eq!(secrets["password"].expose_secret(), "hunter2");
    assert!(!format!("{secrets:?} {record:?}").contains("hunter2"));
    let row = store.query_one("select sealed from credentials", &[]).await.unwrap();
    let Cell::Bytes(sealed) = &row.cells()[0] else { panic!("bytes") };
    assert!(!sealed.windows(7).any(|w| w == b"hunter2"));
}

pub(crate) async fn a_secret_moved_elsewhere_does_not_open(database: TestDatabase) {
    let (store, _dir, vault, first) = with_one(&database).await;
    let second = registry::add(&store, &vault, new("cloud2")).await.unwrap();
    let steal =
        "update credentials set sealed = (select sealed from credentials where provider_id = $1) where provider_id = $2";
    store.execute(steal, &params![first.id, second.id]).await.unwrap();
    let error = vault.secrets(&store, second.id).await.unwrap_err();
    assert!(matches!(error, VaultError::Open { .. }), "{error}");
    let rename = "update credentials set field = 'token' where provider_id = $1";
    store.execute(rename, &params![first.id]).await.unwrap();
    assert!(vault.secrets(&store, first.id).await.is_err());
}

pub(crate) async fn a_lost_key_is_an_error_and_loses_nothing(database: TestDatabase) {
    let (store, dir, vault, record) = with_one(&database).await;
    let aside = dir.path().join("aside");
    std::fs::rename(vault.key_file(), &aside).unwrap();
    let error = vault.secrets(&store, record.id).await.unwrap_err().to_string();
    assert!(error.contains("missing") && error.contains("STOCKTAKE_KEY_FILE"), "{error}");
    assert!(registry::add(&store, &vault, new("cloud2")).await.is_err(), "no new key while an old one is needed");
    assert!(!vault.key_file().exists());
    let (_other_dir, other) = self::vault();
    let keys = other.keys(&store).await;
    assert!(keys.is_err(), "neither elsewhere");
    std::fs::rename(&aside, vault.key_file()).unwrap();
    assert_eq!(vault.secrets(&store, record.id).await.unwrap().len(), 1);
}

pub(crate) async fn removal_takes_everything_and_only_its_own(database: TestDatabase) {
    let world = crate::world::filled(database).await;
    let neighbour = world.neighbour("two").await;
    let mut rows = neighbour.rows();
    rows.row(neighbour.ix("vms"), "theirs").raw("{}").finish();
    neighbour.refresh(rows).await;
    let mut steps = 0;
    let removed = registry::remove(&world.store, world.provider, |_| steps += 1).await.unwrap();
    assert_eq!(removed, 10, "3 flavors, 7 VMs");
    assert!(steps > 0);
    assert_eq!(world.count("select count(*) from vms").await, 1);
    assert_eq!(world.count("select count(*) from raw_documents").await, 1);
    assert_eq!(world.count("select count(*) from providers").await, 1);
    assert!(neighbour.refs("vms").await == ["theirs"]);
}

pub(crate) async fn the_seed_is_made_once(database: TestDatabase) {
    let world = World::new(database).await;
    let (a, b) = tokio::join!(registry::seed(&world.store), registry::seed(&world.store));
    let seed = a.unwrap();
    assert_eq!(seed, b.unwrap());
    assert_eq!(registry::seed(&world.store).await.unwrap(), seed);
    assert_eq!(registry::settings(&world.store).await.unwrap()["seed"], seed.to_string());
}
