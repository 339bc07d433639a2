//! The command tree: what can be written, with examples. Knows nothing of what the verbs do.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::verbs;

#[derive(Debug, Parser)]
#[command(
    name = "stocktake",
    version,
    about = "An inventory of what your clouds hold, always current",
    long_about = "Stocktake reads external management systems (OpenStack clouds today) into one normalized inventory and \
                  keeps it current. The inventory is a SQLite file, or a PostgreSQL database named by --database.",
    after_help = "First steps:\n  \
        stocktake demo                                          a simulated cloud, from nothing to an inventory\n  \
        stocktake provider add cloud1 --cloud NAME              register a cloud of your clouds.yaml\n  \
        stocktake refresh cloud1                                read what it holds\n  \
        stocktake summary                                       how much there is of everything\n  \
        stocktake get vms power_state=on 'flavor.memory_mb>=8GiB'\n\n\
        Exit codes: 0 ok, 1 failed, 2 wrong usage or settings, 3 done in part.",
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 120
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// Where the inventory is: sqlite:PATH or postgres://user@host/name [default: a file in your data directory]
    #[arg(long, global = true, value_name = "URL", env = "STOCKTAKE_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// Settings file [default: STOCKTAKE_CONFIG, ~/.config/stocktake/stocktake.toml, /etc/stocktake/stocktake.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Only the result: no remarks, no progress
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Say more of what happens; twice for everything
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// No colours (NO_COLOR is heeded, too)
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what Stocktake does, on a simulated cloud
    Demo(verbs::demo::Demo),
    /// Register and look after the systems that are read
    #[command(subcommand)]
    Provider(verbs::provider::Provider),
    /// Read what providers hold, all of it or single objects
    Refresh(verbs::refresh::Refresh),
    /// Show what a refresh would change, field by field, and write nothing
    Plan(verbs::plan::Plan),
    /// How much there is of everything, and how fresh it is
    Summary(verbs::summary::Summary),
    /// List objects of a collection
    Get(verbs::get::Get),
    /// One object, with what it links to and what links to it
    Show(verbs::show::Show),
    /// What happened in the providers' systems
    Events(verbs::events::Events),
    /// What is done when something happens
    #[command(subcommand)]
    Rule(verbs::rule::Rule),
    /// What there can be: collections and their columns
    Collections(verbs::collections::Collections),
    /// Past refreshes
    Runs(verbs::runs::Runs),
    /// One past refresh in full
    #[command(subcommand)]
    Run(verbs::run_show::Run),
    /// Keep every provider's inventory fresh, until asked to stop
    Server(verbs::server::Server),
    /// One screen: providers, workers, queue, last runs
    Status(verbs::status::Status),
    /// Worker processes, and what each does
    Workers(verbs::workers::Workers),
    /// Main servers, and what each is assigned
    Servers(verbs::servers::Servers),
    /// Run one worker; a server starts its own
    Worker(verbs::worker::Worker),
    /// What there is to do, and what has become of it
    #[command(subcommand)]
    Queue(verbs::queue::Queue),
    /// Bring the database to this program's version
    Migrate(verbs::migrate::Migrate),
    /// Check database, key file, settings and connections
    Doctor(verbs::doctor::Doctor),
    /// Serve a simulated OpenStack cloud
    Fakecloud(verbs::fakecloud::Fakecloud),
    /// Print completions for a shell
    Completions(verbs::completions::Completions),
}

impl Command {
    /// Whether it runs unattended and logs by the settings.
    pub(crate) fn is_service(&self) -> bool {
        matches!(self, Self::Server(_) | Self::Worker(_))
    }
}

pub(crate) fn command() -> clap::Command {
    let bold = AnsiColor::Green.on_default().bold();
    let styles = Styles::styled().header(bold).usage(bold).literal(AnsiColor::Cyan.on_default());
    let plain = std::env::args().any(|a| a == "--no-color");
    Cli::command().styles(styles).color(if plain { clap::ColorChoice::Never } else { clap::ColorChoice::Auto })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_well_formed() {
        command().debug_assert();
    }

    /// Every verb's help, as people see it.
    #[test]
    fn help_is_as_reviewed() {
        let mut text = String::new();
        write_help(command().term_width(100), "stocktake", &mut text);
        // The default of an option must not depend on who runs the test.
        insta::assert_snapshot!(text);
    }

    fn write_help(mut command: clap::Command, path: &str, text: &mut String) {
        use std::fmt::Write as _;
        let help = command.render_long_help().to_string();
        let lines: Vec<_> = help.lines().map(str::trim_end).collect();
        let _ = writeln!(text, "===== {path}\n{}\n", lines.join("\n"));
        for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
            write_help(verb.clone().term_width(100), &format!("{path} {}", verb.get_name()), text);
        }
    }

    #[test]
    fn every_verb_has_examples() {
        fn check(command: &clap::Command, path: &str) {
            if command.get_name() == "help" {
                return;
            }
            let leaf = command.get_subcommands().next().is_none();
            let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(!leaf || examples.contains("Examples:"), "{path} has no examples");
            command.get_subcommands().for_each(|c| check(c, &format!("{path} {}", c.get_name())));
        }
        check(&command(), "stocktake");
    }
}
