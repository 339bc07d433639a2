//! Settings and secrets as they are given on a command line. A secret never is: it would stand in the shell's history
//! and in the list of processes.

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use stocktake_provider::{Configuration, FieldKind, Form, Secret};
use stocktake_store::query::nearest;

use crate::exit::misuse;

#[derive(Debug, Default, Args)]
pub(super) struct Given {
    /// A setting, see `stocktake provider types`; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Read this secret from standard input
    #[arg(long, value_name = "NAME")]
    secret_stdin: Option<String>,
    /// Read a secret from a file; may be given several times
    #[arg(long, value_name = "NAME=FILE", value_parser = pair)]
    secret_file: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("it is not NAME=VALUE".to_owned()),
    }
}

impl Given {
    pub(super) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.secret_stdin.is_none() && self.secret_file.is_empty()
    }

    /// Lays what was given over what is known.
    pub(super) fn apply(&self, form: &Form, to: &mut Configuration) -> anyhow::Result<()> {
        for (name, value) in &self.set {
            if kind(form, name)? == FieldKind::Secret {
                return Err(misuse(format!(
                    "{name} is a secret and does not belong on a command line; use --secret-stdin {name}, --secret-file \
                     {name}=FILE, or leave it out and be asked"
                )));
            }
            to.settings.insert(name.clone(), value.clone());
        }
        for (name, path) in &self.secret_file {
            secret_field(form, name)?;
            let path = PathBuf::from(path);
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read the secret {name} from {}", path.display()))?;
            to.secrets.insert(name.clone(), trimmed(text));
        }
        if let Some(name) = &self.secret_stdin {
            secret_field(form, name)?;
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).with_context(|| format!("cannot read the secret {name}"))?;
            if text.trim().is_empty() {
                return Err(misuse(format!("--secret-stdin {name}: standard input is empty; pipe the secret in")));
            }
            to.secrets.insert(name.clone(), trimmed(text));
        }
        Ok(())
    }
}

/// Without the line's end that editors and `echo` leave.
fn trimmed(text: String) -> Secret {
    Secret::from(text.trim_end_matches(['\n', '\r']).to_owned())
}

pub(super) fn kind(form: &Form, name: &str) -> anyhow::Result<FieldKind> {
    if let Some(field) = form.fields.iter().find(|f| f.name == name) {
        return Ok(field.kind);
    }
    let known: Vec<_> = form.fields.iter().map(|f| f.name).collect();
    let meant = nearest(name, &known).map(|m| format!(" (did you mean '{m}'?)")).unwrap_or_default();
    Err(misuse(format!("there is no setting '{name}'{meant}; there are {}", known.join(", "))))
}

fn secret_field(form: &Form, name: &str) -> anyhow::Result<()> {
    match kind(form, name)? {
        FieldKind::Secret => Ok(()),
        _ => Err(misuse(format!("{name} is not a secret; give it with --set {name}=VALUE"))),
    }
}
