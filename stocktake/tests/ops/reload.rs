//! Settings that change under a running server: what can count at once does, wrong ones change nothing.

use rustix::process::Signal;
use serde_json::Value;
use stocktake_fakecloud::PASSWORD;
use stocktake_testkit::TestDatabase;

use crate::running::{Running, wait};
use crate::shell::Shell;

pub(crate) async fn settings_are_read_again(database: TestDatabase) {
    let shell = Shell::registered(database).await;
    let file = shell.home.path().join("settings.toml");
    // Put in the other's place, as editors do: nobody reads half of it.
    let write = |text: &str| {
        let new = file.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(&new, &file).unwrap();
    };
    write("[workers]\ngeneric = 1\n");
    let server = Running::start_with(&shell, &["--config", "settings.toml"], &[]);
    generic(&shell, 1);

    // What counts at once, noticed without a signal.
    write("[workers]\ngeneric = 2\n");
    let told = server.wait_for("counts from now on");
    assert_eq!((&told["key"], &told["from"], &told["to"]), (&"workers.generic".into(), &"1".into(), &"2".into()));
    let before = generic(&shell, 2);

    // A mistake: told with its place, and workers that start afterwards do not stumble over it.
    write("[workers]\ngeneric = \"many\"\n");
    server.signal(Signal::HUP);
    let told = server.wait_for("the settings are wrong");
    assert!(told["error"].as_str().unwrap().contains("settings.toml, line 2: workers.generic"), "{told}");
    shell.add("cloud2", PASSWORD, &[]).ok();
    wait("a refresh of cloud2", || match shell.json(&["runs", "--provider", "cloud2"]).as_array().unwrap().as_slice() {
        [run] if run["state"] == "ok" => Ok(()),
        other => Err(format!("{other:?}\n{}", server.lines().join("\n"))),
    });
    assert_eq!(generic(&shell, 2), before);

    // What workers read when they start: others take their places.
    write("[workers]\ngeneric = 2\nheartbeat = \"3s\"\n\n[server]\nzone = \"east\"\n");
    server.signal(Signal::HUP);
    assert_eq!(server.wait_for("workers are replaced")["key"], "workers.heartbeat");
    assert_eq!(server.wait_for("when the server is started again")["key"], "server.zone");
    wait("other workers", || {
        let now = generic(&shell, 2);
        if now.iter().any(|id| before.contains(id)) { Err(format!("{before:?} {now:?}")) } else { Ok(()) }
    });
    assert_eq!(shell.json(&["servers"])[0]["zone"], "default");
    assert!(server.stop().0.success());
}

/// Waits for so many generic workers that run, and names them.
fn generic(shell: &Shell, count: usize) -> Vec<Value> {
    wait(&format!("{count} generic workers"), || {
        let workers = shell.json(&["workers"]);
        let fits = |worker: &&Value| worker["kind"] == "generic" && worker["state"] == "running";
        let found: Vec<_> = workers.as_array().unwrap().iter().filter(fits).map(|w| w["id"].clone()).collect();
        if found.len() == count { Ok(found) } else { Err(workers.to_string()) }
    })
}

pub(crate) async fn rules_are_read_again(database: TestDatabase) {
    let shell = Shell::registered(database).await;
    let rules = shell.home.path().join("rules.toml");
    let write = |text: &str| {
        let new = rules.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(&new, &rules).unwrap();
    };
    write("[[rule]]\nname = 'r'\nwhen = 'true'\nnote = 'x'\n");
    let settings = format!("[workers]\ngeneric = 1\n[events]\nrules = \"{}\"\n", rules.display());
    std::fs::write(shell.home.path().join("settings.toml"), settings).unwrap();
    let server = Running::start_with(&shell, &["--config", "settings.toml"], &[]);
    let before = generic(&shell, 1);
    write("[[rule]]\nname = 'r'\nwhen = 'tru'\nnote = 'x'\n");
    let told = server.wait_for("the routes or rules are wrong");
    assert!(told["error"].as_str().unwrap().contains("rules.toml, line 3: rule 'r'.when: "), "{told}");
    assert_eq!(generic(&shell, 1), before);
    write("[[rule]]\nname = 'r'\nwhen = 'event.level == \"error\"'\nnote = 'x'\n");
    server.wait_for("routes or rules changed");
    wait("another worker", || {
        let now = generic(&shell, 1);
        if now == before { Err(format!("{now:?}")) } else { Ok(()) }
    });
    assert!(server.stop().0.success());
}
