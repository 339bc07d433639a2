//! Asking for what is missing, where a person is there to answer.

use anyhow::Context;
use stocktake_provider::{Configuration, FieldKind, Form, ProviderType, Secret, Traffic};

use crate::exit::misuse;

/// Connects with the configuration to see whether it does, and asks for the fields it lacks, one by one.
pub(super) fn complete(kind: &dyn ProviderType, configuration: &mut Configuration) -> anyhow::Result<()> {
    let form = kind.form();
    let can_ask = console::user_attended() && console::user_attended_stderr();
    if can_ask && configuration.settings.is_empty() {
        for field in form.fields.iter().filter(|f| f.required) {
            ask(&form, field.name, configuration)?;
        }
    }
    let mut asked: Vec<String> = Vec::new();
    loop {
        let Err(error) = kind.connect(configuration, Traffic::Live) else { return Ok(()) };
        let known = form.fields.iter().any(|f| f.name == error.field);
        let given = configuration.settings.contains_key(&error.field) || configuration.secrets.contains_key(&error.field);
        if !can_ask || !known || given || asked.contains(&error.field) {
            let secret = form.fields.iter().any(|f| f.name == error.field && f.kind == FieldKind::Secret);
            let how = match (known, secret) {
                (false, _) => String::new(),
                (true, true) => format!(" (give it with --secret-stdin {0} or --secret-file {0}=FILE)", error.field),
                (true, false) => format!(" (give it with --set {}=VALUE)", error.field),
            };
            return Err(misuse(format!("{error}{how}")));
        }
        ask(&form, &error.field, configuration)?;
        asked.push(error.field);
    }
}

fn ask(form: &Form, name: &str, configuration: &mut Configuration) -> anyhow::Result<()> {
    let Some(field) = form.fields.iter().find(|f| f.name == name) else { return Ok(()) };
    let term = console::Term::stderr();
    let cannot = || format!("cannot read {name}");
    term.write_str(&format!("{} ({}): ", field.name, field.help.split(':').next().unwrap_or(field.help)))
        .with_context(cannot)?;
    if field.kind == FieldKind::Secret {
        let secret = Secret::from(term.read_secure_line().with_context(cannot)?);
        configuration.secrets.insert(name.to_owned(), secret);
    } else {
        let value = term.read_line().with_context(cannot)?;
        configuration.settings.insert(name.to_owned(), value.trim().to_owned());
    }
    Ok(())
}
