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

/// The text cut at each `&&` that stands in no bracket, quotes or comment; one part where `||` or `?` bind weaker beside it.
fn conjuncts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut from, mut at) = (0_usize, 0, 0);
    while let Some(sign) = text[at..].chars().next() {
        let passed = passed(text, at);
        match sign {
            _ if passed > 0 => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '?' | '|' if depth == 0 => return Vec::new(),
            '&' if depth == 0 && text[at..].starts_with("&&") => {
                parts.push(text[from..at].trim());
                at += 2;
                from = at;
                continue;
            }
            _ => {}
        }
        at += passed.max(sign.len_utf8());
    }
    parts.push(text[from..].trim());
    parts
}

/// Bytes of the comment or the quoted text that begins here; 0: none does.
fn passed(text: &str, at: usize) -> usize {
    let here = &text[at..];
    if here.starts_with("//") {
        return here.find('\n').unwrap_or(here.len());
    }
    let quotes = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| here.starts_with(quotes));
    let Some(quotes) = quotes else { return 0 };
    // `r"\"` ends where another text would go on.
    let raw = text[..at].ends_with(['r', 'R']);
    let mut end = quotes.len();
    while let Some(sign) = here[end..].chars().next() {
        if here[end..].starts_with(quotes) {
            return end + quotes.len();
        }
        end += sign.len_utf8();
        if sign == '\\' && !raw {
            end += here[end..].chars().next().map_or(0, char::len_utf8);
        }
    }
    here.len()
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

    #[test]
    fn comments_and_all_kinds_of_quotes_are_passed_over() {
        assert_eq!(conjuncts("true // &é & x"), ["true // &é & x"]);
        assert_eq!(conjuncts("a // ( \" && ?\n && b"), ["a // ( \" && ?", "b"]);
        assert_eq!(conjuncts("a == \"\"\"x\" && \"y\"\"\" && b"), ["a == \"\"\"x\" && \"y\"\"\"", "b"]);
        assert_eq!(conjuncts("a == '''x' && é''' && b"), ["a == '''x' && é'''", "b"]);
        assert_eq!(conjuncts("a == r'\\' && b"), ["a == r'\\'", "b"]);
        assert_eq!(conjuncts("a &é"), ["a &é"]);
        assert_eq!(conjuncts("a == 'é\\"), ["a == 'é\\"]);
    }
}
