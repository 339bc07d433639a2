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

pub(crate) async fn a_provider_is_paused_and_scheduled(database: TestDatabase) {
    let shell = Shell::registered(database).await;
    let shown = || shell.json(&["provider", "show", "cloud1"]);
    assert_eq!((shown()["generation"].as_i64(), shown()["refresh_schedule"].is_null()), (Some(1), true));
    assert!(shell.run(&["provider", "pause", "cloud1"]).ok().contains("paused cloud1"));
    assert!(shell.run(&["provider", "pause", "cloud1"]).ok().contains("was paused already: cloud1"));
    assert_eq!((shown()["enabled"].as_bool(), shown()["generation"].as_i64()), (Some(false), Some(2)));
    assert!(shell.run(&["provider", "list"]).ok().contains("paused"));
    assert!(shell.run(&["refresh", "--all"]).failed(2).contains("no enabled provider"));
    assert!(shell.run(&["provider", "resume", "cloud1", "cloud7"]).failed(1).contains("did you mean 'cloud1'"));
    assert_eq!(shown()["enabled"].as_bool(), Some(false), "a wrong name is told before anything is done");
    assert!(shell.run(&["provider", "resume", "cloud1"]).ok().contains("resumed cloud1"));
    assert_eq!(shown()["generation"].as_i64(), Some(3));

    let edit = |words: &[&str]| shell.run(&[&["provider", "edit", "cloud1"], words].concat());
    assert!(shell.run(&["provider", "show", "cloud1"]).ok().contains("24h, as the settings say"));
    for (words, kept) in [
        (&["--refresh-every", "6h"][..], Some("6h")),
        (&["--refresh-cron", "0 3 * * *"], Some("0 3 * * *")),
        (&["--refresh-every", "off"], Some("off")),
        (&["--refresh-every", "default"], None),
    ] {
        edit(words).ok();
        assert_eq!(shown()["refresh_schedule"].as_str(), kept, "{words:?}");
    }
    assert_eq!(shown()["generation"].as_i64(), Some(3), "workers need not notice a schedule");
    for (words, why) in [
        (&["--refresh-every", "daily"][..], "is not a schedule"),
        (&["--refresh-every", "0 3 * * *"], "--refresh-cron"),
        (&["--refresh-cron", "0 0 30 2 *"], "no day ever fits"),
        (&["--refresh-every", "6h", "--refresh-cron", "0 3 * * *"], "cannot be used with"),
    ] {
        let error = edit(words).failed(2);
        assert!(error.contains(why), "{words:?}: {error}");
    }
}

pub(crate) async fn credentials_have_a_state(database: TestDatabase) {
    let shell = Shell::registered(database).await;
    let state = || {
        let shown = shell.json(&["provider", "show", "cloud1"]);
        shown["credentials"]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(), "valid", "it was tried when it was registered");
    shell.run_with_input(&["provider", "edit", "cloud1", "--no-test", "--secret-stdin", "password"], "wrong").ok();
    assert_eq!(state(), "unknown");
    assert_eq!(shell.run(&["provider", "test", "cloud1"]).code, 1);
    assert_eq!(state(), "invalid");
    let once = shell.run(&["provider", "show", "cloud1"]).ok();
    assert!(once.contains("401") && !once.contains("nothing is tried"), "{once}");
    shell.run(&["refresh", "cloud1"]).failed(1);
    let twice = shell.run(&["provider", "show", "cloud1"]).ok();
    assert!(twice.contains("nothing is tried until the settings change"), "{twice}");
    let doctor = shell.run(&["doctor"]);
    assert!(doctor.code == 1 && doctor.out.contains("credentials invalid"), "{}", doctor.out);
    shell.run_with_input(&["provider", "edit", "cloud1", "--secret-stdin", "password"], PASSWORD).ok();
    assert_eq!(state(), "valid");

    assert_eq!(shell.run(&["refresh", "cloud1", "--record", "run.jsonl"]).code, 0);
    shell.run(&["provider", "edit", "cloud1", "--no-test", "--set", "page_size=50"]).ok();
    shell.run(&["refresh", "cloud1", "--replay", "run.jsonl"]);
    assert_eq!(state(), "unknown", "a recording says nothing of the present");
    shell.run(&["provider", "edit", "cloud1", "--no-test", "--set", "page_size=many"]).ok();
    assert_eq!(shell.run(&["refresh", "cloud1"]).code, 1);
    assert_eq!(state(), "incomplete");
    assert!(shell.run(&["provider", "list"]).ok().contains("incomplete"));
}
