//! `stocktake provider types`: kinds of providers and what they need to be told.

use clap::Args;
use serde_json::json;
use stocktake_provider::{FieldKind, Support};

use crate::app::App;
use crate::exit::{Done, Exit};
use crate::format::{Simple, machine};
use crate::output::Table;
use crate::output::paint::Tone;
use crate::output::table::Cell;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake provider types
  stocktake provider types openstack      its settings")]
pub(crate) struct Types {
    /// Show the settings of this one
    name: Option<String>,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Simple,
}

pub(crate) fn run(app: &mut App, verb: Types) -> Done {
    let kinds: Vec<_> = match &verb.name {
        Some(name) => vec![app.kind(name)?.provider.clone()],
        None => app.kinds.iter().map(|k| k.provider.clone()).collect(),
    };
    let data = kinds.iter().map(|k| {
        json!({
            "name": k.name(),
            "title": k.title(),
            "capabilities": k.capabilities(),
            "targets": k.targetable(),
            "settings": k.form().fields,
        })
    });
    if machine(&mut app.out, verb.output, &data.collect::<Vec<_>>())? {
        return Ok(Exit::Ok);
    }
    let paint = app.out.paint();
    for kind in &kinds {
        app.out.line(format!("{}  {}", paint.strong(kind.name()), kind.title()))?;
        let capabilities: Vec<_> = kind
            .capabilities()
            .into_iter()
            .map(|c| match c.support {
                Support::Yes => format!("{} {}", paint.good("✓"), c.name.replace('_', " ")),
                Support::No(why) => format!("{} {}: {why}", paint.faint("·"), c.name.replace('_', " ")),
            })
            .collect();
        for capability in capabilities {
            app.out.line(format!("  {capability}"))?;
        }
        app.out.line(format!("  targets: {}", kind.targetable().join(", ")))?;
        if verb.name.is_some() {
            app.out.line("")?;
            let mut table = Table::of(&["SETTING", "KIND", "WHAT IT IS"]).indent(2).sentences();
            for field in kind.form().fields {
                let kind = match field.kind {
                    FieldKind::Text => "text",
                    FieldKind::Url => "address",
                    FieldKind::Bool => "true/false",
                    FieldKind::Secret => "secret",
                    FieldKind::Certificate => "certificate",
                };
                let kind = if field.required { format!("{kind}, required") } else { kind.to_owned() };
                let tone = if field.kind == FieldKind::Secret { Tone::Warn } else { Tone::Plain };
                table.row(&mut app.out, [field.name.into(), Cell::from(kind).tone(tone), field.help.into()])?;
            }
            table.end(&mut app.out, "")?;
        } else {
            app.out.line(format!("  settings: `stocktake provider types {}`", kind.name()))?;
        }
    }
    Ok(Exit::Ok)
}
