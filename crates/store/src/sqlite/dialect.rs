//! The few words of the neutral SQL that SQLite spells differently. Text between quotes is left alone.

/// This moment in microseconds.
pub(crate) const NOW: &str = "cast(unixepoch('subsec') * 1000000 as integer)";

pub(super) fn translate(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 64);
    for (n, part) in sql.split('\'').enumerate() {
        if n > 0 {
            out.push('\'');
        }
        if n % 2 == 0 { outside(part, &mut out) } else { out.push_str(part) }
    }
    out
}

fn outside(mut rest: &str, out: &mut String) {
    while let Some(at) = rest.find(['$', '=', 'n']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("now()") {
            out.push_str(NOW);
            rest = after;
        } else if let Some((number, after)) = rest.strip_prefix("= any(").and_then(list) {
            out.push_str("in (select value from json_each(?");
            out.push_str(number);
            out.push_str("))");
            rest = after;
        } else {
            out.push(if rest.starts_with('$') { '?' } else { rest.as_bytes()[0] as char });
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
}

/// `$12)…` → (`12`, `…`)
fn list(rest: &str) -> Option<(&str, &str)> {
    let (number, after) = rest.strip_prefix('$')?.split_once(')')?;
    number.bytes().all(|b| b.is_ascii_digit()).then_some((number, after))
}

pub(super) fn only_reads(sql: &str) -> bool {
    let start = sql.trim_start();
    let starts = |word: &str| start.get(..word.len()).is_some_and(|s| s.eq_ignore_ascii_case(word));
    let writes = || ["insert", "update", "delete"].iter().any(|w| start.to_ascii_lowercase().contains(w));
    starts("select") || starts("explain") || (starts("with") && !writes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neutral_words_are_translated() {
        let neutral = "select '$1 now()', count(*) from t where a = $1 and b = any($22) and c <= now()";
        let expected = format!(
            "select '$1 now()', count(*) from t where a = ?1 and b in (select value from json_each(?22)) and c <= {NOW}"
        );
        assert_eq!(translate(neutral), expected);
    }

    #[test]
    fn writes_are_told_from_reads() {
        for sql in ["select 1", "  SELECT 1", "with x as (select 1) select * from x"] {
            assert!(only_reads(sql), "{sql}");
        }
        for sql in ["insert into t values (1) returning id", "with x as (select 1) delete from t", "delete from t"] {
            assert!(!only_reads(sql), "{sql}");
        }
    }
}
