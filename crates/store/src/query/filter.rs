//! Filters as people write them, checked against the model: `memory_mb>=4GiB`, `flavor.name=m1.small`, `zone=null`.
//! Pure; the value of a filter only ever becomes a parameter of a statement.

use jiff::Timestamp;
use stocktake_model::{CollectionIx, Menu, Type};

use super::error::QueryError;
use super::path::Path;
use super::value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    /// Contains, upper and lower case alike.
    Has,
    HasNot,
}

/// Longer operators first: `>=` must not be read as `>`.
const OPS: &[(&str, Op)] = &[
    ("!=", Op::Ne),
    ("!~", Op::HasNot),
    (">=", Op::Ge),
    ("<=", Op::Le),
    ("==", Op::Eq),
    ("=", Op::Eq),
    ("~", Op::Has),
    (">", Op::Gt),
    ("<", Op::Lt),
];

#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    Null,
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Time(i64),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    pub path: Path,
    pub op: Op,
    pub value: Operand,
}

impl Filter {
    pub fn parse(menu: &Menu, from: CollectionIx, text: &str, now: Timestamp) -> Result<Self, QueryError> {
        let word = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.' | '-')).unwrap_or(text.len());
        let (path, rest) = text.split_at(word);
        let found = OPS.iter().find_map(|(sign, op)| rest.trim_start().strip_prefix(sign).map(|value| (*op, value)));
        let (Some((op, written)), false) = (found, path.is_empty()) else {
            return Err(QueryError::Filter { text: text.to_owned() });
        };
        let path = Path::parse(menu, from, path)?;
        let bad = |what: String| QueryError::Value { text: text.to_owned(), what };
        let (op, value) = operand(menu, &path, op, written, now).map_err(bad)?;
        Ok(Self { path, op, value })
    }
}

fn operand(menu: &Menu, path: &Path, op: Op, written: &str, now: Timestamp) -> Result<(Op, Operand), String> {
    let quoted = written.strip_prefix('"').and_then(|w| w.strip_suffix('"'));
    if written == "null" {
        return match op {
            Op::Eq | Op::Ne => Ok((op, Operand::Null)),
            _ => Err("null can only be compared by = and !=; for the word itself write \"null\" in quotes".to_owned()),
        };
    }
    let written = quoted.unwrap_or(written);
    if matches!(op, Op::Has | Op::HasNot) {
        return match path.ty(menu) {
            Type::Text | Type::Json => Ok((op, Operand::Text(written.to_owned()))),
            _ => Err("~ looks into texts; this column is not one".to_owned()),
        };
    }
    match path.ty(menu) {
        Type::Text | Type::Json => Ok((op, Operand::Text(written.to_owned()))),
        // Read as they are where they are: a float would lose the last digits of a long number.
        Type::Int => match written.trim().parse() {
            Ok(number) => Ok((op, Operand::Int(number))),
            Err(_) => whole(op, value::number(written, path.unit(menu))?),
        },
        Type::Float => value::number(written, path.unit(menu)).map(|v| (op, Operand::Float(v))),
        Type::Time => value::time(written, now).map(|v| (op, Operand::Time(v))),
        Type::Bool => match op {
            Op::Eq | Op::Ne => value::boolean(written).map(|v| (op, Operand::Bool(v))),
            _ => Err("true and false can only be compared by = and !=".to_owned()),
        },
    }
}

/// A bound for whole numbers that means the same as the one written: `> 1.5` is `> 1`, `< 1.5` is `< 2`.
fn whole(op: Op, number: f64) -> Result<(Op, Operand), String> {
    if !(-9.2e18..=9.2e18).contains(&number) {
        return Err(format!("{number} is too large"));
    }
    let bound = match op {
        Op::Gt | Op::Le => number.floor(),
        Op::Ge | Op::Lt => number.ceil(),
        _ if number.fract() == 0.0 => number,
        _ => return Err(format!("the column holds whole numbers, which {number} is not")),
    };
    Ok((op, Operand::Int(bound as i64)))
}
