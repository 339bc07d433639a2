//! What serving costs: pages of 1,000 from a cloud of 50,000 servers, in CPU of this process without the client's.
//!
//! `cargo run --release -p stocktake-fakecloud --example serving` starts the server in a process of its own (itself,
//! called again), reads every page over a plain socket, and asks `/proc` what that cost the server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use stocktake_fakecloud::{CloudSpec, FakeCloud, serve};

const SERVERS: u32 = 50_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    if std::env::args().nth(1).as_deref() == Some("--serve") {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let ready = |cloud: &FakeCloud| {
            let mut out = std::io::stdout();
            // The parent reads one line; if it is gone, nobody needs the server.
            let _ = writeln!(out, "{}", cloud.url()).and_then(|()| out.flush());
        };
        let builder = FakeCloud::builder(CloudSpec::scale(SERVERS));
        runtime.block_on(serve(builder, ready, std::future::pending()))?;
        return Ok(());
    }
    let mut server =
        Command::new(std::env::current_exe()?).arg("--serve").stdout(Stdio::piped()).stdin(Stdio::null()).spawn()?;
    let measured = measure(&mut server);
    server.kill()?;
    server.wait()?;
    measured
}

fn measure(server: &mut Child) -> Outcome<()> {
    let mut line = String::new();
    BufReader::new(server.stdout.take().ok_or("no output")?).read_line(&mut line)?;
    let mut client = Client { address: line.trim().trim_start_matches("http://").to_owned(), token: String::new() };
    let pid = server.id();
    let body = r#"{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"admin","domain":{"id":"default"},
        "password":"secret"}}},"scope":{"project":{"name":"admin","domain":{"id":"default"}}}}}"#;
    let (head, _) = client.ask("POST", "/identity/v3/auth/tokens", body)?;
    let token = head.lines().find_map(|l| l.strip_prefix("x-subject-token: "));
    token.ok_or("no token")?.clone_into(&mut client.token);
    let mut out = std::io::stdout();
    writeln!(out, "at rest: {} kB resident", resident(pid)?)?;
    let project = client.ask("GET", "/identity/v3/auth/projects", "")?.1;
    let project = project.split("\"id\":\"").nth(1).and_then(|t| t.get(..32)).ok_or("no project")?.to_owned();
    let volumes = format!("/volume/v3/{project}/volumes/detail?all_tenants=1&limit=1000");
    for path in [
        "/compute/v2.1/servers/detail?all_tenants=1&limit=1000",
        "/network/v2.0/ports?limit=1000",
        &volumes,
        "/compute/v2.1/os-hypervisors/detail?limit=1000",
    ] {
        let (cpu, started) = (cpu_ms(pid)?, Instant::now());
        let (mut pages, mut bytes, mut next) = (0_u32, 0, path.to_owned());
        loop {
            let (_, page) = client.ask("GET", &next, "")?;
            (pages, bytes) = (pages + 1, bytes + page.len());
            let tail = &page[page.len().saturating_sub(600)..];
            match tail.split_once(r#""rel":"next","href":"http://"#) {
                Some((_, rest)) => {
                    let url = rest.split('"').next().unwrap_or_default();
                    url[url.find('/').unwrap_or(0)..].clone_into(&mut next);
                }
                None => break,
            }
        }
        let (cpu, wall) = (cpu_ms(pid)? - cpu, started.elapsed().as_millis());
        let name = path.split('?').next().unwrap_or_default();
        writeln!(
            out,
            "{name}: {pages} pages, {} MB, {cpu} ms CPU, {:.1} ms a page, {wall} ms wall, {} kB resident",
            bytes / 1_000_000,
            cpu as f64 / f64::from(pages),
            resident(pid)?
        )?;
    }
    Ok(())
}

struct Client {
    address: String,
    token: String,
}

impl Client {
    fn ask(&self, method: &str, path: &str, body: &str) -> Outcome<(String, String)> {
        let mut stream = TcpStream::connect(&self.address)?;
        let (address, token) = (&self.address, &self.token);
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nx-auth-token: {token}\r\nconnection: close\r\n\
             openstack-api-version: compute 2.93, volume 3.70\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("no head")?;
        Ok((head.to_owned(), body.to_owned()))
    }
}

/// User and system time of a process; a tick is 10 ms.
fn cpu_ms(pid: u32) -> Outcome<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    Ok((fields[11].parse::<u64>()? + fields[12].parse::<u64>()?) * 10)
}

fn resident(pid: u32) -> Outcome<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|l| l.starts_with("VmRSS")).ok_or("no VmRSS")?;
    Ok(line.split_whitespace().nth(1).ok_or("no number")?.parse()?)
}
