//! A client as small as the tests need, and just as ignorant: it follows the links it is given.

#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(unreachable_pub, reason = "test support")]

use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use stocktake_fakecloud::FakeCloud;

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().expect("text"))
    }
}

/// A logged in client.
#[derive(Clone)]
pub struct Session {
    pub http: reqwest::Client,
    pub url: String,
    pub token: String,
    pub project: String,
    /// Sent as `OpenStack-API-Version`.
    pub version: String,
}

/// The client wants a provider of cryptography even for plain http; a second test finds it there already.
#[expect(clippy::disallowed_methods, reason = "this client must retry nothing and hide nothing")]
pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().expect("client")
}

pub fn password_body(user: &str, password: &str, project: Option<&str>) -> Value {
    let identity = json!({"methods": ["password"], "password": {"user": {
        "name": user, "domain": {"id": "default"}, "password": password}}});
    match project {
        Some(project) => json!({"auth": {"identity": identity,
            "scope": {"project": {"name": project, "domain": {"name": "Default"}}}}}),
        None => json!({"auth": {"identity": identity}}),
    }
}

impl Session {
    pub async fn admin(cloud: &FakeCloud) -> Self {
        Self::of(cloud, "admin", "admin").await
    }

    pub async fn of(cloud: &FakeCloud, user: &str, project: &str) -> Self {
        let mut session = Self {
            http: client(),
            url: cloud.url().to_owned(),
            token: String::new(),
            project: String::new(),
            version: "compute 2.93, volume 3.70".to_owned(),
        };
        let answer = session.post("/identity/v3/auth/tokens", &password_body(user, "secret", Some(project))).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.header("x-subject-token").clone_into(&mut session.token);
        answer.json()["token"]["project"]["id"].as_str().expect("project").clone_into(&mut session.project);
        session
    }

    pub fn at(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    fn full(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.url) }
    }

    pub async fn try_get(&self, path: &str) -> reqwest::Result<Answer> {
        let mut request = self.http.get(self.full(path)).header("X-Auth-Token", &self.token);
        if !self.version.is_empty() {
            request = request.header("OpenStack-API-Version", &self.version);
        }
        let response = request.send().await?;
        Ok(Answer { status: response.status().as_u16(), headers: response.headers().clone(), text: response.text().await? })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.try_get(path).await.expect("an answer")
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.http.post(self.full(path)).header("X-Auth-Token", &self.token);
        let response = request.body(body.to_string()).send().await.expect("an answer");
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.expect("text"),
        }
    }

    /// All rows of a listing, page by page; also how many pages there were.
    pub async fn pages(&self, path: &str, key: &str) -> (Vec<Value>, usize) {
        let (mut rows, mut pages, mut next) = (Vec::new(), 0, path.to_owned());
        loop {
            let answer = self.get(&next).await;
            assert_eq!(answer.status, 200, "{next}: {}", answer.text);
            let mut page = answer.json();
            let Value::Array(more) = page[key].take() else { panic!("{next} has no {key}") };
            rows.extend(more);
            pages += 1;
            assert!(pages < 10_000, "{path} never ends");
            let links = [format!("{key}_links"), "links".to_owned()];
            let link = links.iter().filter_map(|l| page[l].as_array()).flatten().find(|l| l["rel"] == "next");
            next = match (link, page["next"].as_str()) {
                (Some(link), _) => link["href"].as_str().expect("href").to_owned(),
                (None, Some(relative)) => format!("/image{relative}"),
                (None, None) => return (rows, pages),
            };
        }
    }

    pub async fn rows(&self, path: &str, key: &str) -> Vec<Value> {
        self.pages(path, key).await.0
    }

    /// Every pageable listing, for the tests that go over all of them: path without query, and key.
    pub fn listings(&self) -> Vec<(String, &'static str)> {
        let project = &self.project;
        let network = |name: &str| format!("/network/v2.0/{name}?");
        let volume = |name: &str| format!("/volume/v3/{project}/{name}?all_tenants=1");
        vec![
            ("/compute/v2.1/servers/detail?all_tenants=1".to_owned(), "servers"),
            ("/compute/v2.1/servers?all_tenants=1".to_owned(), "servers"),
            ("/compute/v2.1/flavors/detail?is_public=None".to_owned(), "flavors"),
            ("/compute/v2.1/os-hypervisors/detail?".to_owned(), "hypervisors"),
            (network("networks"), "networks"),
            (network("subnets"), "subnets"),
            (network("ports"), "ports"),
            (network("routers"), "routers"),
            (network("floatingips"), "floatingips"),
            (network("security-groups"), "security_groups"),
            (network("security-group-rules"), "security_group_rules"),
            (network("agents"), "agents"),
            ("/image/v2/images?".to_owned(), "images"),
            (volume("volumes/detail"), "volumes"),
            (volume("snapshots/detail"), "snapshots"),
            (volume("backups/detail"), "backups"),
            (volume("attachments"), "attachments"),
            (format!("/orchestration/v1/{project}/stacks?show_nested=true&global_tenant=true"), "stacks"),
        ]
    }
}

pub fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_else(|| panic!("{key} is no text in {row}"))
}
