//! Which workers there should be: by the providers this server looks after, its roles and its settings. Pure.

use std::collections::BTreeMap;

use stocktake_jobs::workers::{self, Filled};
use stocktake_store::fleet::Served;

use crate::options::Options;
use crate::place::{Place, Wanted};

/// `looks_after`: whether a provider is this server's.
pub(crate) fn desired(
    options: &Options,
    providers: &[Served],
    looks_after: impl Fn(&Served) -> bool,
) -> BTreeMap<Place, Wanted> {
    let mut desired = BTreeMap::new();
    for kind in workers::ALL.iter().filter(|kind| options.has_role(kind.role)) {
        match kind.filled {
            Filled::PerProvider | Filled::PerEventSource => {
                let fits = |p: &&Served| kind.filled == Filled::PerProvider || p.event_source.is_some();
                for provider in providers.iter().filter(|p| may_work(p) && looks_after(p)).filter(fits) {
                    let place = Place { kind: kind.name, provider: Some(provider.id), slot: 1 };
                    let wanted = Wanted {
                        generation: provider.generation,
                        settings: options.settings_generation,
                        name: Some(provider.name.clone()),
                    };
                    desired.insert(place, wanted);
                }
            }
            Filled::PerServer => {
                for slot in 1..=options.per_server.get(kind.name).copied().unwrap_or(1) {
                    let wanted = Wanted { generation: 0, settings: options.settings_generation, name: None };
                    desired.insert(Place { kind: kind.name, provider: None, slot }, wanted);
                }
            }
        }
    }
    desired
}

/// A passing error of the network is no reason to stop; wrong or missing credentials are, until they are changed.
fn may_work(provider: &Served) -> bool {
    provider.enabled && provider.status != "removing" && !provider.credentials.stops_workers()
}

#[cfg(test)]
mod tests {
    use stocktake_store::ProviderId;
    use stocktake_store::registry::{Finding, Standing};

    use super::*;
    use crate::options::tests::options;

    fn provider(id: i64, change: impl FnOnce(&mut Served)) -> Served {
        let mut provider = Served {
            id: ProviderId(id),
            name: format!("cloud{id}"),
            zone: "default".to_owned(),
            enabled: true,
            generation: 7,
            status: "ok".to_owned(),
            credentials: Standing::unknown(),
            refreshed: true,
            refresh_schedule: None,
            event_source: None,
        };
        change(&mut provider);
        provider
    }

    /// Found over and over again.
    fn found(finding: &Finding) -> Standing {
        (0..5).fold(Standing::unknown(), |standing, _| standing.after(finding, 3))
    }

    #[test]
    fn two_clouds_are_two_workers_and_who_may_not_work_has_none() {
        let tells = |p: &mut Served| p.event_source = Some("amqp".to_owned());
        let providers = [
            provider(1, tells),
            provider(2, |p| p.credentials = found(&Finding::NotReached("nobody answers".to_owned()))),
            provider(3, |p| {
                tells(p);
                p.enabled = false;
            }),
            provider(4, |p| {
                tells(p);
                p.credentials = found(&Finding::Rejected("wrong password".to_owned()));
            }),
            provider(5, |p| {
                tells(p);
                p.status = "removing".to_owned();
            }),
            provider(6, tells),
        ];
        let desired = desired(&options(), &providers, |p| p.id != ProviderId(6));
        let places: Vec<_> = desired.keys().map(|p| (p.kind, p.provider.map(|p| p.0), p.slot)).collect();
        let expected = [
            ("event_catcher", Some(1), 1),
            ("event_handler", None, 1),
            ("generic", None, 1),
            ("generic", None, 2),
            ("refresh", Some(1), 1),
            ("refresh", Some(2), 1),
        ];
        assert_eq!(places, expected);
        let wanted = desired.values().last().expect("the last");
        assert_eq!((wanted.generation, wanted.name.as_deref()), (7, Some("cloud2")));
    }

    #[test]
    fn who_has_rules_has_workers_for_their_actions_alone() {
        let mut settings = stocktake_settings::Settings::default();
        let of = |settings: &stocktake_settings::Settings| {
            let old = options();
            let desired = desired(&old.with(settings, old.program.clone(), true), &[], |_| true);
            desired.into_keys().map(|place| (place.kind, place.slot)).collect::<Vec<_>>()
        };
        assert_eq!(of(&settings), [("event_handler", 1), ("generic", 1)]);
        settings.events.rules = "rules.toml".to_owned();
        settings.workers.actions = 2;
        assert_eq!(of(&settings), [("actions", 1), ("actions", 2), ("event_handler", 1), ("generic", 1)]);
    }

    #[test]
    fn without_its_role_no_kind_is_started() {
        let options = Options { roles: vec!["scheduler".to_owned()], ..options() };
        assert!(desired(&options, &[provider(1, |_| {})], |_| true).is_empty());
    }
}
