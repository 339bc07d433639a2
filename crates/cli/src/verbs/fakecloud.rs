//! `stocktake fakecloud`: a simulated OpenStack to try things on.

use anyhow::Context;
use clap::Args;
use stocktake_fakecloud::{CloudSpec, FakeCloud, PASSWORD};

use crate::app::App;
use crate::exit::{Done, Exit};
use crate::interrupt;
use crate::output::human::counted;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake fakecloud                             a small cloud on a free port
  stocktake fakecloud --servers 50000 --port 5000
  stocktake fakecloud --seed 7                    another one of the same size")]
pub(crate) struct Fakecloud {
    /// How many servers it has; everything else is in proportion
    #[arg(long, value_name = "N", default_value_t = 120)]
    servers: u32,
    /// Port to listen on, on this machine only; 0 for a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// The same number gives the same cloud
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

pub(crate) fn spec(servers: u32, seed: u64) -> CloudSpec {
    let spec = if servers == CloudSpec::demo().servers { CloudSpec::demo() } else { CloudSpec::scale(servers) };
    spec.with_seed(seed)
}

pub(crate) async fn run(app: &mut App, verb: Fakecloud) -> Done {
    let builder = FakeCloud::builder(spec(verb.servers, verb.seed)).port(verb.port);
    let cloud =
        builder.start().await.with_context(|| format!("cannot listen on 127.0.0.1:{}; choose another --port", verb.port))?;
    let (out, url) = (&mut app.out, cloud.auth_url());
    let paint = out.paint();
    out.line(format!(
        "a simulated OpenStack with {} answers at {}",
        counted(verb.servers.into(), "server", "servers"),
        paint.strong(&url)
    ))?;
    out.remark("")?;
    out.remark("register and read it from another terminal:")?;
    out.remark(format!("  {}", add_command("fake", &url)))?;
    out.remark("  stocktake refresh fake")?;
    out.remark("")?;
    out.remark("Ctrl-C ends it")?;
    out.flush()?;
    interrupt::asked().await;
    Ok(Exit::Ok)
}

/// The settings of a simulated cloud, as they are written.
pub(crate) const SETTINGS: [(&str, &str); 4] =
    [("username", "admin"), ("user_domain_name", "Default"), ("project_name", "admin"), ("project_domain_name", "Default")];

pub(crate) fn add_command(name: &str, auth_url: &str) -> String {
    format!(
        "printf {PASSWORD} | stocktake provider add {name} --set auth_url={auth_url} --set username=admin \
         --set project_name=admin --secret-stdin password"
    )
}
