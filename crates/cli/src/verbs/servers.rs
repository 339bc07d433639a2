//! `stocktake servers`: the main servers there are, and what each does.

use clap::Args;
use serde::Serialize;
use stocktake_store::fleet::{self, Assignment, ServerRecord};

use super::now;
use crate::app::App;
use crate::exit::{Done, Exit};
use crate::format::{Simple, machine};
use crate::output::human::{ago, bytes};
use crate::output::paint::tone_of;
use crate::output::table::Cell;
use crate::output::{Out, Table};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake servers
  stocktake servers --all -o json       also those that are no more")]
pub(crate) struct Servers {
    /// Also those that have stopped or were lost
    #[arg(long)]
    all: bool,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Simple,
}

#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    server: ServerRecord,
    /// What it alone does: `provider:ID`, `role:NAME`.
    assigned: Vec<String>,
}

pub(crate) async fn run(app: &mut App, verb: Servers) -> Done {
    let store = app.store_to_read().await?;
    fleet::settle_lost_servers(&store).await?;
    let (servers, assigned) = (fleet::servers(&store, verb.all).await?, fleet::assignments(&store).await?);
    let of = |server: &ServerRecord| {
        let held = assigned.iter().filter(|a| a.held && a.server == server.id);
        held.map(|a: &Assignment| a.what.clone()).collect::<Vec<_>>()
    };
    let shown: Vec<_> = servers.into_iter().map(|server| Shown { assigned: of(&server), server }).collect();
    if machine(&mut app.out, verb.output, &shown)? {
        return Ok(Exit::Ok);
    }
    if shown.is_empty() {
        app.remark("no server runs; `stocktake server` starts one");
        return Ok(Exit::Ok);
    }
    print(&mut app.out, &shown)?;
    Ok(Exit::Ok)
}

fn print(out: &mut Out, servers: &[Shown]) -> std::io::Result<()> {
    let now = now();
    let titles = ["SERVER", "STATE", "ZONE", "PID", "STARTED", "HEARD", "PROVIDERS", "ALSO", "MEMORY", "ROLES", "END"];
    let mut table = Table::of(&titles).right(&[3, 6, 8]).compact();
    for Shown { server, assigned } in servers {
        let roles = assigned.iter().filter_map(|what| what.strip_prefix("role:")).collect::<Vec<_>>();
        let providers = assigned.iter().filter(|what| what.starts_with("provider:")).count();
        let cells: [Cell; 11] = [
            server.name.as_str().into(),
            Cell::from(server.state.name()).tone(tone_of(server.state.name())),
            server.zone.as_str().into(),
            server.pid.to_string().into(),
            ago(server.started_on, now).into(),
            ago(server.heartbeat_on, now).into(),
            if providers == 0 { String::new() } else { providers.to_string() }.into(),
            roles.join(", ").into(),
            server.rss_bytes.map(|rss| bytes(rss as u64)).unwrap_or_default().into(),
            server.roles.join(", ").into(),
            server.end_reason.as_deref().unwrap_or_default().into(),
        ];
        table.row(out, cells)?;
    }
    table.end(out, "; `-o json` has everything")
}
