//! What every verb starts from: the global options, the kinds of providers, the way to the database, the way out.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, bail};
use stocktake_model::Menu;
use stocktake_provider::Configuration;
use stocktake_settings::{Given, Inputs, Loaded, Settings};
use stocktake_store::registry::{self, ProviderRecord, Vault};
use stocktake_store::{Kind as DatabaseKind, Store, StoreError};

use crate::args::Global;
use crate::kind::{Kind, menu_of};
use crate::output::Out;
use crate::output::out::say;

pub(crate) struct App {
    pub(crate) global: Global,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) out: Out,
    /// Whether the database was named on the command line, not by a variable.
    typed: bool,
    loaded: OnceLock<Loaded>,
}

impl Global {
    fn color(&self) -> bool {
        !self.no_color && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
    }

    /// Whether what goes to standard error may have colours.
    pub(crate) fn color_err(&self) -> bool {
        self.color() && console::user_attended_stderr()
    }
}

impl App {
    pub(crate) fn new(global: Global, kinds: Vec<Kind>, typed: bool) -> Self {
        let out = Out::stdout(global.color(), global.quiet);
        Self { global, kinds, out, typed, loaded: OnceLock::new() }
    }

    /// What the settings are read from.
    pub(crate) fn inputs(&self) -> Inputs {
        let typed = self.global.database.as_ref().filter(|_| self.typed);
        let given = |url: &String| Given { section: "database", key: "url", option: "--database", value: url.clone() };
        Inputs::of_process(self.global.config.clone(), typed.map(given).into_iter().collect())
    }

    /// What the installation is told. Read when it is first needed: help and completions come without.
    pub(crate) fn loaded(&self) -> anyhow::Result<&Loaded> {
        if let Some(loaded) = self.loaded.get() {
            return Ok(loaded);
        }
        let loaded = stocktake_settings::load(&self.inputs())?;
        Ok(self.loaded.get_or_init(|| loaded))
    }

    pub(crate) fn settings(&self) -> anyhow::Result<&Settings> {
        Ok(&self.loaded()?.settings)
    }

    /// The collections there can be.
    pub(crate) fn menu(&self) -> anyhow::Result<Arc<Menu>> {
        menu_of(&self.kinds)
    }

    pub(crate) fn kind(&self, name: &str) -> anyhow::Result<&Kind> {
        let known = || self.kinds.iter().map(|k| k.provider.name()).collect::<Vec<_>>().join(", ");
        let found = self.kinds.iter().find(|k| k.provider.name() == name);
        found.ok_or_else(|| crate::exit::misuse(format!("there is no provider type '{name}'; there are {}", known())))
    }

    /// The database, made when it is not there and brought to this program's version.
    pub(crate) async fn store(&self) -> anyhow::Result<Store> {
        let url = self.url()?;
        if self.named()?.is_none() {
            private_dir(&data_dir()?)?;
        }
        let store = open(&url).await?;
        match store.check_schema().await {
            Err(StoreError::NotMigrated { .. }) => {
                store.migrate().await?;
            }
            other => other?,
        }
        Ok(store)
    }

    /// The database, for looking: one that is not there is not made.
    pub(crate) async fn store_to_read(&self) -> anyhow::Result<Store> {
        let url = self.url()?;
        if let Some(path) = sqlite_path(&url).filter(|path| !path.exists()) {
            bail!(
                "there is no inventory yet: {} does not exist; register a provider with `stocktake provider add`, or see \
                 `stocktake demo`",
                path.display()
            );
        }
        self.store().await
    }

    /// The database that was named, by whatever means.
    pub(crate) fn named(&self) -> anyhow::Result<Option<&str>> {
        match self.global.database.as_deref().filter(|url| !url.is_empty()) {
            Some(url) => Ok(Some(url)),
            None => Ok(self.settings()?.database.url.expose()),
        }
    }

    pub(crate) fn url(&self) -> anyhow::Result<String> {
        match self.named()? {
            Some(url) => Ok(url.to_owned()),
            None => Ok(format!("sqlite:{}", data_dir()?.join("stocktake.db").display())),
        }
    }

    /// Secrets, opened with the key file: the one that was named, or beside the inventory where that is a file.
    pub(crate) fn vault(&self, store: &Store) -> anyhow::Result<Vault> {
        let named = &self.settings()?.database.key_file;
        if !named.is_empty() {
            return Ok(Vault::new(named));
        }
        let beside = match store.kind() {
            DatabaseKind::Sqlite => sqlite_path(&self.url()?).and_then(|p| p.parent().map(Path::to_owned)),
            DatabaseKind::Postgres => None,
        };
        Ok(Vault::new(match beside {
            Some(dir) => dir.join("stocktake.key"),
            None => data_dir()?.join("stocktake.key"),
        }))
    }

    /// What a registered provider is connected with.
    pub(crate) async fn configuration(&self, store: &Store, record: &ProviderRecord) -> anyhow::Result<Configuration> {
        let secrets = self.vault(store)?.secrets(store, record.id).await?;
        Ok(Configuration { settings: record.settings.clone(), secrets })
    }

    /// The named providers, or all that are enabled.
    pub(crate) async fn providers(&self, store: &Store, names: &[String]) -> anyhow::Result<Vec<ProviderRecord>> {
        if names.is_empty() {
            let all = registry::list(store).await?;
            return Ok(all.into_iter().filter(|p| p.enabled).collect());
        }
        let mut found: Vec<ProviderRecord> = Vec::new();
        for name in names {
            let record = registry::find(store, name).await?;
            if found.iter().all(|known| known.id != record.id) {
                found.push(record);
            }
        }
        Ok(found)
    }

    /// A remark to standard error that `--quiet` leaves out.
    pub(crate) fn remark(&mut self, text: impl AsRef<str>) {
        if !self.global.quiet {
            // What was written before stands before it, also where both go to one terminal.
            let _ = self.out.flush();
            say(text);
        }
    }
}

/// Opens the database. A SQLite file that is made is for its owner alone: it holds what clouds tell, `user_data` included.
pub(crate) async fn open(url: &str) -> Result<Store, StoreError> {
    if let Some(path) = sqlite_path(url).filter(|path| !path.as_os_str().is_empty() && path.as_os_str() != ":memory:") {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // One that is there stays as it is; what else is wrong with the path, the store says better.
        drop(options.open(&path));
    }
    Store::open(url).await
}

fn sqlite_path(url: &str) -> Option<PathBuf> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return None;
    }
    let path = url.strip_prefix("sqlite:").map_or(url, |rest| rest.strip_prefix("//").unwrap_or(rest));
    // What kind of database that is, the store will say.
    (!path.contains("://")).then(|| PathBuf::from(path))
}

/// `$XDG_DATA_HOME/stocktake`, by default `~/.local/share/stocktake`.
pub(crate) fn data_dir() -> anyhow::Result<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let base = set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local/share")));
    let base = base.context("neither XDG_DATA_HOME nor HOME is set; name the database with --database sqlite:PATH")?;
    Ok(base.join("stocktake"))
}

/// What is known of clouds is nobody else's business.
pub(crate) fn private_dir(path: &Path) -> anyhow::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).with_context(|| format!("cannot make the data directory {}", path.display()))
}
