//! Leases: one refresher per provider. Time is the database's, so that hosts need not agree on theirs.

use std::time::Duration;

use crate::db::{Param, ProviderId};
use crate::error::{Result, StoreError};
use crate::params;
use crate::store::{Kind, Store};

/// The right to write a provider's inventory until another takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub provider: ProviderId,
    /// Grows with each taking.
    pub token: i64,
    pub owner: String,
}

/// The clock and a time some microseconds from now, which the two databases spell differently.
struct Clock {
    now: &'static str,
    later: &'static str,
    seconds_left: &'static str,
}

impl Clock {
    /// `later` reads placeholder `$3`.
    const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Postgres => Self {
                now: "clock_timestamp()",
                later: "clock_timestamp() + $3 * interval '1 microsecond'",
                seconds_left: "ceil(extract(epoch from until - clock_timestamp()))::bigint",
            },
            Kind::Sqlite => Self { now: "now()", later: "now() + $3", seconds_left: "(until - now() + 999999) / 1000000" },
        }
    }
}

impl Store {
    /// Takes the lease of a provider if it is free or has run out. A writer that held it before is shut out from here on.
    pub async fn acquire_lease(&self, provider: ProviderId, owner: &str, ttl: Duration) -> Result<Lease> {
        let Clock { now, later, seconds_left } = Clock::of(self.kind());
        let take = format!(
            "insert into leases (provider_id, token, saved_token, owner, until) values ($1, 1, 1, $2, {later}) \
             on conflict (provider_id) do update set token = leases.token + 1, saved_token = leases.token + 1, \
             owner = excluded.owner, until = excluded.until where leases.until <= {now} returning token"
        );
        let taken = self.query_opt(&take, &params![provider, owner, micros(ttl)]).await;
        if let Some(row) = taken.map_err(|e| unknown_provider(provider, e))? {
            return Ok(Lease { provider, token: row.get(0)?, owner: owner.to_owned() });
        }
        let holder = format!("select owner, {seconds_left} from leases where provider_id = $1");
        let row = self.query_one(&holder, &params![provider]).await?;
        Err(StoreError::Held { provider, holder: row.get(0)?, seconds: row.get(1)? })
    }

    /// Prolongs the lease; an error when another has taken over.
    pub async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<()> {
        let later = Clock::of(self.kind()).later;
        let sql = format!("update leases set until = {later} where provider_id = $1 and token = $2");
        match self.execute(&sql, &params![lease.provider, lease.token, micros(ttl)]).await? {
            0 => Err(StoreError::Fenced { provider: lease.provider }),
            _ => Ok(()),
        }
    }

    /// Gives the lease back. Of no effect when another has taken over.
    pub async fn release_lease(&self, lease: &Lease) -> Result<()> {
        let now = Clock::of(self.kind()).now;
        let sql = format!("update leases set until = {now} where provider_id = $1 and token = $2");
        self.execute(&sql, &params![lease.provider, lease.token]).await.map(drop)
    }

    /// Gives back every lease of an owner that is known to be dead. Says how many there were.
    pub async fn free_leases_of(&self, owner: &str) -> Result<u64> {
        let now = Clock::of(self.kind()).now;
        let sql = format!("update leases set until = {now} where owner = $1 and until > {now}");
        self.execute(&sql, &params![owner]).await
    }
}

fn micros(ttl: Duration) -> Param {
    Param::Int(i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX / 4))
}

fn unknown_provider(provider: ProviderId, error: StoreError) -> StoreError {
    match error {
        StoreError::Constraint { .. } => StoreError::UnknownProvider { provider },
        error => error,
    }
}
