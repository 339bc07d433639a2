//! From file, environment and command line to one tree; what is said later counts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Place, Problem, SettingsError, did_you_mean, nearest};
use crate::key::Key;
use crate::section::Raw;
use crate::tree::Settings;
use crate::{environment, file, rules};

/// Where settings may come from.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// `--config`
    pub config: Option<PathBuf>,
    /// Variables of the process.
    pub environment: Vec<(String, String)>,
    /// What options of the command line say; they count more than everything else.
    pub given: Vec<Given>,
}

/// An option of the command line that is a setting.
#[derive(Debug, Clone)]
pub struct Given {
    pub section: &'static str,
    pub key: &'static str,
    /// `--database`
    pub option: &'static str,
    pub value: String,
}

impl Inputs {
    /// With this process's environment.
    pub fn of_process(config: Option<PathBuf>, given: Vec<Given>) -> Self {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let environment = std::env::vars_os().map(|(name, value)| (text(name), text(value)));
        Self { config, environment: environment.filter(|(name, _)| heeded(name)).collect(), given }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        let found = self.environment.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The file that is read: one that was named must be there, of the usual ones the first that is.
    fn file(&self) -> Result<Option<PathBuf>, SettingsError> {
        let named = self.config.clone().map(|path| (path, "--config"));
        let named = named.or_else(|| self.variable("STOCKTAKE_CONFIG").map(|path| (path.into(), "STOCKTAKE_CONFIG")));
        match named {
            Some((path, by)) if !path.exists() => Err(SettingsError::Missing { path, by }),
            Some((path, _)) => Ok(Some(path)),
            None => Ok(self.usual().into_iter().find(|path| path.exists())),
        }
    }

    /// Where a file is looked for when none was named.
    pub fn usual(&self) -> Vec<PathBuf> {
        let absolute = |name| self.variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let own = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")));
        let own = own.map(|dir| dir.join("stocktake/stocktake.toml"));
        own.into_iter().chain([PathBuf::from("/etc/stocktake/stocktake.toml")]).collect()
    }
}

fn heeded(name: &str) -> bool {
    let short = environment::SHORT.iter().any(|(short, ..)| *short == name);
    short || name.starts_with("STOCKTAKE_") || matches!(name, "HOME" | "XDG_CONFIG_HOME")
}

/// A value with its place, before anybody knows whether there is such a setting.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) section: String,
    /// None: the section is named and holds nothing.
    pub(crate) key: Option<String>,
    pub(crate) place: Place,
    pub(crate) raw: Raw,
}

/// Settings, and where each was said.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    pub settings: Settings,
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// By path; what is not here is a default.
    pub(crate) places: BTreeMap<String, Place>,
}

impl Loaded {
    /// Where a setting, `server.zone`, was said.
    pub fn place(&self, path: &str) -> Place {
        self.places.get(path).cloned().unwrap_or(Place::Default)
    }
}

/// Reads everything anew; the error tells all that is wrong at once. To reload, call it again with the same inputs and see
/// [`crate::diff`].
pub fn load(inputs: &Inputs) -> Result<Loaded, SettingsError> {
    let file = inputs.file()?;
    let (mut said, mut problems) = match &file {
        Some(path) => file::said(path, &text_of(path)?),
        None => (Vec::new(), Vec::new()),
    };
    let (variables, wrong) = environment::said(&inputs.environment);
    said.extend(variables);
    problems.extend(wrong);
    said.extend(inputs.given.iter().map(|given| Said {
        section: given.section.to_owned(),
        key: Some(given.key.to_owned()),
        place: Place::CommandLine { option: given.option },
        raw: Raw::Word(given.value.clone()),
    }));
    let mut loaded = Loaded { file, ..Loaded::default() };
    let keys = Settings::keys();
    for one in said {
        if let Err((path, what)) = take(&mut loaded, &keys, &one) {
            problems.push(Problem { place: one.place, path: Some(path), what });
        }
    }
    if problems.is_empty() {
        problems = rules::broken(&loaded);
    }
    if problems.is_empty() { Ok(loaded) } else { Err(SettingsError::Invalid(problems)) }
}

fn text_of(path: &Path) -> Result<String, SettingsError> {
    std::fs::read_to_string(path).map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })
}

fn take(loaded: &mut Loaded, keys: &[Key], said: &Said) -> Result<(), (String, String)> {
    let of_section: Vec<_> = keys.iter().filter(|key| key.section == said.section).collect();
    if of_section.is_empty() {
        let meant = did_you_mean(&said.section, Settings::sections().into_iter().map(|(name, _)| name));
        let meant =
            meant.unwrap_or_else(|| format!("; there are {}", names(Settings::sections().into_iter().map(|(n, _)| n))));
        let path = said.key.as_ref().map_or(said.section.clone(), |key| format!("{}.{key}", said.section));
        return Err((path, format!("there is no section '{}'{meant}", said.section)));
    }
    let Some(name) = &said.key else { return Ok(()) };
    let path = format!("{}.{name}", said.section);
    let Some(key) = of_section.iter().find(|key| key.name == name) else {
        let meant = meant(keys, &said.section, name);
        let meant = meant.unwrap_or_else(|| format!("; there are {}", names(of_section.iter().map(|key| key.name))));
        return Err((path, format!("there is no such setting{meant}")));
    };
    loaded.settings.set(key, &said.raw).map_err(|what| (path.clone(), what))?;
    loaded.places.insert(path, said.place.clone());
    Ok(())
}

/// A setting of that section that is written much the same, or one of that name elsewhere.
fn meant(keys: &[Key], section: &str, name: &str) -> Option<String> {
    let here = keys.iter().filter(|key| key.section == section).map(|key| key.name);
    if let Some(near) = nearest(name, here) {
        return Some(format!(" (did you mean '{section}.{near}'?)"));
    }
    let elsewhere = keys.iter().find(|key| key.name == name)?;
    Some(format!(" (did you mean '{}'?)", elsewhere.path()))
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
