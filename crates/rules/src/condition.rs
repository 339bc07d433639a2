//! When a rule applies.

use stocktake_model::Menu;

use crate::expression::{Expression, Mistake};
use crate::facts::{Facts, Variable};
use crate::mentions::Mentions;
use crate::words;

/// An expression that is true or false, and the terms it is an `&&` of.
#[derive(Debug)]
pub struct Condition {
    whole: Expression,
    /// Empty where it is not an `&&`.
    terms: Vec<Expression>,
}

impl Condition {
    pub(crate) fn compile(text: &str, menu: &Menu) -> Result<Self, Vec<Mistake>> {
        let whole = Expression::compile(text, menu)?;
        let parts = conjuncts(text);
        // Each was checked as a part of the whole already; where the split was wrong, there are none.
        let terms: Option<Vec<_>> = parts.iter().map(|part| Expression::compile(part, menu).ok()).collect();
        Ok(Self { whole, terms: terms.filter(|terms| terms.len() > 1).unwrap_or_default() })
    }

    pub fn text(&self) -> &str {
        &self.whole.text
    }

    pub(crate) fn mentions(&self) -> &Mentions {
        &self.whole.mentions
    }

    /// The error says why nobody can tell.
    pub(crate) fn holds(&self, facts: &Facts<'_>) -> Result<bool, String> {
        truth(&self.whole, facts).map_err(|why| {
            // The usual reason, which the evaluator does not name.
            let unknown = self.mentions().variables().filter(|variable| facts.get(*variable).is_null());
            let unknown: Vec<_> = unknown.map(Variable::name).collect();
            if unknown.is_empty() { why } else { format!("{why}; not known: {}", unknown.join(", ")) }
        })
    }

    /// Each term with its own answer.
    pub(crate) fn terms(&self, facts: &Facts<'_>) -> Vec<(String, Result<bool, String>)> {
        self.terms.iter().map(|term| (term.text.clone(), truth(term, facts))).collect()
    }
}

fn truth(expression: &Expression, facts: &Facts<'_>) -> Result<bool, String> {
    match expression.evaluate(facts)? {
        serde_json::Value::Bool(holds) => Ok(holds),
        other => Err(format!("it yields {}, not true or false", words::kind(&other))),
    }
}

/// The text cut at each `&&` that stands in no bracket and no quotes; one part where `||` or `?` bind weaker beside it.
fn conjuncts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut quote, mut from) = (0_usize, None, 0);
    let mut signs = text.char_indices().peekable();
    while let Some((at, sign)) = signs.next() {
        match (quote, sign) {
            (Some(_), '\\') => drop(signs.next()),
            (Some(open), _) if sign == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(sign),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, '?' | '|') if depth == 0 => return Vec::new(),
            (None, '&') if depth == 0 => {
                parts.push(text[from..at].trim());
                signs.next();
                from = at + 2;
            }
            _ => {}
        }
    }
    parts.push(text.get(from..).unwrap_or_default().trim());
    parts
}

#[cfg(test)]
mod tests {
    use super::conjuncts;

    #[test]
    fn an_and_is_cut_into_its_terms_and_nothing_else_is() {
        assert_eq!(conjuncts("a && b == \"x && y\" && (c && d)"), ["a", "b == \"x && y\"", "(c && d)"]);
        assert_eq!(conjuncts(r#"a == "\"&&" && b"#), [r#"a == "\"&&""#, "b"]);
        assert_eq!(conjuncts("a && b || c"), Vec::<&str>::new());
        assert_eq!(conjuncts("a && b ? c : d"), Vec::<&str>::new());
        assert_eq!(conjuncts("a && (b || c)"), ["a", "(b || c)"]);
        assert_eq!(conjuncts("a"), ["a"]);
        assert_eq!(conjuncts("ä &&"), ["ä", ""]);
    }
}
