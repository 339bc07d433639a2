use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use stocktake_store::Param;
use stocktake_store::registry::{
    self, CredentialState, Finding, NewProvider, ProviderChange, ProviderRecord, RegistryError, Standing, Vault, VaultError,
};
use stocktake_store::{Cell, Store, fleet, params};
use stocktake_testkit::TestDatabase;

use crate::support::World;

fn new(name: &str) -> NewProvider {
    NewProvider {
        name: name.to_owned(),
        kind: "openstack".to_owned(),
        zone: "default".to_owned(),
        settings: BTreeMap::from([("auth_url".to_owned(), "https://cloud".to_owned())]),
        secrets: BTreeMap::from([("password".to_owned(), SecretString::from("hunter2"))]),
        event_source: Some("amqp".to_owned()),
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
    assert_eq!(record.event_source.as_deref(), Some("amqp"));
    let served = fleet::served(&store).await.unwrap();
    assert_eq!(served[0].event_source.as_deref(), Some("amqp"), "a server starts a catcher for it");
    let change = ProviderChange {
        name: Some("cloud2".to_owned()),
        enabled: Some(false),
        settings: BTreeMap::from([("auth_url".to_owned(), None), ("region".to_owned(), Some("R".to_owned()))]),
        secrets: BTreeMap::from([("password".to_owned(), None), ("token".to_owned(), Some(SecretString::from("t")))]),
        event_source: Some(None),
        ..ProviderChange::default()
    };
    let changed = registry::change(&store, &vault, record.id, change).await.unwrap();
    assert_eq!(changed.event_source, None);
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

pub(crate) async fn what_workers_must_notice_is_a_new_generation(database: TestDatabase) {
    let (store, _dir, vault, record) = with_one(&database).await;
    assert_eq!((record.generation, record.refresh_schedule.as_deref()), (1, None));
    let text = |field: &str, value: Option<&str>| BTreeMap::from([(field.to_owned(), value.map(ToOwned::to_owned))]);
    let secret = |value: Option<&str>| BTreeMap::from([("password".to_owned(), value.map(SecretString::from))]);
    let of = || ProviderChange::default();
    let changes = [
        ("nothing", of(), false, false),
        ("a name", ProviderChange { name: Some("cloud2".to_owned()), ..of() }, false, false),
        ("the same zone", ProviderChange { zone: Some("default".to_owned()), ..of() }, false, false),
        ("a zone", ProviderChange { zone: Some("east".to_owned()), ..of() }, true, false),
        ("enabled as it is", ProviderChange { enabled: Some(true), ..of() }, false, false),
        ("disabled", ProviderChange { enabled: Some(false), ..of() }, true, false),
        ("the same setting", ProviderChange { settings: text("auth_url", Some("https://cloud")), ..of() }, false, false),
        ("a setting", ProviderChange { settings: text("auth_url", Some("https://other")), ..of() }, true, true),
        ("no such setting", ProviderChange { settings: text("region", None), ..of() }, false, false),
        ("a setting taken back", ProviderChange { settings: text("auth_url", None), ..of() }, true, true),
        ("a secret", ProviderChange { secrets: secret(Some("new")), ..of() }, true, true),
        ("a secret taken back", ProviderChange { secrets: secret(None), ..of() }, true, true),
        ("no such secret", ProviderChange { secrets: secret(None), ..of() }, false, false),
        ("no events", ProviderChange { event_source: Some(None), ..of() }, false, false),
    ];
    let mut generation = 1;
    for (what, change, raises, forgets) in changes {
        registry::note_credentials(&store, record.id, generation, &Finding::Works, 3).await.unwrap();
        let changed = registry::change(&store, &vault, record.id, change).await.unwrap();
        generation += i64::from(raises);
        let known = if forgets { CredentialState::Unknown } else { CredentialState::Valid };
        assert_eq!((changed.generation, changed.credentials.state), (generation, known), "{what}");
    }
    registry::set_schedule(&store, record.id, Some("6h")).await.unwrap();
    let kept = registry::get(&store, record.id).await.unwrap();
    assert_eq!((kept.refresh_schedule.as_deref(), kept.generation), (Some("6h"), generation));
    registry::set_schedule(&store, record.id, None).await.unwrap();
    assert_eq!(registry::get(&store, record.id).await.unwrap().refresh_schedule, None);
}

pub(crate) async fn pausing_twice_is_pausing_once(database: TestDatabase) {
    let (store, _dir, _vault, record) = with_one(&database).await;
    assert!(!registry::resume(&store, record.id).await.unwrap(), "it was not paused");
    assert!(registry::pause(&store, record.id).await.unwrap());
    assert!(!registry::pause(&store, record.id).await.unwrap());
    let paused = registry::get(&store, record.id).await.unwrap();
    assert_eq!((paused.enabled, paused.generation), (false, 2));
    assert!(registry::resume(&store, record.id).await.unwrap());
    let resumed = registry::get(&store, record.id).await.unwrap();
    assert_eq!((resumed.enabled, resumed.generation), (true, 3));
    let nobody = stocktake_store::ProviderId(record.id.0 + 1);
    for done in [registry::pause(&store, nobody).await, registry::resume(&store, nobody).await] {
        assert!(done.unwrap_err().to_string().contains("does not exist"));
    }
    assert!(registry::set_schedule(&store, nobody, Some("6h")).await.is_err());
}

pub(crate) async fn changes_at_once_undo_nothing(database: TestDatabase) {
    let (store, _dir, vault, record) = with_one(&database).await;
    let one = |n: usize| {
        let settings = BTreeMap::from([(format!("setting{n}"), Some(n.to_string()))]);
        registry::change(&store, &vault, record.id, ProviderChange { settings, ..ProviderChange::default() })
    };
    let done = futures_util::future::join_all((0..8).map(one)).await;
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    let changed = registry::get(&store, record.id).await.unwrap();
    assert_eq!((changed.settings.len(), changed.generation), (9, 9), "{:?}", changed.settings);
}

pub(crate) async fn findings_are_kept_and_old_ones_are_not(database: TestDatabase) {
    let (store, _dir, vault, record) = with_one(&database).await;
    let note = |generation: i64, finding: Finding| {
        let store = &store;
        async move { registry::note_credentials(store, record.id, generation, &finding, 3).await.unwrap() }
    };
    let rejected = || Finding::Rejected("401".to_owned());
    // Clocks of databases may count in milliseconds: what is to be earlier is set to be.
    let long_ago = Param::Time(1_000_000);
    let begun_long_ago = async || {
        let sql = "update providers set credential_since = $1 where id = $2";
        store.execute(sql, &[long_ago.clone(), record.id.into()]).await.unwrap();
    };
    assert_eq!(record.credentials, Standing::unknown());
    begun_long_ago().await;
    assert_eq!(note(1, Finding::Works).await.state, CredentialState::Valid);
    let since = registry::get(&store, record.id).await.unwrap().credentials_since;
    assert!(since > 1_000_000, "another state begins now");
    note(1, Finding::NotReached("no answer".to_owned())).await;
    let kept = registry::get(&store, record.id).await.unwrap();
    assert_eq!((kept.credentials.state, kept.credentials.failures), (CredentialState::Valid, 1));
    assert_eq!((kept.credentials.message.as_deref(), kept.credentials_since), (Some("no answer"), since));
    begun_long_ago().await;
    assert!(!note(1, rejected()).await.stops_workers());
    assert!(note(1, rejected()).await.stops_workers());
    let kept = registry::get(&store, record.id).await.unwrap();
    assert!(kept.credentials.stops_workers() && kept.credentials_since >= since);

    // New credentials: a run that still used the old ones says nothing of them.
    let secrets = BTreeMap::from([("password".to_owned(), Some(SecretString::from("new")))]);
    let change = ProviderChange { secrets, ..ProviderChange::default() };
    let changed = registry::change(&store, &vault, record.id, change).await.unwrap();
    assert_eq!((changed.credentials.clone(), changed.generation), (Standing::unknown(), 2));
    assert_eq!(note(1, rejected()).await, Standing::unknown());
    assert_eq!(registry::get(&store, record.id).await.unwrap().credentials, Standing::unknown());
    assert_eq!(note(2, Finding::Works).await.state, CredentialState::Valid);
    let nobody = stocktake_store::ProviderId(record.id.0 + 1);
    assert!(registry::note_credentials(&store, nobody, 1, &Finding::Works, 3).await.is_err());
}

pub(crate) async fn findings_at_once_all_count(database: TestDatabase) {
    let (store, _dir, _vault, record) = with_one(&database).await;
    let finding = Finding::NotReached("no answer".to_owned());
    let notes = (0..12).map(|_| registry::note_credentials(&store, record.id, 1, &finding, 100));
    let done = futures_util::future::join_all(notes).await;
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    assert_eq!(registry::get(&store, record.id).await.unwrap().credentials.failures, 12);
}
