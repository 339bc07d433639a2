//! Where the two databases differ, all of it.

use std::time::Duration;

use stocktake_store::Kind;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    kind: Kind,
    /// After a `select` that picks rows to be changed by the same statement: what another is about to take is not waited
    /// for. SQLite has one writer at a time, so there is nobody else.
    pub(crate) skip_locked: &'static str,
    /// After a `select` whose row must stay as it is until the transaction ends.
    pub(crate) for_update: &'static str,
    /// Keeps two from claiming in one exclusive lane at once; `{}` stands for the lane. Only tried, never waited for: a
    /// claim that waits could wait in a circle. See `claim.rs`.
    pub(crate) lane_is_mine: Option<&'static str>,
    /// Around a `select` of ids. As a list that is made once: joined, PostgreSQL may run it again for each row, and each
    /// time it skips what it has locked itself.
    pub(crate) among: (&'static str, &'static str),
    pub(crate) no_number: &'static str,
    pub(crate) least: &'static str,
}

impl Words {
    pub(crate) const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Postgres => Self {
                kind,
                skip_locked: " for update skip locked",
                for_update: " for update",
                lane_is_mine: Some("pg_try_advisory_xact_lock(1937010539, hashtext({}))"),
                among: ("= any(array(", "))"),
                no_number: "null::bigint",
                least: "least",
            },
            Kind::Sqlite => Self {
                kind,
                skip_locked: "",
                for_update: "",
                lane_is_mine: None,
                among: ("in (", ")"),
                no_number: "null",
                least: "min",
            },
        }
    }

    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }

    /// The document of a placeholder, with the id of the row that this connection inserted last into `table` instead of the
    /// string `word`.
    pub(crate) fn with_row(&self, placeholder: &str, word: &str, table: &str) -> String {
        match self.kind {
            Kind::Postgres => format!(
                "replace({placeholder}::text, '\"{word}\"', currval(pg_get_serial_sequence('{table}', 'id'))::text)::json"
            ),
            Kind::Sqlite => format!("replace({placeholder}, '\"{word}\"', last_insert_rowid())"),
        }
    }

    /// `moment` and so many microseconds.
    pub(crate) fn plus(&self, moment: &str, micros: &str) -> String {
        match self.kind {
            Kind::Postgres => format!("({moment} + {micros} * interval '1 microsecond')"),
            Kind::Sqlite => format!("({moment} + {micros})"),
        }
    }

    pub(crate) fn minus(&self, moment: &str, micros: &str) -> String {
        match self.kind {
            Kind::Postgres => format!("({moment} - {micros} * interval '1 microsecond')"),
            Kind::Sqlite => format!("({moment} - {micros})"),
        }
    }

    /// Microseconds from one moment to another.
    pub(crate) fn between(&self, from: &str, to: &str) -> String {
        match self.kind {
            Kind::Postgres => format!("(extract(epoch from {to} - {from}) * 1000000)::bigint"),
            Kind::Sqlite => format!("({to} - {from})"),
        }
    }
}

/// At most a hundred years: sums of moments stay far from the end of both databases' time.
pub(crate) fn micros(span: Duration) -> i64 {
    const MOST: i64 = 100 * 366 * 86_400 * 1_000_000;
    i64::try_from(span.as_micros()).unwrap_or(MOST).min(MOST)
}

pub(crate) fn span(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
