//! Asking for refreshes: what is asked for is a row each, so that asking twice is asking once; that something is asked is
//! one job on the queue for each provider. A run takes all its provider's rows, and takes away those it served that nobody
//! asked for again meanwhile.

use std::collections::BTreeMap;

use serde_json::json;
use stocktake_model::Target;
use stocktake_queue::{Claimed, Debounce, Filter, JobId, Lane, NewJob, Priority, Put, Queue, QueueError, State, trace};
use stocktake_store::{Durability, Kind, Param, ProviderId, Row, Statement, Store, StoreError, params};

/// The kind of the job that serves requests.
pub const KIND: &str = "refresh_provider";

/// Start at once: a person waits, or there is nothing to gather.
pub const AT_ONCE: Debounce = Debounce { quiet: std::time::Duration::ZERO, at_most: std::time::Duration::ZERO };

/// A cloud may be away for a night: with the queue's back-off (a quarter of an hour at most) that is half a day.
pub const ATTEMPTS: u16 = 50;

/// Rows that are written in no time.
const FEW: usize = 100;

/// What is asked of one provider.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ask {
    /// Everything it has.
    Everything,
    /// All objects of a collection and what they own.
    Collection(String),
    /// One object and what it owns.
    Target(Target),
}

impl Ask {
    /// As the table has it: an empty ref is a whole collection, an empty collection is everything.
    fn columns(&self) -> (&str, &str) {
        match self {
            Self::Everything => ("", ""),
            Self::Collection(collection) => (collection, ""),
            Self::Target(target) => (&target.collection, &target.reference),
        }
    }

    fn of(collection: String, reference: String) -> Self {
        match (collection.is_empty(), reference.is_empty()) {
            (true, _) => Self::Everything,
            (false, true) => Self::Collection(collection),
            (false, false) => Self::Target(Target { collection, reference }),
        }
    }
}

impl std::fmt::Display for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::Collection(collection) => write!(f, "{collection} (all)"),
            Self::Target(target) => target.fmt(f),
        }
    }
}

/// Something asked for, as a run takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub id: i64,
    pub ask: Ask,
    /// Who asked first: `cli`, `schedule`, `server_start`, …
    pub trigger: String,
}

/// The lane of a provider's refreshes: one at a time.
pub fn lane(provider: ProviderId) -> String {
    format!("refresh:{provider}")
}

/// The job that serves a provider's requests. While one waits, no other is put.
fn job(provider: ProviderId, priority: Priority) -> NewJob {
    NewJob::new(KIND, Lane::exclusive(lane(provider)))
        .max_attempts(ATTEMPTS)
        .merge_key(lane(provider))
        .priority(priority)
        .payload(json!({"provider": provider}))
}

/// Splits wishes by provider and asks each for its part.
pub async fn queue_refresh(
    queue: &Queue,
    wishes: impl IntoIterator<Item = (ProviderId, Ask)>,
    trigger: &str,
    debounce: Debounce,
) -> Result<BTreeMap<ProviderId, Put>, QueueError> {
    let mut by_provider: BTreeMap<ProviderId, Vec<Ask>> = BTreeMap::new();
    for (provider, ask) in wishes {
        by_provider.entry(provider).or_default().push(ask);
    }
    let mut put = BTreeMap::new();
    for (provider, asks) in by_provider {
        put.insert(provider, ask(queue, provider, &asks, trigger, debounce).await?);
    }
    Ok(put)
}

/// Asks one provider. The job belongs to the trace of whoever asked first; others are linked to it.
pub async fn ask(
    queue: &Queue,
    provider: ProviderId,
    asks: &[Ask],
    trigger: &str,
    debounce: Debounce,
) -> Result<Put, QueueError> {
    let statements = statements(queue, provider, asks, trigger, debounce);
    let answers = if asks.len() <= FEW {
        queue.store().transact_small(&statements, Durability::Full).await?
    } else {
        queue.store().transact(&statements, Durability::Full).await?
    };
    queue.announce([lane(provider).as_str()]);
    let row = answers.last().and_then(|rows| rows.first());
    let row = row.ok_or_else(|| StoreError::Bug("a refresh was asked for and has no job".to_owned()))?;
    let (id, merged): (JobId, i64) = (row.get(0)?, row.get(1)?);
    if merged == 0 {
        return Ok(Put::New(id));
    }
    if let Some(first) = row.get::<Option<String>>(2)? {
        trace::link(&first);
    }
    Ok(Put::Waiting(id))
}

/// For a transaction of the caller's: rows and job, one not without the other. Call [`Queue::announce`] with
/// [`lane`] after the commit.
pub fn statements(queue: &Queue, provider: ProviderId, asks: &[Ask], trigger: &str, debounce: Debounce) -> [Statement; 2] {
    let priority = if debounce == AT_ONCE { Priority::HIGH } else { Priority::NORMAL };
    let job = queue.statement_debounced(&job(provider, priority), debounce);
    [rows(queue.store().kind(), provider, asks, trigger), job]
}

fn rows(kind: Kind, provider: ProviderId, asks: &[Ask], trigger: &str) -> Statement {
    // In one order, whoever asks: two that ask for the same would wait for each other.
    let mut asks: Vec<_> = asks.iter().map(Ask::columns).collect();
    asks.sort_unstable();
    asks.dedup();
    let (collections, refs): (Vec<_>, Vec<_>) =
        asks.into_iter().map(|(collection, reference)| (collection.to_owned(), reference.to_owned())).unzip();
    let from = match kind {
        Kind::Postgres => "select $1, collection, ref, $4 from unnest($2::text[], $3::text[]) as asked (collection, ref)",
        Kind::Sqlite => {
            "select $1, c.value, r.value, $4 from json_each($2) c join json_each($3) r on r.key = c.key where true"
        }
    };
    let sql = format!(
        "insert into refresh_targets (provider_id, collection, ref, trigger_by) {from} \
         on conflict (provider_id, collection, ref) do update set asked = refresh_targets.asked + 1, last_asked_on = now()"
    );
    Statement::new(sql, [provider.into(), Param::Texts(collections), Param::Texts(refs), trigger.into()])
}

/// So many single objects of a collection a run is given; more of them become the collection.
pub const MANY: usize = 10_000;

/// Keeps small what a run takes into memory, whatever storms went by while nobody could serve it: of those collections that
/// can be asked for whole, one of which more than [`MANY`] objects are asked for is asked for whole instead. Long before
/// that, [`crate::choose`] finds the listing cheaper. Only for the job that holds the provider's lane. Names them.
pub async fn condense(store: &Store, provider: ProviderId, listable: &[&str]) -> Result<Vec<String>, StoreError> {
    let sql = "select collection from refresh_targets where provider_id = $1 and ref <> '' group by collection \
               having count(*) > $2 order by collection";
    let many = store.query(sql, &params![provider, MANY as i64]).await?;
    let many = many.iter().map(|row| row.get(0)).collect::<Result<Vec<String>, _>>()?;
    let many: Vec<_> = many.into_iter().filter(|collection| listable.contains(&collection.as_str())).collect();
    for collection in &many {
        // What is asked between the two is as good as asked for: the listing is yet to be made.
        let whole = "insert into refresh_targets (provider_id, collection, ref, trigger_by, first_asked_on) \
                     select $1, $2, '', min(trigger_by), min(first_asked_on) from refresh_targets \
                     where provider_id = $1 and collection = $2 \
                     on conflict (provider_id, collection, ref) do update set asked = refresh_targets.asked + 1, \
                     last_asked_on = now()";
        let single = "provider_id = $1 and collection = $2 and ref <> ''";
        let gone = format!("delete from refresh_targets where {}", in_order(store.kind(), single));
        let params = params![provider, collection];
        store.batch(&[Statement::new(whole, params.clone()), Statement::new(gone, params)]).await?;
    }
    Ok(many)
}

/// The rows that a condition names, met in the order in which those who ask meet them: else two would wait for each other.
fn in_order(kind: Kind, condition: &str) -> String {
    match kind {
        Kind::Postgres => {
            format!("id = any(array(select id from refresh_targets where {condition} order by collection, ref for update))")
        }
        Kind::Sqlite => condition.to_owned(),
    }
}

/// Who takes what is asked: a job, and which of its attempts. One that was taken over while it still runs must not touch what
/// the next one took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    pub job: JobId,
    /// That of the job's lease.
    pub token: i64,
}

impl Attempt {
    pub const fn of(job: &Claimed) -> Self {
        Self { job: job.id, token: job.token }
    }
}

/// Takes all that is asked of a provider, for the attempt that holds its lane.
pub async fn claim(store: &Store, provider: ProviderId, attempt: Attempt) -> Result<Vec<Asked>, StoreError> {
    // Not what a later attempt has taken already.
    let free = "provider_id = $1 and (claimed_by is null or claimed_by <> $2 or claimed_token <= $3)";
    let sql = format!(
        "update refresh_targets set claimed_by = $2, claimed_token = $3, claimed_asked = asked where {} \
         returning id, collection, ref, trigger_by",
        in_order(store.kind(), free)
    );
    let params = params![provider, attempt.job, attempt.token];
    let asked = |row: &Row| Ok(Asked { id: row.get(0)?, ask: Ask::of(row.get(1)?, row.get(2)?), trigger: row.get(3)? });
    let mut all: Vec<Asked> = store.query(&sql, &params).await?.iter().map(asked).collect::<Result<_, StoreError>>()?;
    all.sort_by(|a, b| a.ask.cmp(&b.ask));
    Ok(all)
}

/// Takes away what was served, but not what was asked for again since; for the transaction that saves what was read.
pub fn served(kind: Kind, attempt: Attempt, ids: Vec<i64>) -> Statement {
    let served = "claimed_by = $1 and claimed_token = $2 and asked = claimed_asked and id = any($3)";
    let sql = format!("delete from refresh_targets where {}", in_order(kind, served));
    Statement::new(sql, params![attempt.job, attempt.token, ids])
}

/// Gives back what was not served. Says how much is left.
pub async fn release(store: &Store, attempt: Attempt) -> Result<u64, StoreError> {
    let sql = format!(
        "update refresh_targets set claimed_by = null, claimed_token = null, claimed_asked = null where {}",
        in_order(store.kind(), "claimed_by = $1 and claimed_token = $2")
    );
    store.execute(&sql, &params![attempt.job, attempt.token]).await
}

/// Cancels what would serve a provider that has been removed: nobody works its lane any more. Says how many jobs there were.
pub async fn withdraw(queue: &Queue, provider: ProviderId) -> Result<usize, QueueError> {
    let states = vec![State::Waiting, State::Retrying, State::Parked];
    let jobs = queue.list(&Filter { lanes: vec![lane(provider)], states, limit: 1_000, ..Filter::default() }).await?;
    for job in &jobs {
        match queue.cancel(job.id).await {
            // It has ended since.
            Ok(_) | Err(QueueError::NotNow { .. } | QueueError::Unknown { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(jobs.len())
}

/// How much is asked of each provider and not served yet.
pub async fn pending(store: &Store) -> Result<BTreeMap<ProviderId, u64>, StoreError> {
    let sql = "select provider_id, count(*) from refresh_targets group by provider_id";
    let rows = store.query(sql, &[]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get::<i64>(1)? as u64))).collect()
}

/// Wishes for rows of the inventory, by their ids: whose they are and by which ref their provider knows them. An id that no
/// row has is left out.
pub async fn wishes_for_rows(
    store: &Store,
    collection: &'static str,
    ids: Vec<i64>,
) -> Result<Vec<(ProviderId, Ask)>, StoreError> {
    let rows =
        store.query(&format!("select provider_id, ems_ref from {collection} where id = any($1)"), &params![ids]).await?;
    let wish = |row: &Row| {
        let target = Target { collection: collection.to_owned(), reference: row.get(1)? };
        Ok((row.get(0)?, Ask::Target(target)))
    };
    rows.iter().map(wish).collect()
}
