//! One CEL expression: compiled and checked when its file is read, evaluated any number of times.
//!
//! A compiler and an evaluator of somebody else's: whatever they do, a mistake in a rule's text must not end the program. So
//! sizes are held before and after reading, reading has a stack of its own, and a panic in either is an answer.

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use cel::common::ast::{IdedExpr, SourceInfo};
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString};
use cel::common::value::Val;
use cel::{Context, Env};
use serde_json::Value;
use stocktake_model::Menu;

use crate::facts::{Facts, OBJECT, Variable};
use crate::limits;
use crate::mentions::{self, FUNCTIONS, Found, MACROS, Mentions, Odd};
use crate::words;

static LANGUAGE: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib().with_optional_support(false)));

/// A mistake in an expression's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// Character of the text, counted from 1; 0: the whole.
    pub(crate) at: usize,
    pub(crate) what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            0 => f.write_str(&self.what),
            at => write!(f, "character {at}: {}", self.what),
        }
    }
}

pub(crate) struct Expression {
    pub(crate) text: String,
    expr: IdedExpr,
    pub(crate) mentions: Mentions,
    /// That an evaluation is given at most.
    values: usize,
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}

impl Expression {
    pub(crate) fn compile(text: &str, menu: &Menu) -> Result<Self, Vec<Mistake>> {
        let whole = |what: String| vec![Mistake { at: 0, what }];
        if text.trim().is_empty() {
            return Err(whole("it is empty; write `true` for always".to_owned()));
        }
        if text.len() > limits::TEXT {
            return Err(whole(format!("it has {} bytes; {} are taken at most", text.len(), limits::TEXT)));
        }
        let (expr, source, found) = parse(text)?;
        if found.depth > limits::DEPTH {
            return Err(whole(format!("it is nested {} deep; {} are taken at most", found.depth, limits::DEPTH)));
        }
        if found.loops > limits::LOOPS {
            let (loops, most) = (found.loops, limits::LOOPS);
            return Err(whole(format!(
                "it has {loops} loops within or after each other (all, exists, map, …); {most} are taken at most"
            )));
        }
        let mistakes = mistakes(text, &source, &found, menu);
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let values = if found.loops > 1 { limits::VALUES_LOOPED } else { limits::VALUES };
        Ok(Self { text: text.to_owned(), expr, mentions: found.mentions, values })
    }

    /// What it yields, or why it yields nothing.
    pub(crate) fn evaluate(&self, facts: &Facts<'_>) -> Result<Value, String> {
        let mut left = self.values;
        let mut context = Context::with_env(Arc::clone(&LANGUAGE));
        for variable in self.mentions.variables() {
            let value = pruned(facts.get(variable), &self.mentions, variable, &mut left);
            let value = value.ok_or_else(|| {
                format!("what it mentions of {} has more than {} values in all", variable.name(), self.values)
            })?;
            context.add_variable_as_val(variable.name(), value);
        }
        let result = catch_unwind(AssertUnwindSafe(|| cel::Value::resolve(&self.expr, &context)));
        match result {
            Ok(Ok(value)) => words::json(&value),
            Ok(Err(error)) => Err(words::error(&error)),
            Err(_) => Err("a mistake in the evaluator of conditions; please report it with the rule".to_owned()),
        }
    }
}

/// On a stack of its own: the parser recurses as deep as its text nests, and callers may be tasks with small stacks.
fn parse(text: &str) -> Result<(IdedExpr, SourceInfo, Found), Vec<Mistake>> {
    let bug = || vec![Mistake { at: 0, what: "the reader of conditions fails on it; write it in another way".to_owned() }];
    let owned = text.to_owned();
    let reading = std::thread::Builder::new().stack_size(limits::STACK).spawn(move || {
        let parsed = LANGUAGE.parser().parse_with_source_info(&owned);
        parsed
            .map(|(expr, source)| {
                let found = mentions::find(&expr);
                (expr, source, found)
            })
            .map_err(|errors| words::syntax(&owned, &errors))
    });
    match reading.map(std::thread::JoinHandle::join) {
        Ok(Ok(read)) => read,
        Ok(Err(_)) => Err(bug()),
        Err(error) => Err(vec![Mistake { at: 0, what: format!("it cannot be read now: {error}") }]),
    }
}

fn mistakes(text: &str, source: &SourceInfo, found: &Found, menu: &Menu) -> Vec<Mistake> {
    let at = |id: u64| source.offset_for(id).map_or(0, |(start, _)| words::character(text, start as usize));
    let mut mistakes = Vec::new();
    for (id, odd) in &found.odd {
        let what = match odd {
            Odd::Name(name) => words::unknown("variable", name, Variable::ALL.iter().map(|v| v.name())),
            Odd::Function(name) => words::unknown("function", name, FUNCTIONS.iter().chain(MACROS).copied()),
            Odd::Pattern(why) => format!("the pattern cannot be read: {why}"),
        };
        mistakes.push(Mistake { at: at(*id), what });
    }
    for (id, path) in &found.places {
        let Some((variable, field)) = Variable::of(&path[0]).zip(path.get(1)) else { continue };
        let fields = fields_of(variable, menu);
        if !fields.is_empty() && !fields.contains(&field.as_str()) {
            let what = format!("{} has no field '{field}'{}", path[0], words::meant(field, fields.iter().copied()));
            mistakes.push(Mistake { at: at(*id), what });
        }
    }
    mistakes.sort_by_key(|mistake| mistake.at);
    mistakes
}

/// Empty where any are possible.
fn fields_of(variable: Variable, menu: &Menu) -> Vec<&'static str> {
    if let Some(own) = variable.own_fields() {
        return own.to_vec();
    }
    let Some(collection) = variable.collection().and_then(|name| menu.ix(name)).map(|ix| menu.get(ix)) else {
        return Vec::new();
    };
    OBJECT.iter().copied().chain(collection.fields().map(|field| collection.field_name(field))).collect()
}

/// As much of a value as counts. None: it has more values than are left.
fn pruned<'v>(value: &'v Value, mentions: &Mentions, variable: Variable, left: &mut usize) -> Option<Box<dyn Val + 'v>> {
    match (value, mentions.fields(variable)) {
        (Value::Object(all), Some(fields)) => {
            let of = |field: &&str| all.get_key_value(*field);
            map(fields.iter().filter_map(of), left)
        }
        _ => convert(value, left),
    }
}

fn convert<'v>(value: &'v Value, left: &mut usize) -> Option<Box<dyn Val + 'v>> {
    *left = left.checked_sub(1)?;
    Some(match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(value) => Box::new(CelBool::from(*value)),
        // Whole numbers are `int`, also those beyond 2^63 that no API of ours sends: mixing in `uint` would make `+` fail.
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Box::new(CelInt::from(whole)),
            None => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
        },
        Value::String(text) => Box::new(CelString::from(text.as_str())),
        Value::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(|item| convert(item, left)).collect();
            Box::new(CelList::from(items?))
        }
        Value::Object(fields) => return map(fields.iter(), left),
    })
}

fn map<'v>(fields: impl Iterator<Item = (&'v String, &'v Value)>, left: &mut usize) -> Option<Box<dyn Val + 'v>> {
    let mut of = HashMap::new();
    for (name, value) in fields {
        of.insert(CelMapKey::String(CelString::from(name.as_str())), convert(value, left)?);
    }
    Some(Box::new(CelMap::from(of)))
}
