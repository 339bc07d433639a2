//! `stocktake refresh`: read what providers hold.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::json;
use stocktake_jobs::house_settings;
use stocktake_model::{Menu, Scope, Target};
use stocktake_provider::{ConnectError, ProviderType, Traffic};
use stocktake_refresh::{Finished, Refresh as Job, Request, Tried, execute, findings};
use stocktake_saver::GuardPolicy;
use stocktake_store::Store;
use stocktake_store::query::{self, Object, QueryError, Selector, Value};
use stocktake_store::registry::{self, ProviderRecord, RunId};

use super::outcome::{as_data, exit_of, print};
use super::provider::credentials;
use super::refresh_asked;
use crate::app::App;
use crate::exit::{Done, Exit, misuse};
use crate::format::{Simple, machine};
use crate::interrupt::Stop;
use crate::output::human::counted;
use crate::output::out::say;
use crate::progress::Bars;
use crate::recording;
use crate::waiting::{REFRESH, is_served};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake refresh cloud1
  stocktake refresh --all
  stocktake refresh cloud1 --target vms=8c2af1d4-… --target volume=db-data
  stocktake refresh cloud1 --target vms            all VMs with what they own, and no other listing
  stocktake refresh cloud1 --no-wait               ask a running server, and go on
  stocktake refresh cloud1 --record run.jsonl      keep the API's answers, without secrets
  stocktake refresh cloud1 --replay run.jsonl      the same again, without a network
  stocktake refresh --approve-deletes 9c41f0a2b7de let go what that run held back

Where a server works it is asked, and its worker's progress is shown; else the refresh runs in this process.

Exit codes: 0 everything was seen and saved, 3 saved what could be seen, 1 nothing was saved.")]
pub(crate) struct Refresh {
    /// Names of registered providers
    #[arg(required_unless_present_any = ["all", "approve_deletes"])]
    providers: Vec<String>,
    /// Every enabled provider
    #[arg(long, conflicts_with = "providers")]
    all: bool,
    /// Only this object and what it owns: a ref, or the name of one that is known; without REF the whole collection. May be
    /// given several times
    #[arg(long = "target", value_name = "COLLECTION[=REF]")]
    targets: Vec<Target>,
    /// A person says: the deletions this run held back are right
    #[arg(long, value_name = "RUN", conflicts_with_all = ["all", "targets", "replay"])]
    approve_deletes: Option<String>,
    /// Keep the API traffic of the run in this file, without secrets
    #[arg(long, value_name = "FILE", conflicts_with_all = ["replay", "all"])]
    record: Option<PathBuf>,
    /// Answer from this file instead of the network
    #[arg(long, value_name = "FILE", conflicts_with = "all")]
    replay: Option<PathBuf>,
    /// Only with a server: ask it, and wait for the end with its worker's progress (the default where one works)
    #[arg(long, conflicts_with_all = ["no_wait", "here"])]
    wait: bool,
    /// Only with a server: ask it, and do not wait
    #[arg(long, conflicts_with = "here")]
    no_wait: bool,
    /// In this process, also where a server works
    #[arg(long)]
    here: bool,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Simple,
}

impl Refresh {
    /// Whether it can only be done in this process: what it needs or makes is here.
    fn is_here(&self) -> bool {
        self.here || self.record.is_some() || self.replay.is_some() || self.approve_deletes.is_some()
    }
}

pub(crate) async fn run(app: &mut App, verb: Refresh) -> Done {
    let one_file = verb.record.is_some() || verb.replay.is_some() || !verb.targets.is_empty();
    if one_file && verb.providers.len() > 1 {
        return Err(misuse("--target, --record and --replay are about one provider; name only one"));
    }
    let store = app.store().await?;
    let (providers, approves) = chosen(app, &store, &verb).await?;
    let (mut exit, mut reports) = (Exit::Ok, Vec::new());
    let stop = Stop::listen();
    for (at, record) in providers.iter().enumerate() {
        if stop.was_asked() {
            let rest: Vec<_> = providers[at..].iter().map(|p| p.name.as_str()).collect();
            say(format!("error: interrupted; not refreshed: {}", rest.join(", ")));
            exit = exit.and(Exit::Failed);
            break;
        }
        if !verb.is_here() && (is_served(&store, record, REFRESH).await? || verb.wait || verb.no_wait) {
            match asked(app, &store, record, &verb, &stop).await {
                Ok(answer) => {
                    exit = exit.and(answer.exit);
                    reports.push(answer.data);
                }
                Err(error) if providers.len() > 1 => {
                    say(format!("error: {}: {}", record.name, crate::exit::text(&error)));
                    reports.push(json!({"provider": record.name, "state": "failed", "error": crate::exit::text(&error)}));
                    exit = exit.and(Exit::Failed);
                }
                Err(error) => return Err(error),
            }
            continue;
        }
        let (traffic, kept) = match (&verb.record, &verb.replay) {
            (Some(path), _) => {
                recording::check_writable(path)?;
                let (traffic, kept) = Traffic::recorder();
                (traffic, Some((path, kept)))
            }
            (_, Some(path)) => (Traffic::Replay(recording::read(path)?.into()), None),
            _ => (Traffic::Live, None),
        };
        let done = one(app, &store, record, &verb.targets, traffic, approves, &stop).await;
        if let Some((path, kept)) = kept {
            let exchanges = recording::write(path, &kept)?;
            app.remark(format!("{} kept in {}", counted(exchanges, "exchange", "exchanges"), path.display()));
        }
        match done {
            Ok(finished) => {
                exit = exit.and(exit_of(&finished));
                if verb.output == Simple::Table {
                    print(app, &record.name, &finished)?;
                } else {
                    reports.push(as_data(&record.name, &finished));
                }
            }
            // The others are refreshed all the same.
            Err(error) if providers.len() > 1 => {
                say(format!("error: {}: {}", record.name, crate::exit::text(&error)));
                reports.push(json!({"provider": record.name, "state": "failed", "error": crate::exit::text(&error)}));
                exit = exit.and(Exit::Failed);
            }
            Err(error) => return Err(error),
        }
    }
    machine(&mut app.out, verb.output, &reports)?;
    Ok(exit)
}

async fn asked(
    app: &mut App,
    store: &Store,
    record: &ProviderRecord,
    verb: &Refresh,
    stop: &Stop,
) -> anyhow::Result<refresh_asked::Answer> {
    if !is_served(store, record, REFRESH).await? {
        let zone = &record.zone;
        return Err(misuse(format!(
            "no server works in zone {zone}; `stocktake server` starts one, without --wait and --no-wait the refresh runs here"
        )));
    }
    let scope = scope(store, app.kind(&record.kind)?.provider.as_ref(), record, &verb.targets).await?;
    refresh_asked::ask(app, store, record, &scope, !verb.no_wait, verb.output != Simple::Table, stop).await
}

async fn chosen(app: &App, store: &Store, verb: &Refresh) -> anyhow::Result<(Vec<ProviderRecord>, Option<RunId>)> {
    let Some(run) = &verb.approve_deletes else {
        let providers = app.providers(store, &verb.providers).await?;
        if providers.is_empty() {
            return Err(misuse("no enabled provider is registered; `stocktake provider add` registers one"));
        }
        return Ok((providers, None));
    };
    let held = registry::find_run(store, run).await?;
    if verb.providers.iter().any(|name| *name != held.provider) {
        return Err(misuse(format!("run {run} was a refresh of {}; approve it for that one", held.provider)));
    }
    let approved = registry::approve_deletes(store, run).await?;
    Ok((vec![registry::get(store, approved.provider_id).await?], Some(approved.id)))
}

/// Refreshes one provider and says how it went; an error means that no run could be begun.
pub(crate) async fn one(
    app: &App,
    store: &Store,
    record: &ProviderRecord,
    targets: &[Target],
    traffic: Traffic,
    approves: Option<RunId>,
    stop: &Stop,
) -> anyhow::Result<Finished> {
    // A recording says nothing of the present.
    let live = !matches!(traffic, Traffic::Replay(_));
    let job = match job(app, store, record, targets, traffic).await {
        Ok(job) => job,
        Err(error) => {
            if let Some(settings) = error.downcast_ref::<ConnectError>().filter(|_| live) {
                credentials::note(app, store, record, &findings::of_settings(settings)).await?;
            }
            return Err(error);
        }
    };
    let bars = Bars::new(app, &record.name);
    let owner = owner();
    let to_unreachable = app.settings()?.credentials.failures_to_unreachable;
    let tried = live.then_some(Tried { generation: record.generation, to_unreachable });
    let request = Request { approves, credentials: tried, ..Request::new("cli", &owner) };
    let finished = execute(store, &job, &request, &bars, stop.asked()).await;
    bars.end();
    let mut finished = finished?;
    if finished.error.is_none() {
        let unknown = never_heard_of(store, &job, record, &finished).await?;
        finished.report.notes.extend(unknown);
    }
    Ok(finished)
}

/// Targets that the cloud says it does not have and that were not in the inventory either: most likely a slip of the pen.
async fn never_heard_of(
    store: &Store,
    job: &Job,
    record: &ProviderRecord,
    finished: &Finished,
) -> anyhow::Result<Vec<String>> {
    let (menu, report) = (job.provider.menu(), &finished.report);
    let mut notes = Vec::new();
    let asked = report.targets.iter().filter(|target| !target.is_whole());
    for target in asked.filter(|target| !report.unknown_targets.contains(target)) {
        let ix = query::resolve_collection(&menu, &target.collection)?;
        let selector = Selector { collection: ix, word: &target.reference, provider: Some(&record.name) };
        if let Err(QueryError::NoObject { .. }) = Object::find(store, &menu, selector).await {
            notes.push(format!("{target}: {} has no such object, and none was stored", record.name));
        }
    }
    Ok(notes)
}

/// Everything a refresh of this provider needs.
pub(crate) async fn job(
    app: &App,
    store: &Store,
    record: &ProviderRecord,
    targets: &[Target],
    traffic: Traffic,
) -> anyhow::Result<Job> {
    let kind = &app.kind(&record.kind)?.provider;
    let scope = scope(store, kind.as_ref(), record, targets).await?;
    let mut configuration = app.configuration(store, record).await?;
    house_settings(app.settings()?, kind.as_ref(), &mut configuration);
    let provider = kind.connect(&configuration, traffic).with_context(|| {
        format!("the settings of {} do not do; correct them with `stocktake provider edit {}`", record.name, record.name)
    })?;
    let seed = registry::seed(store).await?;
    Ok(Job { provider_id: record.id, provider, scope, guard: GuardPolicy::default(), strict: false, seed })
}

/// Targets by the words people use: `vm=web-1` is the ref of the VM that is known by that name, if there is one; `servers`
/// are all VMs.
async fn scope(
    store: &Store,
    kind: &dyn ProviderType,
    record: &ProviderRecord,
    targets: &[Target],
) -> anyhow::Result<Scope> {
    if targets.is_empty() {
        return Ok(Scope::Full);
    }
    let menu = kind.menu();
    let mut meant = Vec::with_capacity(targets.len());
    for target in targets {
        let ix = query::resolve_collection(&menu, &target.collection)?;
        let collection = menu.get(ix).name;
        if target.is_whole() {
            if !kind.listable().contains(&collection) {
                let known = kind.listable().join(", ");
                return Err(misuse(format!("{collection} have no listing of their own; whole collections are {known}")));
            }
            meant.push(Target::whole(collection));
            continue;
        }
        if !kind.targetable().contains(&collection) {
            let known = kind.targetable().join(", ");
            return Err(misuse(format!("{collection} cannot be refreshed by themselves; targets are {known}")));
        }
        let selector = Selector { collection: ix, word: &target.reference, provider: Some(&record.name) };
        let reference = known_ref(store, &menu, selector).await?;
        meant.push(Target::one(collection, reference));
    }
    Ok(Scope::Targets(meant))
}

/// One that is not known yet can be a target, too: then the word must be its ref.
async fn known_ref(store: &Store, menu: &Menu, selector: Selector<'_>) -> anyhow::Result<String> {
    match Object::find(store, menu, selector).await {
        Ok(object) => match object.value(query::End::Ref) {
            Value::Text(reference) => Ok(reference.clone()),
            _ => Ok(selector.word.to_owned()),
        },
        Err(QueryError::NoObject { .. }) => Ok(selector.word.to_owned()),
        Err(error) => Err(error.into()),
    }
}

/// The process, as people would look for it.
pub(crate) fn owner() -> String {
    format!("{}:{}", host(), std::process::id())
}

pub(crate) fn host() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    host.as_deref().map(str::trim).filter(|h| !h.is_empty()).unwrap_or("localhost").to_owned()
}
