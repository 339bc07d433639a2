//! What an expression speaks of, found without evaluating it.

use std::collections::BTreeSet;

use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue};

use crate::facts::Variable;

/// Paths an expression mentions: `[event, payload, volume_id]`, `[vm]`. Each begins with a variable's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions {
    paths: BTreeSet<Vec<String>>,
}

impl Mentions {
    pub fn paths(&self) -> impl Iterator<Item = &[String]> {
        self.paths.iter().map(Vec::as_slice)
    }

    pub fn has(&self, variable: Variable) -> bool {
        self.paths.iter().any(|path| path[0] == variable.name())
    }

    pub fn variables(&self) -> impl Iterator<Item = Variable> {
        Variable::ALL.into_iter().filter(|variable| self.has(*variable))
    }

    pub fn join(&mut self, other: &Self) {
        self.paths.extend(other.paths.iter().cloned());
    }

    /// The fields of a variable that count; none: all of them.
    pub(crate) fn fields(&self, variable: Variable) -> Option<BTreeSet<&str>> {
        let of = self.paths.iter().filter(|path| path[0] == variable.name());
        of.map(|path| path.get(1).map(String::as_str)).collect()
    }
}

/// A name or a call that nobody knows, or a field that does not exist; and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Odd {
    Name(String),
    Function(String),
    /// A pattern that cannot be read, and why.
    Pattern(String),
}

#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) mentions: Mentions,
    /// With the node they stand at.
    pub(crate) odd: Vec<(u64, Odd)>,
    /// Paths with the node they stand at, for checks of their fields.
    pub(crate) places: Vec<(u64, Vec<String>)>,
    pub(crate) depth: usize,
    pub(crate) loops: usize,
}

/// Functions of the language as we offer it; operators begin with a sign, macros are gone by now.
pub(crate) const FUNCTIONS: &[&str] = &[
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "int",
    "uint",
    "double",
    "string",
    "bool",
    "bytes",
    "type",
    "dyn",
];
/// What macros are written as.
pub(crate) const MACROS: &[&str] = &["has", "all", "exists", "exists_one", "existsOne", "map", "filter"];
/// Types are values, for `type(x) == string`.
const TYPES: &[&str] =
    &["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type", "dyn", "google"];

/// Looks at every node. The expression is at most as deep as its text is long, and the caller's stack is large enough for
/// that.
pub(crate) fn find(expr: &IdedExpr) -> Found {
    let mut found = Found::default();
    walk(expr, &mut Vec::new(), 1, 0, &mut found);
    found
}

/// `scope`: the names that the loops around it brought.
fn walk<'e>(node: &'e IdedExpr, scope: &mut Vec<&'e str>, depth: usize, loops: usize, found: &mut Found) {
    found.depth = found.depth.max(depth);
    found.loops = found.loops.max(loops);
    if let Some((id, path)) = path_of(node) {
        // `type(x) == string`, or what a loop goes through.
        if !scope.contains(&path[0].as_str()) {
            note(id, path, found);
        }
        return;
    }
    let depth = depth + 1;
    match &node.expr {
        Expr::Call(call) => {
            let name = call.func_name.as_str();
            let word = name.starts_with(|c: char| c.is_ascii_alphabetic());
            if word && !FUNCTIONS.contains(&name) {
                found.odd.push((node.id, Odd::Function(name.to_owned())));
            }
            if name == "matches"
                && let Some(Expr::Literal(LiteralValue::String(pattern))) = call.args.last().map(|arg| &arg.expr)
                && let Err(error) = regex::Regex::new(pattern.inner())
            {
                let why = error.to_string();
                found.odd.push((node.id, Odd::Pattern(why.lines().last().unwrap_or_default().trim().to_owned())));
            }
            for part in call.target.as_deref().into_iter().chain(&call.args) {
                walk(part, scope, depth, loops, found);
            }
        }
        Expr::Comprehension(each) => {
            // A loop over what another made counts as one within it: each may make its texts twice as long, and what forty
            // of them double no machine holds.
            walk(&each.iter_range, scope, depth, loops + 1, found);
            walk(&each.accu_init, scope, depth, loops, found);
            let outside = scope.len();
            scope.extend([each.iter_var.as_str(), each.accu_var.as_str()]);
            scope.extend(each.iter_var2.as_deref());
            for part in [&each.loop_cond, &each.loop_step, &each.result] {
                walk(part, scope, depth, loops + 1, found);
            }
            scope.truncate(outside);
        }
        Expr::List(list) => list.elements.iter().for_each(|part| walk(part, scope, depth, loops, found)),
        Expr::Map(map) => {
            for entry in &map.entries {
                entry_of(&entry.expr, scope, depth, loops, found);
            }
        }
        Expr::Struct(of) => {
            found.odd.push((node.id, Odd::Name(of.type_name.clone())));
            for entry in &of.entries {
                entry_of(&entry.expr, scope, depth, loops, found);
            }
        }
        Expr::Select(select) => walk(&select.operand, scope, depth, loops, found),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
}

fn entry_of<'e>(entry: &'e EntryExpr, scope: &mut Vec<&'e str>, depth: usize, loops: usize, found: &mut Found) {
    match entry {
        EntryExpr::StructField(field) => walk(&field.value, scope, depth, loops, found),
        EntryExpr::MapEntry(entry) => {
            walk(&entry.key, scope, depth, loops, found);
            walk(&entry.value, scope, depth, loops, found);
        }
    }
}

fn note(id: u64, path: Vec<String>, found: &mut Found) {
    if Variable::of(&path[0]).is_some() {
        found.mentions.paths.insert(path.clone());
        found.places.push((id, path));
    } else if !TYPES.contains(&path[0].as_str()) {
        found.odd.push((id, Odd::Name(path[0].clone())));
    }
}

/// `event.payload["a b"].c` as its parts, with the node it begins at, if the node is nothing but that.
fn path_of(node: &IdedExpr) -> Option<(u64, Vec<String>)> {
    let mut parts = Vec::new();
    let mut at = node;
    loop {
        match &at.expr {
            Expr::Ident(name) => {
                parts.push(name.clone());
                parts.reverse();
                return Some((at.id, parts));
            }
            Expr::Select(select) => {
                parts.push(select.field.clone());
                at = &select.operand;
            }
            Expr::Call(call) if call.func_name == "_[_]" && call.target.is_none() => {
                let [operand, index] = call.args.as_slice() else { return None };
                let Expr::Literal(LiteralValue::String(key)) = &index.expr else { return None };
                parts.push(key.inner().to_owned());
                at = operand;
            }
            _ => return None,
        }
    }
}
