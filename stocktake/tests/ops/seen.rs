//! A server seen from outside: over HTTP, and by the one that started it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use serde_json::json;
use stocktake_testkit::TestDatabase;

use crate::running::{Running, wait};
use crate::shell::Shell;

pub(crate) async fn it_answers_over_http(database: TestDatabase) {
    let shell = Shell::registered(database).await;
    let server = Running::start(&shell, &[("SERVER__LISTEN", "127.0.0.1:0")]);
    let address = server.wait_for("serving /livez")["address"].as_str().unwrap().to_owned();
    wait("readiness", || match get(&address, "/readyz") {
        (200, _) => Ok(()),
        (code, why) => Err(format!("{code} {why}")),
    });
    assert_eq!(get(&address, "/livez"), (200, "ok\n".to_owned()));
    server.wait_for("run ended");
    let runs = "stocktake_refresh_runs_total{mode=\"full\",provider=\"cloud1\",state=\"ok\"} 1\n";
    wait("the run among the metrics", || match get(&address, "/metrics") {
        (200, page) if page.contains(runs) && page.contains("stocktake_provider_verified_age_seconds{") => Ok(()),
        (code, page) => Err(format!("{code} {page}")),
    });
    assert_eq!(get(&address, "/").0, 404);
    assert!(server.stop().0.success());
    assert!(TcpStream::connect(&address).is_err(), "it serves no more");
}

pub(crate) async fn a_taken_port_stops_the_start(database: TestDatabase) {
    let shell = Shell::new(database).await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = shell.command(&["server", "--quiet"]);
    let done = crate::shell::Done::of(command.env("STOCKTAKE__SERVER__LISTEN", &address).output().unwrap());
    let said = done.failed(1);
    assert!(said.contains(&format!("cannot listen on {address}")) && said.contains("set server.listen"), "{said}");
    assert_eq!(shell.json(&["servers", "--all"]), json!([]), "there was no server");
}

/// As systemd would: READY when it works, WATCHDOG again and again, STOPPING, and a line for people.
pub(crate) async fn the_one_that_started_it_is_told(database: TestDatabase) {
    let shell = Shell::registered(database).await;
    let path = shell.home.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_nonblocking(true).unwrap();
    let mut command = shell.command(&["server", "--quiet"]);
    command.env("STOCKTAKE__SERVER__LISTEN", "off").env("STOCKTAKE__SERVER__TICK", "100ms");
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "2000000");
    let server = Running::of(command.spawn().unwrap());
    let mut told = Vec::new();
    let mut hear = |what: &str, fits: &dyn Fn(&[String]) -> bool| {
        wait(what, || {
            let mut text = [0; 1024];
            while let Ok(length) = socket.recv(&mut text) {
                told.extend(String::from_utf8_lossy(&text[..length]).lines().map(str::to_owned));
            }
            if fits(&told) { Ok(()) } else { Err(told.join("\n")) }
        });
    };
    hear("READY", &|told| told.iter().any(|line| line == "READY=1"));
    hear("three feedings", &|told| told.iter().filter(|line| *line == "WATCHDOG=1").count() >= 3);
    // One refreshes, one handles events, one does the rest.
    hear("a status", &|told| told.iter().any(|line| line == "STATUS=running: 3 workers, 1 of 1 providers"));
    assert!(server.stop().0.success());
    hear("STOPPING", &|told| told.iter().any(|line| line == "STOPPING=1"));
}

fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}
