//! Why a rule applies to an event or does not, for `stocktake rule test`.

use serde::Serialize;
use serde_json::Value;

use crate::facts::Facts;
use crate::rule::Rule;

#[derive(Debug, Clone, Serialize)]
pub struct Explained {
    /// Null: nobody can tell, and `unclear` says why.
    pub applies: Option<bool>,
    pub unclear: Option<String>,
    /// The terms of a condition that is an `&&`; else none.
    pub terms: Vec<Term>,
    /// What is mentioned in the condition, with its values.
    pub values: Vec<(String, Value)>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Term {
    pub text: String,
    pub holds: Option<bool>,
    pub unclear: Option<String>,
}

impl Rule {
    pub fn explain(&self, facts: &Facts<'_>) -> Explained {
        let (applies, unclear) = split(self.applies(facts));
        let terms = self.condition.terms(facts).into_iter().map(|(text, answer)| {
            let (holds, unclear) = split(answer);
            Term { text, holds, unclear }
        });
        let values = self.mentions().paths().map(|path| (path.join("."), facts.at(path).clone()));
        Explained { applies, unclear, terms: terms.collect(), values: values.collect() }
    }
}

fn split(answer: Result<bool, String>) -> (Option<bool>, Option<String>) {
    match answer {
        Ok(holds) => (Some(holds), None),
        Err(why) => (None, Some(why)),
    }
}
