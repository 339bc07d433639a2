use std::os::unix::fs::PermissionsExt as _;

use stocktake_fakecloud::{Fault, FaultRule, PASSWORD, Service};
use stocktake_testkit::TestDatabase;

use crate::shell::Shell;

pub(crate) async fn secrets_stay_secret(database: TestDatabase) {
    let shell = Shell::registered(database).await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&shell.key_file()), 0o600);
    for words in [
        &["provider", "show", "cloud1"][..],
        &["provider", "show", "cloud1", "-o", "json"],
        &["provider", "list", "-o", "yaml"],
    ] {
        let shown = shell.run(words).ok();
        let mut words = shown.split(|c: char| !c.is_alphanumeric());
        assert!(!words.any(|word| word == PASSWORD) && shown.contains("cloud1"), "{shown}");
    }
    let file = shell.home.path().join("new.db");
    let url = format!("sqlite:{}", file.display());
    shell.run(&["migrate", "--database", &url]).ok();
    for path in std::fs::read_dir(shell.home.path()).unwrap().map(|entry| entry.unwrap().path()) {
        let about_it = path.file_name().unwrap().to_str().unwrap().starts_with("new.db");
        assert!(!about_it || mode(&path) == 0o600, "{}", path.display());
    }
    assert_eq!(mode(&file), 0o600);
    let typed = shell.run(&["summary", "--database", "postgres://u:hidden@127.0.0.1:1/x"]);
    assert_eq!(typed.code, 1, "{}", typed.err);
    assert!(typed.err.contains("STOCKTAKE_DATABASE") && !typed.err.contains("hidden"), "{}", typed.err);
    let aside = shell.home.path().join("aside");
    std::fs::rename(shell.key_file(), &aside).unwrap();
    let error = shell.run(&["refresh", "cloud1"]).failed(1);
    assert!(error.contains("key file") && error.contains("missing"), "{error}");
    std::fs::copy(&aside, shell.key_file()).unwrap();
    std::fs::set_permissions(shell.key_file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = shell.run(&["refresh", "cloud1"]).failed(1);
    assert!(error.contains("chmod 600"), "{error}");
    let doctor = shell.run(&["doctor"]);
    assert!(doctor.code == 1 && doctor.out.contains("chmod 600"), "{}", doctor.out);
    std::fs::set_permissions(shell.key_file(), std::fs::Permissions::from_mode(0o600)).unwrap();
    shell.run(&["doctor", "--online"]).ok();
}

pub(crate) async fn what_fails_is_named(database: TestDatabase) {
    let shell = Shell::new(database).await;
    let wrong = shell.add("cloud1", "wrong", &[]);
    assert!(wrong.out.contains("✗"), "{}", wrong.out);
    let error = wrong.failed(1);
    assert!(error.contains("was not registered") && error.contains("401") && error.contains("--no-test"), "{error}");
    let again = shell.add("cloud1", PASSWORD, &["--set", "auth_url=http://127.0.0.1:1/v3"]).failed(1);
    assert!(again.contains("127.0.0.1:1"), "{again}");
    let missing = shell.run(&["provider", "add", "x", "--set", &format!("auth_url={}", shell.cloud.auth_url())]).failed(2);
    assert!(missing.contains("--set") || missing.contains("--secret-stdin"), "{missing}");
    assert!(shell.json(&["provider", "list"]).as_array().unwrap().is_empty());

    shell.add("cloud1", PASSWORD, &[]).ok();
    let tested = shell.run(&["provider", "test", "cloud1"]).ok();
    assert!(tested.contains("keystone") && !tested.contains('✗'), "{tested}");
    shell.control().add_fault(FaultRule::new(Fault::Forbidden403).service(Service::Volume));
    let tested = shell.run(&["provider", "test", "cloud1"]);
    assert_ne!(tested.code, 0);
    assert!(tested.out.contains("cloud_volumes"), "{}", tested.out);
    assert_eq!(shell.add("cloud1", PASSWORD, &[]).failed(1).matches("there is a provider 'cloud1' already").count(), 1);
}

pub(crate) async fn a_provider_is_edited_and_removed(database: TestDatabase) {
    let shell = Shell::refreshed(database).await;
    shell.run(&["provider", "edit", "cloud1", "--rename", "cloud2", "--disable", "--set", "page_size=50"]).ok();
    let shown = shell.json(&["provider", "show", "cloud2"]);
    assert_eq!((shown["enabled"].as_bool(), shown["settings"]["page_size"].as_str()), (Some(false), Some("50")));
    let error = shell.run(&["refresh", "--all"]).failed(2);
    assert!(error.contains("no enabled provider"), "{error}");
    let refused = shell.run_with_input(&["provider", "edit", "cloud2", "--secret-stdin", "password"], "wrong").failed(1);
    assert!(refused.contains("nothing was changed"), "{refused}");
    shell.run(&["refresh", "cloud2"]).ok();
    let removed = shell.run(&["provider", "remove", "cloud2", "--yes"]).ok();
    assert!(removed.starts_with("removed cloud2 and "), "{removed}");
    assert!(shell.json(&["summary"]).as_array().unwrap().is_empty());
    assert_eq!(shell.run(&["get", "vms", "--count", "--all"]).ok(), "0\n");
    // The name is free again.
    shell.add("cloud2", PASSWORD, &[]).ok();
}

pub(crate) async fn settings_come_from_clouds_yaml(database: TestDatabase) {
    let shell = Shell::new(database).await;
    let clouds = format!(
        "clouds:\n  lab:\n    auth:\n      auth_url: {}\n      username: admin\n      project_name: admin\n      \
         user_domain_name: Default\n      project_domain_name: Default\n",
        shell.cloud.auth_url()
    );
    std::fs::write(shell.home.path().join("clouds.yaml"), clouds).unwrap();
    std::fs::write(shell.home.path().join("secure.yaml"), "clouds:\n  lab:\n    auth:\n      password: secret\n").unwrap();
    let added = shell.run(&["provider", "add", "lab", "--cloud", "lab"]);
    assert_eq!(added.code, 0, "{}", added.err);
    assert!(added.err.contains("cloud 'lab' in"), "{}", added.err);
    assert_eq!(shell.json(&["provider", "show", "lab"])["secrets"][0], "password");
    let error = shell.run(&["provider", "add", "other", "--cloud", "other"]).failed(2);
    assert!(error.contains("it knows lab"), "{error}");
}
