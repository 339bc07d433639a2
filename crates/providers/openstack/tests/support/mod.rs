//! A provider connected to a simulated cloud, and what it collects.

#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(unreachable_pub, reason = "test support")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use stocktake_fakecloud::{FakeCloud, PASSWORD};
use stocktake_model::{FieldValue, Listed, Rows, Scope, Target};
use stocktake_openstack::OpenStack;
use stocktake_provider::{
    BoxFuture, Collected, Configuration, Page, PageSink, Progress, Provider, ProviderError, ProviderType, Secret, Traffic,
};

pub fn configuration(cloud: &FakeCloud, user: &str, project: &str, more: &[(&str, &str)]) -> Configuration {
    let mut c = Configuration::default();
    let auth_url = cloud.auth_url();
    let own = [
        ("auth_url", auth_url.as_str()),
        ("username", user),
        ("project_name", project),
        ("timeout", "1"),
        ("attempts", "2"),
        ("longest_wait", "1"),
    ];
    for (name, value) in own.iter().chain(more) {
        c.settings.insert((*name).to_owned(), (*value).to_owned());
    }
    c.secrets.insert("password".to_owned(), Secret::from(PASSWORD));
    c
}

pub fn connect(configuration: &Configuration) -> Arc<dyn Provider> {
    OpenStack.connect(configuration, Traffic::Live).expect("settings")
}

pub fn admin(cloud: &FakeCloud, more: &[(&str, &str)]) -> Arc<dyn Provider> {
    connect(&configuration(cloud, "admin", "admin", more))
}

#[derive(Default)]
struct Sink {
    pages: Mutex<Vec<Page>>,
}

impl PageSink for Sink {
    fn page(&self, page: Page) -> BoxFuture<'_, ()> {
        self.pages.lock().expect("pages").push(page);
        Box::pin(std::future::ready(()))
    }

    fn progress(&self, _: Progress) {}
}

/// One run: what is known, and the rows.
pub struct Run {
    pub collected: Collected,
    pub pages: Vec<Page>,
    pub rows: Rows,
}

pub async fn run(provider: &Arc<dyn Provider>, scope: &Scope) -> Run {
    try_run(provider, scope).await.expect("a run")
}

pub async fn try_run(provider: &Arc<dyn Provider>, scope: &Scope) -> Result<Run, ProviderError> {
    let sink = Sink::default();
    let collected = provider.collect(scope, &sink).await?;
    let pages = sink.pages.into_inner().expect("pages");
    let mut rows = Rows::new(provider.menu(), 7);
    for page in &pages {
        provider.parse(page, &mut rows);
    }
    Ok(Run { collected, pages, rows })
}

pub async fn full(provider: &Arc<dyn Provider>) -> Run {
    run(provider, &Scope::Full).await
}

pub async fn try_targeted(provider: &Arc<dyn Provider>, targets: &[(&str, &str)]) -> Result<Run, ProviderError> {
    try_run(provider, &Scope::Targets(scope(targets))).await
}

fn scope(targets: &[(&str, &str)]) -> Vec<Target> {
    let target =
        |(collection, id): &(&str, &str)| Target { collection: (*collection).to_owned(), reference: (*id).to_owned() };
    targets.iter().map(target).collect()
}

pub async fn targeted(provider: &Arc<dyn Provider>, targets: &[(&str, &str)]) -> Run {
    run(provider, &Scope::Targets(scope(targets))).await
}

impl Run {
    pub fn listed(&self, collection: &str) -> Option<&Listed> {
        self.collected.coverage.of(self.rows.menu().expect_ix(collection))
    }

    pub fn is_complete(&self, collection: &str) -> bool {
        self.listed(collection).is_some_and(Listed::is_complete)
    }

    pub fn listing(&self, name: &str) -> &Listed {
        let found = self.collected.listings.iter().find(|l| l.listing == name);
        &found.unwrap_or_else(|| panic!("no listing {name}")).listed
    }

    pub fn keys(&self, collection: &str) -> BTreeSet<String> {
        self.rows.of(self.rows.menu().expect_ix(collection)).iter().map(|row| row.key().to_owned()).collect()
    }

    pub fn count(&self, collection: &str) -> usize {
        self.rows.of(self.rows.menu().expect_ix(collection)).len()
    }

    /// A text that a row sends; none where it sends null or nothing.
    pub fn text(&self, collection: &str, key: &str, column: &str) -> Option<String> {
        let ix = self.rows.menu().expect_ix(collection);
        let field = self.rows.menu().get(ix).field(column)?;
        match self.rows.of(ix).iter().find(|row| row.key() == key)?.get(field)? {
            FieldValue::Text(text) => Some(text.to_owned()),
            _ => None,
        }
    }

    /// Digests of the row and its document, by collection and identity.
    pub fn digests(&self) -> BTreeMap<(&'static str, String), (u64, u64)> {
        let menu = self.rows.menu();
        let of = |(ix, rows): (_, &stocktake_model::CollectionRows)| {
            let name = menu.get(ix).name;
            let digests = rows.iter().map(|r| ((name, r.key().to_owned()), (r.head().digest, r.head().raw_digest)));
            digests.collect::<Vec<_>>()
        };
        self.rows.iter().flat_map(of).collect()
    }

    pub fn known(&self, known: &[(stocktake_model::CollectionIx, String)]) -> BTreeSet<(&'static str, String)> {
        known.iter().map(|(ix, id)| (self.rows.menu().get(*ix).name, id.clone())).collect()
    }

    pub fn gone(&self) -> BTreeSet<(&'static str, String)> {
        self.known(&self.collected.coverage.gone)
    }

    pub fn read(&self) -> BTreeSet<(&'static str, String)> {
        self.known(&self.collected.coverage.read)
    }

    /// Links that lead to no row of this run: `vms.image → images 8c2a…`.
    pub fn loose_links(&self) -> BTreeSet<String> {
        let menu = self.rows.menu();
        let mut keys = BTreeSet::new();
        for (ix, rows) in self.rows.iter() {
            for row in rows.iter() {
                keys.insert((ix, 0, row.key().to_owned()));
                keys.extend(row.secondary_keys().map(|(by, key)| (ix, by, key.to_owned())));
            }
        }
        let mut loose = BTreeSet::new();
        for (ix, rows) in self.rows.iter() {
            for (field, value) in rows.iter().flat_map(|row| row.fields().collect::<Vec<_>>()) {
                let FieldValue::Link(link) = value else { continue };
                if !keys.contains(&(link.target, link.by, link.key.to_owned())) {
                    let (from, to) = (menu.get(ix), menu.get(link.target));
                    loose.insert(format!("{}.{} → {} {}", from.name, from.field_name(field), to.name, link.key));
                }
            }
        }
        loose
    }
}
