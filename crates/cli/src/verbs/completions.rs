//! `stocktake completions`: for the shell.

use clap::Args;
use clap_complete::Shell;

use crate::app::App;
use crate::args;
use crate::exit::{Done, Exit};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake completions bash > ~/.local/share/bash-completion/completions/stocktake
  stocktake completions zsh > ~/.zfunc/_stocktake
  stocktake completions fish > ~/.config/fish/completions/stocktake.fish")]
pub(crate) struct Completions {
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(app: &mut App, verb: Completions) -> Done {
    clap_complete::generate(verb.shell, &mut args::command(), "stocktake", &mut app.out);
    app.out.flush()?;
    Ok(Exit::Ok)
}
