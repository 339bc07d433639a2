//! What a file and an environment come to, and what is said of mistakes in them.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::PathBuf;
use std::time::Duration;

use stocktake_settings::{
    ByteSize, Given, Inputs, Listen, Loaded, Place, Plain, Reload, Role, Schedule, Settings, SettingsError, diff, load,
};

struct World {
    dir: tempfile::TempDir,
    inputs: Inputs,
}

fn world(file: &str) -> World {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stocktake.toml");
    std::fs::write(&path, file).unwrap();
    World { dir, inputs: Inputs { config: Some(path), ..Inputs::default() } }
}

impl World {
    fn set(mut self, variable: &str, value: &str) -> Self {
        self.inputs.environment.push((variable.to_owned(), value.to_owned()));
        self
    }

    fn load(&self) -> Loaded {
        load(&self.inputs).unwrap()
    }

    /// What is wrong, without the folder's name.
    fn refused(&self) -> String {
        let error = load(&self.inputs).unwrap_err().to_string();
        error.replace(&format!("{}/", self.dir.path().display()), "")
    }
}

#[test]
fn nothing_needs_to_be_said() {
    let loaded = load(&Inputs::default()).unwrap();
    assert_eq!(loaded.settings, Settings::default());
    assert!(loaded.effective().iter().all(|one| one.source == Place::Default));
}

#[test]
fn every_kind_of_value_is_read() {
    let world = world(
        "[server]\nzone = \"east\"\nroles = [\"scheduler\", \"refresh\"]\nlisten = \"off\"\ndrain_timeout = \"1m30s\"\n\
         [workers]\ngeneric = 4\n[memory]\nrefresh = \"512MiB\"\nkill_factor = 2\n\
         [refresh]\nschedule = \"0 3 * * *\"\non_start = false\n[log]\nformat = \"json\"\n",
    );
    let s = world.load().settings;
    assert_eq!((s.server.zone.as_str(), s.server.listen), ("east", Listen(None)));
    assert!(s.server.roles.has(Role::Refresh) && !s.server.roles.has(Role::Generic));
    assert_eq!(s.server.roles.names(), ["refresh", "scheduler"]);
    assert_eq!((s.server.drain_timeout, s.workers.generic), (Duration::from_secs(90), 4));
    assert_eq!((s.memory.refresh, s.memory.kill_factor), (ByteSize::mib(512), 2.0));
    assert_eq!((s.refresh.schedule, s.refresh.on_start), (Schedule::parse_cron("0 3 * * *").unwrap(), false));
}

#[test]
fn what_is_said_later_counts_and_each_value_knows_where_it_was_said() {
    let world = world("# mine\n[server]\nzone = \"east\"\n\n[workers]\ngeneric = 7\n[database]\nurl = \"sqlite:a.db\"\n")
        .set("STOCKTAKE__SERVER__ZONE", "west")
        .set("STOCKTAKE__SERVER__ROLES", "generic, refresh")
        .set("STOCKTAKE__REFRESH__ON_START", "false")
        .set("STOCKTAKE_DATABASE", "sqlite:b.db")
        .set("STOCKTAKE_KEY_FILE", "")
        .set("STOCKTAKE_OTHER", "is none of ours");
    let loaded = world.load();
    let s = &loaded.settings;
    assert_eq!((s.server.zone.as_str(), s.workers.generic, s.refresh.on_start), ("west", 7, false));
    assert_eq!(s.server.roles.names(), ["refresh", "generic"]);
    assert_eq!(s.database.url.expose(), Some("sqlite:b.db"));
    let file = loaded.file.clone().unwrap();
    assert_eq!(loaded.place("workers.generic"), Place::File { path: file, line: 6 });
    assert_eq!(loaded.place("server.zone").to_string(), "variable STOCKTAKE__SERVER__ZONE");
    assert_eq!(loaded.place("database.url").to_string(), "variable STOCKTAKE_DATABASE");
    assert_eq!(loaded.place("database.key_file"), Place::Default);

    let mut inputs = world.inputs.clone();
    let value = "sqlite:c.db".to_owned();
    inputs.given.push(Given { section: "database", key: "url", option: "--database", value });
    let loaded = load(&inputs).unwrap();
    assert_eq!(loaded.settings.database.url.expose(), Some("sqlite:c.db"));
    assert_eq!(loaded.place("database.url").to_string(), "--database");
}

#[test]
fn mistakes_are_told_all_at_once_with_their_place_and_what_was_meant() {
    let world = world(
        "lease = \"10s\"\n\n[server]\nzonee = \"east\"\nlease = 10\nroles = [\"refesh\"]\ntick = \"0s\"\n\
         [sever]\nzone = \"x\"\n[worker]\n[workers]\nlease = \"1m\"\ngeneric = \"4\"\nheartbeat = \"10\"\n\
         [memory]\nrefresh = \"2\"\n[refresh]\nschedule = \"daily\"\n[runs]\nkeep = 1979-05-27\n[runs.more]\nx = 1\n",
    )
    .set("STOCKTAKE__SERVER__LISTEN", "9440")
    .set("STOCKTAKE__SERVER__DRAIN", "5s")
    .set("STOCKTAKE__ZONE", "x");
    let error = world.refused();
    let expected = [
        "stocktake.toml, line 1: lease: settings stand in sections",
        "stocktake.toml, line 4: server.zonee: there is no such setting (did you mean 'server.zone'?)",
        "stocktake.toml, line 5: server.lease: 10 is a whole number; write a duration",
        "stocktake.toml, line 6: server.roles: there is no role 'refesh' (did you mean 'refresh'?)",
        "stocktake.toml, line 7: server.tick: \"0s\" is not between \"100ms\" and \"1m\"",
        "stocktake.toml, line 9: sever.zone: there is no section 'sever' (did you mean 'server'?)",
        "stocktake.toml, line 10: worker: there is no section 'worker' (did you mean 'workers'?)",
        "stocktake.toml, line 12: workers.lease: there is no such setting (did you mean 'server.lease'?)",
        "stocktake.toml, line 13: workers.generic: \"4\" is text; write a whole number",
        "stocktake.toml, line 14: workers.heartbeat: '10' is not a duration: a unit is missing",
        "stocktake.toml, line 16: memory.refresh: '2' is not a size: a unit is missing",
        "stocktake.toml, line 18: refresh.schedule: 'daily' is not a schedule",
        "stocktake.toml, line 20: runs.keep: a date is no setting's value",
        "runs.more: a section within a section is no setting",
        "variable STOCKTAKE__SERVER__LISTEN: server.listen: '9440' is not an address with a port",
        "variable STOCKTAKE__SERVER__DRAIN: server.drain: there is no such setting; there are zone, roles",
        "variable STOCKTAKE__ZONE: no setting is named so; write STOCKTAKE__SECTION__KEY",
    ];
    for line in expected {
        assert!(error.contains(line), "'{line}' is missing from:\n{error}");
    }
    assert!(error.starts_with(&format!("{} settings are wrong:", expected.len())), "{error}");
}

#[test]
fn text_that_is_no_toml_is_named_with_its_line() {
    let error = world("[server]\nzone = \"a\"\nzone = \"b\"\n").refused();
    assert!(error.starts_with("stocktake.toml, line 3: not TOML: "), "{error}");
    let error = world("[server\n").refused();
    assert!(error.starts_with("stocktake.toml, line 1: not TOML: "), "{error}");
}

#[test]
fn values_must_fit_each_other() {
    let error = world("[refresh]\ndebounce = \"6s\"\n[server]\nzone = \"\"\nroles = []\n").refused();
    assert!(
        error.contains("line 2: refresh.debounce: refresh.debounce (6s) is more than refresh.debounce_max (5s)"),
        "{error}"
    );
    assert!(error.contains("line 4: server.zone: it is empty") && error.contains("a server without a role"), "{error}");
    let error = world("[refresh]\ndebounce_max = \"500ms\"\n").refused();
    assert!(error.starts_with("stocktake.toml, line 2: refresh.debounce_max: "), "{error}");
}

#[test]
fn a_file_that_was_named_must_be_there_and_the_usual_ones_need_not() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().to_str().unwrap().to_owned();
    let inputs = |config: Option<&str>, pairs: &[(&str, &str)]| Inputs {
        config: config.map(PathBuf::from),
        environment: pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        given: Vec::new(),
    };
    let missing = load(&inputs(Some("/nowhere/s.toml"), &[])).unwrap_err();
    assert!(matches!(missing, SettingsError::Missing { by: "--config", .. }), "{missing}");
    let missing = load(&inputs(None, &[("STOCKTAKE_CONFIG", "/nowhere/s.toml")])).unwrap_err();
    assert!(matches!(missing, SettingsError::Missing { by: "STOCKTAKE_CONFIG", .. }), "{missing}");
    let unreadable = load(&inputs(Some(&home), &[])).unwrap_err();
    assert!(matches!(unreadable, SettingsError::Unreadable { .. }), "{unreadable}");

    let zone = |folder: &str, zone: &str| {
        let folder = dir.path().join(folder).join("stocktake");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("stocktake.toml"), format!("[server]\nzone = \"{zone}\"\n")).unwrap();
    };
    let found = |pairs: &[(&str, &str)]| load(&inputs(None, pairs)).unwrap().settings.server.zone;
    let xdg = format!("{home}/xdg");
    zone(".config", "home");
    zone("xdg", "xdg");
    assert_eq!(found(&[("HOME", &home)]), "home");
    assert_eq!(found(&[("HOME", &home), ("XDG_CONFIG_HOME", &xdg)]), "xdg");
    let named = format!("{home}/.config/stocktake/stocktake.toml");
    assert_eq!(found(&[("XDG_CONFIG_HOME", &xdg), ("STOCKTAKE_CONFIG", &named)]), "home");
}

#[test]
fn passwords_are_not_shown_but_their_change_is_seen() {
    let address = |password: &str| format!("[database]\nurl = \"postgres://u:{password}@db/x\"\n");
    let (before, after) = (world(&address("hidden")).load(), world(&address("secret")).load());
    let shown = format!("{before:?} {} {}", before.to_toml(), serde_json::to_string(&before.effective()).unwrap());
    assert!(shown.contains("postgres://u:…@db/x") && !shown.contains("hidden"), "{shown}");
    let changes = diff(&before.settings, &after.settings);
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].key.as_str(), changes[0].reload), ("database.url", Reload::Restart));
    assert!(!format!("{changes:?}").contains("secret"));
    let odd = world("[database]\nurl = [\"postgres://u:hidden@db/x\"]\n").refused();
    assert!(odd.contains("database.url") && !odd.contains("hidden"), "{odd}");
}

#[test]
fn a_difference_says_what_it_takes() {
    let after = world("[server]\ntick = \"2s\"\nzone = \"east\"\n[queue]\npoll = \"10s\"\n").load().settings;
    let changes = diff(&Settings::default(), &after);
    let found: Vec<_> = changes.iter().map(|c| (c.key.as_str(), c.reload)).collect();
    assert_eq!(found, [("server.zone", Reload::Restart), ("server.tick", Reload::Live), ("queue.poll", Reload::NewWorkers)]);
    assert_eq!((&changes[1].from, &changes[1].to), (&Plain::Text("1s".to_owned()), &Plain::Text("2s".to_owned())));
    assert_eq!(diff(&after, &after), []);
}

/// The file that `doctor --settings -o toml` writes says what counts; and every default is taken when it is written down.
#[test]
fn what_is_shown_can_be_read_again() {
    let first = world("[server]\nzone = \"ea\\\"st\\\\\"\n[refresh]\nschedule = \"0 3 * * MON\"\n").load();
    let again = world(&first.to_toml()).load();
    assert_eq!(first.settings, again.settings);
    assert!(again.effective().iter().all(|one| one.source != Place::Default), "every setting is in the file");
    for key in Settings::keys() {
        let word = match &key.default {
            Plain::Text(text) => text.clone(),
            Plain::List(items) => items.join(","),
            other => other.to_string(),
        };
        let said = world("").set(&key.variable(), &word).load();
        assert_eq!(said.settings, Settings::default(), "{}", key.path());
        assert_eq!(said.place(&key.path()).to_string(), format!("variable {}", key.variable()));
    }
}
