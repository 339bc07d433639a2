//! `stocktake demo`: from nothing to an inventory, on a simulated cloud. Each step is a command that is shown and then
//! carried out as if it had been typed.

use anyhow::Context;
use clap::{Args, Parser};
use stocktake_fakecloud::{Control, FakeCloud, Kind, NewServer, PASSWORD};
use stocktake_provider::{Configuration, Secret};
use stocktake_store::{Kind as DatabaseKind, Store, registry};

use super::{fakecloud, provider};
use crate::app::App;
use crate::args::Cli;
use crate::exit::{Done, Exit, misuse};
use crate::output::human::counted;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake demo
  stocktake demo --servers 5000
  stocktake demo --database sqlite:demo.db       keeps the inventory for looking around")]
pub(crate) struct Demo {
    /// How many servers the simulated cloud has
    #[arg(long, value_name = "N", default_value_t = 120)]
    servers: u32,
    /// The same number gives the same cloud
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

const NAME: &str = "demo";

pub(crate) async fn run(app: &mut App, verb: Demo) -> Done {
    let throw_away = match &app.global.database {
        Some(_) => None,
        None => Some(tempfile::tempdir().context("cannot make a directory for the demo's inventory")?),
    };
    if let Some(dir) = &throw_away {
        app.global.database = Some(format!("sqlite:{}", dir.path().join("demo.db").display()));
    }
    let cloud = FakeCloud::builder(fakecloud::spec(verb.servers, verb.seed))
        .start()
        .await
        .context("cannot start the simulated cloud")?;
    let mut show = Show { app, step: 0, exit: Exit::Ok };

    show.title(&format!(
        "a simulated OpenStack with {} answers at {}",
        counted(verb.servers.into(), "server", "servers"),
        cloud.url()
    ))?;
    register(&mut show, &cloud).await?;

    show.title("read everything it holds into the inventory")?;
    show.command(&["refresh", NAME]).await?;

    show.title("look at it")?;
    show.command(&["summary", NAME]).await?;
    show.command(&["get", "vms", "power_state=on", "--sort", "name", "--limit", "8"]).await?;
    let vm = cloud.control().ids(Kind::Server).into_iter().nth(1).context("the simulated cloud has no servers")?;
    show.command(&["show", "vm", &vm]).await?;

    show.title(&meanwhile(&cloud.control(), verb.seed)?)?;
    show.command(&["plan", NAME]).await?;
    show.command(&["refresh", NAME]).await?;

    show.title("once more: nothing has changed, so nothing is written")?;
    show.command(&["refresh", NAME]).await?;
    show.command(&["get", "vms", "--archived", "--columns", "name,cloud_tenant,archived_on"]).await?;
    show.command(&["runs"]).await?;

    let exit = show.exit;
    let kept = match throw_away {
        Some(_) => None,
        None => Some(show.app.store().await?),
    };
    where_to_go(show.app, kept.as_ref())?;
    Ok(exit)
}

/// Something happens in the cloud; says what.
fn meanwhile(control: &Control, seed: u64) -> anyhow::Result<String> {
    let churned = control.churn(0.03, seed);
    let (mut made, mut deleted) = (churned.created.len(), churned.deleted.len());
    if made == 0 {
        control.create_server(NewServer { name: Some("web-new".to_owned()), ..NewServer::default() })?;
        made += 1;
    }
    if deleted == 0 {
        let last = control.ids(Kind::Server).into_iter().rev().nth(1).context("the simulated cloud has no servers")?;
        control.delete(&last)?;
        deleted += 1;
    }
    let named = [
        (made, "made"),
        (deleted, "deleted"),
        (churned.renamed.len(), "renamed"),
        (churned.resized.len(), "resized"),
        (churned.stopped_or_started.len(), "stopped or started"),
        (churned.migrated.len(), "moved to another host"),
    ];
    let parts: Vec<_> = named.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    Ok(format!("meanwhile in the cloud, of its servers: {}", parts.join(", ")))
}

async fn register(show: &mut Show<'_>, cloud: &FakeCloud) -> anyhow::Result<()> {
    let store = show.app.store().await?;
    if registry::find(&store, NAME).await.is_ok() {
        return Err(misuse(format!(
            "the inventory has a provider '{NAME}' already; remove it with `stocktake provider remove {NAME}`, or name another --database"
        )));
    }
    show.typed(&fakecloud::add_command(NAME, &cloud.auth_url()))?;
    let mut configuration = Configuration::default();
    configuration.settings.insert("auth_url".to_owned(), cloud.auth_url());
    configuration.settings.extend(fakecloud::SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    configuration.secrets.insert("password".to_owned(), Secret::from(PASSWORD));
    let kind = show.app.kind("openstack")?.provider.clone();
    let record = provider::register(show.app, &store, NAME, kind.as_ref(), "default", configuration).await?;
    show.app.out.line(format!("registered {}; its password is stored encrypted", record.name))?;
    Ok(())
}

/// Shows a command and carries it out.
struct Show<'a> {
    app: &'a mut App,
    step: usize,
    exit: Exit,
}

impl Show<'_> {
    fn title(&mut self, text: &str) -> std::io::Result<()> {
        self.step += 1;
        let paint = self.app.out.paint();
        self.app.out.line("")?;
        self.app.out.line(paint.strong(&format!("{}. {text}", self.step)))
    }

    fn typed(&mut self, command: &str) -> std::io::Result<()> {
        let paint = self.app.out.paint();
        self.app.out.line("")?;
        self.app.out.line(format!("{} {}", paint.faint("$"), paint.tone(crate::output::paint::Tone::Name, command)))?;
        // What follows may go to standard error: in order, please.
        self.app.out.flush()
    }

    async fn command(&mut self, words: &[&str]) -> anyhow::Result<()> {
        let quoted = words.iter().map(|w| if w.contains(['<', '>', ' ', '~']) { format!("'{w}'") } else { (*w).to_owned() });
        self.typed(&format!("stocktake {}", quoted.collect::<Vec<_>>().join(" ")))?;
        let cli = Cli::try_parse_from(std::iter::once("stocktake").chain(words.iter().copied()))?;
        let exit = Box::pin(super::run(self.app, cli.command)).await?;
        self.exit = self.exit.and(exit);
        Ok(())
    }
}

fn where_to_go(app: &mut App, kept: Option<&Store>) -> std::io::Result<()> {
    let paint = app.out.paint();
    let out = &mut app.out;
    out.line("")?;
    out.line(paint.strong("Now your own cloud:"))?;
    out.line("  stocktake provider add cloud1 --cloud NAME      NAME as in your clouds.yaml, or")?;
    out.line("  stocktake provider add cloud1 --env             after `source openrc`")?;
    out.line("  stocktake refresh cloud1")?;
    out.line("  stocktake summary")?;
    if let Some(store) = kept {
        let place = store.place();
        out.line("")?;
        out.line(format!("The demo's inventory stays in {place}; the simulated cloud ends with this program."))?;
        out.line(match store.kind() {
            DatabaseKind::Sqlite => format!("  stocktake get vms --database 'sqlite:{place}'"),
            // How to sign in there is the asker's to know.
            DatabaseKind::Postgres => {
                "  stocktake get vms                               with STOCKTAKE_DATABASE set to it".to_owned()
            }
        })?;
    } else {
        out.line("")?;
        out.line(
            "The demo's inventory was thrown away. To keep one and look around: stocktake demo --database sqlite:demo.db",
        )?;
    }
    Ok(())
}
