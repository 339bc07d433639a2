//! Forms, files and variables become the same configuration that other clients would make of them.

use std::fs;
use std::path::Path;

use secrecy::ExposeSecret as _;
use stocktake_provider::{Configuration, Secret};
use tempfile::TempDir;

use super::*;

fn configuration(pairs: &[(&str, &str)]) -> Configuration {
    let mut c = Configuration::default();
    for (name, value) in pairs {
        if form::is_secret(name) {
            c.secrets.insert((*name).to_owned(), Secret::from(*value));
        } else {
            c.settings.insert((*name).to_owned(), (*value).to_owned());
        }
    }
    c
}

fn read(pairs: &[(&str, &str)]) -> Result<OpenStackConfig, String> {
    OpenStackConfig::read(&configuration(pairs)).map_err(|e| e.to_string())
}

const PASSWORD: [(&str, &str); 3] = [("auth_url", "http://h:5000"), ("username", "ann"), ("password", "s3cr3t")];

fn with(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    [&PASSWORD[..], more].concat()
}

#[test]
fn ways_of_signing_in() {
    let ann = Named::Name { name: "ann".to_owned(), domain: Domain::Id("default".to_owned()) };
    let plain = read(&PASSWORD).unwrap();
    assert!(matches!(plain.method, Method::Password { user, .. } if user == ann));
    assert_eq!(plain.scope, SignInScope::Default);

    let project = read(&with(&[("project_name", "dev"), ("domain_name", "people")])).unwrap();
    let people = Domain::Name("people".to_owned());
    assert_eq!(project.scope, SignInScope::Project(Named::Name { name: "dev".to_owned(), domain: people.clone() }));
    assert!(matches!(project.method, Method::Password { user: Named::Name { domain, .. }, .. } if domain == people));

    assert_eq!(read(&with(&[("domain_id", "d")])).unwrap().scope, SignInScope::Domain(Domain::Id("d".to_owned())));
    assert_eq!(read(&with(&[("system_scope", "all")])).unwrap().scope, SignInScope::System);

    let credential = [
        ("auth_url", "http://h:5000"),
        ("application_credential_id", "c1"),
        ("application_credential_secret", "s"),
        ("project_name", "ignored"),
    ];
    let credential = read(&credential).unwrap();
    assert!(
        matches!(&credential.method, Method::ApplicationCredential { credential: Credential::Id(id), .. } if id == "c1")
    );
    assert_eq!(credential.scope, SignInScope::Default);

    let token = read(&[("auth_url", "http://h:5000"), ("auth_type", "v3token"), ("token", "t")]).unwrap();
    assert!(matches!(token.method, Method::Token(_)));
}

#[test]
fn refusals_name_the_field_and_the_remedy() {
    for (pairs, expected) in [
        (vec![], "auth_url: missing; give Keystone's address"),
        (vec![("auth_url", "h:5000")], "auth_url: 'h:5000' cannot be used; give an address such as"),
        (vec![("auth_url", "http://ann:pw@h")], "auth_url: holds a user or password"),
        (vec![("auth_url", "http://h")], "username: missing"),
        (vec![("auth_url", "http://h"), ("username", "ann")], "password: missing"),
        (with(&[("auth_type", "v3oidcpassword")]), "auth_type: 'v3oidcpassword' cannot be used; use password"),
        (with(&[("interface", "inside")]), "interface: 'inside' cannot be used; use public, internal or admin"),
        (with(&[("page_size", "0")]), "page_size: '0' cannot be used; give a whole number from 1 to 1000"),
        (with(&[("timeout", "-1")]), "timeout: '-1' cannot be used; give seconds"),
        (with(&[("insecure", "maybe")]), "insecure: 'maybe' cannot be used; use true or false"),
        (with(&[("cacert", "/no/such.pem")]), "cacert: '/no/such.pem' cannot be used; reading that file failed"),
        (with(&[("reigon", "x")]), "reigon: an OpenStack provider has no such setting"),
    ] {
        let refusal = read(&pairs).unwrap_err();
        assert!(refusal.starts_with(expected), "{refusal}");
        assert!(!refusal.contains("pw@") && !refusal.contains("s3cr3t"), "{refusal}");
    }
}

#[test]
fn limits_and_addresses_are_read() {
    let config = read(&with(&[
        ("page_size", "50"),
        ("in_flight", "3"),
        ("timeout", "1.5"),
        ("attempts", "2"),
        ("interface", "internalURL"),
        ("compute_endpoint", "http://c:8774/v2.1"),
        ("insecure", "true"),
        ("cacert", "-----BEGIN CERTIFICATE-----"),
    ]))
    .unwrap();
    assert_eq!((config.page_size, config.in_flight, config.retry.attempts), (50, 3, 2));
    assert_eq!(config.timeout, Duration::from_millis(1500));
    assert_eq!(config.interface, Interface::Internal);
    assert_eq!(config.endpoints[&Service::Compute].as_str(), "http://c:8774/v2.1");
    assert!(config.insecure && !config.ca_pem.is_empty());
}

#[test]
fn no_secret_shows() {
    let shown = format!("{:?} {:?}", configuration(&PASSWORD), read(&PASSWORD).unwrap());
    assert!(!shown.contains("s3cr3t"), "{shown}");
}

/// Directories of a user: working, home and system.
struct Machine {
    root: TempDir,
    env: Environment,
}

impl Machine {
    fn new() -> Self {
        let root = TempDir::new().expect("a directory");
        for directory in ["work", "home/.config/openstack", "etc"] {
            fs::create_dir_all(root.path().join(directory)).expect("a directory");
        }
        let home = root.path().join("home").display().to_string();
        let env = Environment::new(root.path().join("work"), root.path().join("etc")).with("HOME", &home);
        Self { root, env }
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.root.path().join(path), text).expect("a file");
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.env = self.env.with(name, value);
        self
    }

    fn find(&self, name: Option<&str>) -> FoundCloud {
        find_cloud(&self.env, name).expect("a cloud")
    }

    fn fail(&self, name: Option<&str>) -> String {
        find_cloud(&self.env, name).unwrap_err().to_string()
    }
}

fn cloud_at(url: &str) -> String {
    format!("clouds:\n  lab:\n    auth: {{auth_url: '{url}', username: ann, password: pw}}\n")
}

#[test]
fn the_nearest_file_counts() {
    let machine = Machine::new();
    let found = |m: &Machine| m.find(Some("lab")).configuration.settings["auth_url"].clone();
    machine.write("etc/clouds.yaml", &cloud_at("http://etc"));
    assert_eq!(found(&machine), "http://etc");
    machine.write("home/.config/openstack/clouds.yml", &cloud_at("http://home"));
    assert_eq!(found(&machine), "http://home");
    machine.write("work/clouds.yaml", &cloud_at("http://work"));
    assert_eq!(found(&machine), "http://work");
    machine.write("named.yaml", &cloud_at("http://named"));
    let named = machine.root.path().join("named.yaml").display().to_string();
    let machine = machine.set("OS_CLIENT_CONFIG_FILE", &named);
    assert_eq!(found(&machine), "http://named");
    assert_eq!(machine.find(None).file.as_deref(), Some(Path::new(&named)));
}

#[test]
fn profile_cloud_and_secrets_are_laid_over_one_another() {
    let machine = Machine::new();
    machine.write(
        "etc/clouds-public.yaml",
        "public-clouds:\n  acme:\n    auth: {auth_url: 'https://acme:5000'}\n    region_name: r0\n",
    );
    machine.write(
        "work/clouds.yaml",
        "clouds:\n  prod:\n    profile: acme\n    region_name: r1\n    interface: internal\n    verify: false\n    auth:\n      \
         username: ann\n      tenant_name: dev\n      project_domain_name: people\n      user_domain_id: 007\n      \
         password: replaced\n    block_storage_endpoint_override: http://v:8776\n    unknown_thing: [1, {a: b}]\n",
    );
    machine.write("home/.config/openstack/secure.yaml", "clouds:\n  prod:\n    auth: {password: 0123e4}\n");
    let machine = machine.set("OS_CLOUD", "prod").set("OS_USERNAME", "somebody-else").set("OS_REGION_NAME", "r9");
    let found = machine.find(None);
    assert_eq!(found.name.as_deref(), Some("prod"));
    let expected = [
        ("auth_url", "https://acme:5000"),
        ("insecure", "true"),
        ("interface", "internal"),
        ("project_domain_name", "people"),
        ("project_name", "dev"),
        ("region", "r1"),
        ("user_domain_id", "007"),
        ("username", "ann"),
        ("volume_endpoint", "http://v:8776"),
    ];
    let settings: Vec<_> = found.configuration.settings.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(settings, expected);
    assert_eq!(found.configuration.secrets["password"].expose_secret(), "0123e4", "as written, not as a number");
    assert!(OpenStackConfig::read(&found.configuration).is_ok());
}

#[test]
fn variables_describe_a_cloud_alone_or_complete_one() {
    let machine = Machine::new().set("OS_AUTH_URL", "http://env:5000").set("OS_USERNAME", "ann").set("OS_PASSWORD", "pw");
    let found = machine.find(None);
    assert_eq!((found.name, found.configuration.settings["auth_url"].as_str()), (None, "http://env:5000"));
    assert_eq!(found.configuration.secrets["password"].expose_secret(), "pw");

    machine.write("work/clouds.yaml", "clouds: {lab: {auth: {auth_url: 'http://file'}, regions: [{name: r1}, r2]}}\n");
    let found = machine.find(Some("lab"));
    assert_eq!(found.configuration.settings["auth_url"], "http://file");
    assert_eq!(found.configuration.settings["region"], "r1");
    assert!(!found.configuration.settings.contains_key("username"), "another cloud's user is not mixed in");
    assert_eq!(found.configuration.secrets["password"].expose_secret(), "pw");
}

#[test]
fn refusals_name_file_key_and_remedy() {
    let machine = Machine::new();
    assert!(machine.fail(None).contains("set OS_AUTH_URL and its like, or write a clouds.yaml; looked for"));
    assert!(machine.fail(Some("lab")).starts_with("cloud 'lab' was asked for, but there is no clouds.yaml"));
    machine.write("work/clouds.yaml", "clouds: {a: {}, b: {profile: nowhere}}\n");
    assert!(machine.fail(Some("lab")).ends_with("clouds.yaml; it knows a, b"));
    assert!(machine.fail(None).contains("several clouds (a, b); choose one by its name or with OS_CLOUD"));
    assert!(machine.fail(Some("b")).contains("profile 'nowhere' is not in"));
    assert_eq!(known_clouds(&machine.env).unwrap(), ["a", "b"]);
    machine.write("work/clouds.yaml", "clouds:\n  a:\n    auth: {password: hunter22\n");
    let broken = machine.fail(Some("a"));
    assert!(broken.contains("clouds.yaml: ") && broken.ends_with("correct the file"), "{broken}");
    assert!(!broken.contains("hunter22"), "{broken}");
    machine.write("work/clouds.yaml", "clouds:\n  a:\n    auth: [1]\n");
    assert!(machine.fail(Some("a")).contains("clouds.yaml: "));
}
