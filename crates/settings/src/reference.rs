//! The reference page of settings, generated: what `docs/settings.md` says is what the code does.

use std::fmt::Write as _;

use crate::environment::SHORT;
use crate::tree::Settings;

const HEAD: &str = "# Settings

Generated from `crates/settings/src/tree.rs`; write it anew with `STOCKTAKE_BLESS=1 cargo test -p stocktake-settings`.

Nothing needs to be set. What is said later counts:

1. the defaults below;
2. one file, the first of: `--config FILE`, `STOCKTAKE_CONFIG`, `$XDG_CONFIG_HOME/stocktake/stocktake.toml`
   (`~/.config/stocktake/stocktake.toml`), `/etc/stocktake/stocktake.toml`;
3. variables: `STOCKTAKE__SECTION__KEY`, for `server.zone` `STOCKTAKE__SERVER__ZONE`; a list has commas between its items;
4. options of the command line, where there is one.

A setting nobody knows and a value that does not fit are errors: all are told at once, with file, line and what was
probably meant. `stocktake doctor --settings` shows what counts and where each value was said, without passwords;
`-o toml` is a file that says the same.

    [server]
    zone = \"east\"
    listen = \"[::]:9440\"

    [refresh]
    schedule = \"6h\"

Durations are `500ms`, `15s`, `1h30m`, `7d` (a day is 24 hours); sizes `512MiB`, `2GiB`, `1GB` (`GiB` is 2³⁰ bytes, `GB` 10⁹).

A changed value counts, as each setting says: *live* as soon as the settings are read again; *new workers* for
worker processes that start from then on; *restart* when the server is started again.
";

const SCHEDULES: &str = "
## Schedules

An interval (`6h`, at least 1s), a cron expression of five fields (`0 3 * * *`: minute, hour, day of the month, month, day of the
week; `@daily` and its like), or `off`. Cron expressions are in UTC, so no tick is missed or doubled when clocks are changed.
Where both day fields are given, either may fit, as cron has it.

Every host computes the same ticks: an interval's lie a fixed way, taken from the schedule's name, behind multiples of the
interval since 1970, which spreads providers over the whole interval; a cron expression's come later by a part of
`refresh.jitter` that is taken from the name, too. A tick that passed while no server ran is made up for once.
";

/// The whole page.
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    let keys = Settings::keys();
    for (section, about) in Settings::sections() {
        let _ = write!(
            page,
            "\n## [{section}]\n\n{about}\n\n| setting | default | what is written | changes | what it does |\n"
        );
        page.push_str("|---|---|---|---|---|\n");
        for key in keys.iter().filter(|key| key.section == section) {
            let limits = key.limits.as_ref().map(|(least, most)| format!(", from {least} to {most}")).unwrap_or_default();
            // What durations and sizes look like, the page's head has said.
            let form = key.form.split(": ").next().unwrap_or_default();
            let form = format!("{form}{limits}").replace('"', "").replace('*', "\\*");
            let (name, reload) = (key.name, key.reload.words());
            let _ =
                writeln!(page, "| `{name}` | `{}` | {form} | {reload} | {} |", key.default, key.help.replace('|', "\\|"));
        }
    }
    page.push_str("\n## Short names\n\n| variable | says |\n|---|---|\n");
    for (variable, section, key) in SHORT {
        let _ = writeln!(page, "| `{variable}` | `{section}.{key}` |");
    }
    page.push_str(SCHEDULES);
    page
}
