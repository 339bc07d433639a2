//! Rules asked of a batch's events, away from the threads that serve everybody: an evaluation only computes, and nothing
//! stops one that has begun. What rules may take together is held here; how much one may take, `limits` of the rules.

use std::sync::Arc;
use std::time::{Duration, Instant};

use stocktake_events::handle::LONGEST;
use stocktake_rules::{Consequence, Facts, Rule, Rules, Targets};
use stocktake_store::StoreError;

use super::Known;

/// Which event of the batch, and which rule of the file.
pub(super) type Pair = (usize, usize);

/// What rules make of the events of one batch. Asked twice: whether they apply, and then to what it comes.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) known: Known,
    pub(super) rules: Arc<Rules>,
    /// What is left of the time that a batch may take.
    pub(super) left: Duration,
}

impl Judge {
    /// Those that apply, and those of which nobody can tell, with the reason.
    pub(super) fn applied(&mut self) -> (Vec<Pair>, Vec<(Pair, String)>) {
        let rules = Arc::clone(&self.rules);
        let all = (0..self.known.len()).flat_map(|at| (0..rules.iter().count()).map(move |n| (at, n)));
        let (mut applied, mut unclear) = (Vec::new(), Vec::new());
        for (pair, answer) in self.ask(all.collect(), Rule::applies) {
            match answer {
                Ok(true) => applied.push(pair),
                Ok(false) => {}
                Err(why) => unclear.push((pair, why)),
            }
        }
        (applied, unclear)
    }

    pub(super) fn consequences(&mut self, applied: Vec<Pair>) -> Vec<(Pair, Result<Vec<Consequence>, String>)> {
        self.ask(applied, consequences)
    }

    fn ask<T>(
        &mut self,
        pairs: Vec<Pair>,
        question: impl Fn(&Rule, &Facts<'_>) -> Result<T, String>,
    ) -> Vec<(Pair, Result<T, String>)> {
        let (began, rules) = (Instant::now(), self.rules.iter().collect::<Vec<_>>());
        let ask = |pair: Pair| {
            let answer = if began.elapsed() >= self.left {
                Err("it took too long: the rules had used up the time for this batch of events".to_owned())
            } else {
                question(rules[pair.1], &self.known.facts(pair.0))
            };
            (pair, answer)
        };
        let answers = pairs.into_iter().map(ask).collect();
        self.left = self.left.saturating_sub(began.elapsed());
        answers
    }
}

/// On a thread that may block.
pub(super) async fn elsewhere<T: Send + 'static>(
    mut judge: Judge,
    question: impl FnOnce(&mut Judge) -> T + Send + 'static,
) -> Result<(Judge, T), StoreError> {
    let asked = tokio::task::spawn_blocking(move || {
        let answer = question(&mut judge);
        (judge, answer)
    });
    asked.await.map_err(|error| StoreError::Bug(format!("rules were not evaluated to the end: {error}")))
}

/// What a rule that applies comes to, if all of it can be kept: what a database refuses would sink the whole batch.
pub(super) fn consequences(rule: &Rule, facts: &Facts<'_>) -> Result<Vec<Consequence>, String> {
    let consequences = rule.consequences(facts)?;
    let targets = consequences.iter().flat_map(|consequence| match consequence {
        Consequence::Refresh(Targets::These(these)) => these.as_slice(),
        _ => &[],
    });
    for (collection, reference) in targets {
        let reference = reference.as_deref().unwrap_or_default();
        if reference.len() > LONGEST || reference.contains('\0') {
            let size = reference.len();
            return Err(format!(
                "refresh: the ref of one of {collection} has {size} bytes, or a NUL among them; more than {LONGEST} cannot be kept"
            ));
        }
    }
    Ok(consequences)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use stocktake_events::handle::{NewEvent, Whose};
    use stocktake_model::Menu;
    use stocktake_provider::Event;
    use stocktake_store::ProviderId;

    use super::*;

    #[test]
    fn what_is_left_when_the_time_is_up_is_unclear() {
        let menu = Menu::builder().pick(stocktake_model::menus::all()).build().expect("a menu");
        let file = "[[rule]]\nname = 'r'\nwhen = 'true'\nnote = 'x'";
        let rules = Arc::new(Rules::parse(Path::new("r.toml"), file, &menu).expect("rules"));
        let whose = Whose { id: ProviderId(1), name: "cloud1".to_owned(), kind: "test".to_owned() };
        let event = NewEvent {
            key: "k".to_owned(),
            via: "test".to_owned(),
            received_on: 0,
            event: Event::default(),
            route: None,
            targets: Vec::new(),
        };
        let judge = |left| Judge { known: Known::new(&whose, [&event]), rules: Arc::clone(&rules), left };
        let (applied, unclear) = judge(Duration::MAX).applied();
        assert_eq!((applied.as_slice(), unclear.len()), ([(0, 0)].as_slice(), 0));
        let (applied, unclear) = judge(Duration::ZERO).applied();
        assert!(applied.is_empty() && unclear[0].1.contains("took too long"), "{unclear:?}");
        let answers = judge(Duration::ZERO).consequences(vec![(0, 0)]);
        assert!(answers[0].1.as_ref().is_err_and(|why| why.contains("took too long")), "{answers:?}");
    }
}
