//! What rules would do with an event, and what they have done: for people who ask. Does nothing.

use serde::Serialize;
use stocktake_events::handle::{NewEvent, Whose};
use stocktake_model::Menu;
use stocktake_queue::{JobId, State};
use stocktake_rules::{Consequence, Explained, Rule, Rules, Variable};
use stocktake_store::{Kind, ProviderId, Row, Store, StoreError, params};

use super::judging::consequences;
use super::{KINDS, Known, asks};

/// One rule, tried on an event.
#[derive(Debug, Serialize)]
pub struct Tried {
    pub rule: String,
    /// Where it begins in its file.
    pub line: usize,
    #[serde(flatten)]
    pub explained: Explained,
    /// What it would do.
    pub consequences: Vec<Consequence>,
    /// What its refreshes would ask for: collection and ref, an empty ref is all of it.
    pub asks: Vec<String>,
    /// It applies, and does nothing all the same: why.
    pub hindered: Option<String>,
}

/// Against the inventory as it is now.
pub async fn try_rules(
    store: &Store,
    menu: &Menu,
    rules: &Rules,
    whose: &Whose,
    event: &NewEvent,
    only: Option<&str>,
) -> Result<Vec<Tried>, StoreError> {
    let mut known = Known::new(whose, [event]);
    known.look_up(store, menu, &[0], Variable::ALL.into_iter()).await?;
    let facts = known.facts(0);
    let one = |rule: &Rule| {
        let explained = rule.explain(&facts);
        let answer = if explained.applies == Some(true) { consequences(rule, &facts) } else { Ok(Vec::new()) };
        let (consequences, mut hindered) = match answer {
            Ok(consequences) => (consequences, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        let about = event.targets.first().is_some_and(|target| !target.is_whole());
        if !about && consequences.iter().any(|consequence| matches!(consequence, Consequence::Note(_))) {
            hindered = Some("note: the event is about no object, so there is nothing to write it to".to_owned());
        }
        let asked = consequences.iter().filter_map(|consequence| match consequence {
            Consequence::Refresh(targets) => Some(asks(targets, event)),
            _ => None,
        });
        let asks = asked.flatten().map(|ask| ask.to_string()).collect();
        Tried { rule: rule.name.clone(), line: rule.line, explained, consequences, asks, hindered }
    };
    Ok(rules.iter().filter(|rule| only.is_none_or(|name| rule.name == name)).map(one).collect())
}

/// A job that an event led to.
#[derive(Debug, Clone, Serialize)]
pub struct Caused {
    pub id: JobId,
    pub kind: String,
    pub state: State,
    pub rule: String,
}

/// Jobs of rules because of an event, as long as the queue keeps them. Looks through all jobs of these kinds.
pub async fn jobs_of(store: &Store, provider: ProviderId, key: &str) -> Result<Vec<Caused>, StoreError> {
    let part = |name: &str| match store.kind() {
        Kind::Postgres => format!("payload->'cause'->>'{name}'"),
        Kind::Sqlite => format!("json_extract(payload, '$.cause.{name}')"),
    };
    let number = match store.kind() {
        Kind::Postgres => format!("({})::bigint", part("provider")),
        Kind::Sqlite => part("provider"),
    };
    let sql = format!(
        "select id, kind, state, {} from jobs where kind = any($1) and {} = $2 and {number} = $3 order by id limit 100",
        part("rule"),
        part("event")
    );
    let kinds: Vec<String> = KINDS.iter().map(|kind| (*kind).to_owned()).collect();
    let one = |row: &Row| Ok(Caused { id: row.get(0)?, kind: row.get(1)?, state: row.get(2)?, rule: row.get(3)? });
    store.query(&sql, &params![kinds, key, provider]).await?.iter().map(one).collect()
}
