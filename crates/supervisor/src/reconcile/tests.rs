use stocktake_store::ProviderId;

use super::*;

const LIMITS: Limits = Limits {
    start: Duration::from_mins(1),
    stop: Duration::from_secs(30),
    silence: Duration::from_secs(45),
    standstill: Duration::from_mins(10),
    memory: 100 << 20,
    memory_kill: 150 << 20,
};

struct Scene {
    start: Instant,
    desired: BTreeMap<Place, Wanted>,
    seen: Vec<Seen>,
    barred: BTreeMap<Place, Instant>,
}

impl Scene {
    fn new() -> Self {
        Self { start: Instant::now(), desired: BTreeMap::new(), seen: Vec::new(), barred: BTreeMap::new() }
    }

    fn want(&mut self, provider: i64, generation: i64) -> &mut Self {
        self.desired.insert(place(provider), Wanted { generation, settings: 0, name: None });
        self
    }

    fn see(&mut self, provider: i64, change: impl FnOnce(&mut Seen)) -> WorkerId {
        let mut seen = Seen {
            id: WorkerId::new(),
            place: place(provider),
            generation: 1,
            settings: 0,
            stage: Stage::Running,
            since: self.start,
            heard: self.start,
            progressed: self.start,
            busy: false,
            retiring: false,
            doing: None,
            rss: 10 << 20,
        };
        change(&mut seen);
        self.seen.push(seen);
        self.seen[self.seen.len() - 1].id
    }

    fn after(&self, seconds: u64) -> Vec<Action> {
        actions(&self.desired, &self.seen, &self.barred, |_| LIMITS, self.start + Duration::from_secs(seconds))
    }
}

fn place(provider: i64) -> Place {
    Place { kind: "refresh", provider: Some(ProviderId(provider)), slot: 1 }
}

/// What happens to a worker: `drain REASON`, `retire REASON`, `kill REASON`.
fn fate(actions: &[Action], id: WorkerId) -> Option<String> {
    actions.iter().find_map(|action| match action {
        Action::Drain(of, why) if *of == id => Some(format!("drain {why}")),
        Action::Retire(of, why) if *of == id => Some(format!("retire {why}")),
        Action::Kill(of, why) if *of == id => Some(format!("kill {why}")),
        _ => None,
    })
}

#[test]
fn as_many_but_other_workers_are_not_the_same() {
    let mut scene = Scene::new();
    scene.want(1, 1).want(3, 1);
    let (stays, goes) = (scene.see(1, |_| {}), scene.see(2, |_| {}));
    let actions = scene.after(1);
    assert_eq!(fate(&actions, stays), None);
    assert_eq!(fate(&actions, goes).as_deref(), Some("drain it is not wanted any more"));
    assert!(actions.contains(&Action::Start(place(3))), "{actions:?}");
    assert_eq!(actions.len(), 2);
}

#[test]
fn a_place_is_free_when_the_one_who_drains_has_ended() {
    let mut scene = Scene::new();
    scene.want(1, 2);
    let old = scene.see(1, |_| {});
    assert_eq!(fate(&scene.after(1), old).as_deref(), Some("drain settings changed (generation 1 to 2)"));
    scene.seen[0].stage = Stage::Draining;
    assert_eq!(scene.after(1), [], "it is asked once, and nobody starts beside it");
    scene.seen.clear();
    assert_eq!(scene.after(1), [Action::Start(place(1))]);
}

#[test]
fn one_with_settings_from_before_is_replaced() {
    let mut scene = Scene::new();
    scene.want(1, 1).want(2, 1);
    let (old, new) = (scene.see(1, |_| {}), scene.see(2, |seen| seen.settings = 1));
    scene.desired.values_mut().for_each(|wanted| wanted.settings = 1);
    let actions = scene.after(1);
    assert_eq!(fate(&actions, old).as_deref(), Some("retire the settings it was started with changed"));
    assert_eq!(fate(&actions, new), None);
}

#[test]
fn a_barred_place_waits() {
    let mut scene = Scene::new();
    scene.want(1, 1);
    scene.barred.insert(place(1), scene.start + Duration::from_secs(10));
    assert_eq!(scene.after(9), []);
    assert_eq!(scene.after(10), [Action::Start(place(1))]);
}

#[test]
fn one_that_does_not_start_or_stop_in_time_is_killed() {
    let mut scene = Scene::new();
    scene.want(1, 1).want(2, 1);
    let mute = scene.see(1, |seen| seen.stage = Stage::Starting);
    let stubborn = scene.see(2, |seen| {
        seen.stage = Stage::Draining;
        seen.doing = Some("saving".to_owned());
    });
    assert_eq!(scene.after(30), []);
    let actions = scene.after(31);
    let expected = "kill it did not stop within 30 s of being asked to, while saving";
    assert_eq!(fate(&actions, stubborn).as_deref(), Some(expected));
    assert_eq!(fate(&actions, mute), None);
    assert_eq!(fate(&scene.after(61), mute).as_deref(), Some("kill it said nothing within 60 s of its start"));
}

#[test]
fn a_heartbeat_is_not_progress_and_idleness_is_no_standstill() {
    let mut scene = Scene::new();
    scene.want(1, 1).want(2, 1).want(3, 1);
    let beats = scene.start + Duration::from_mins(11);
    let stuck = scene.see(1, |seen| {
        (seen.busy, seen.heard) = (true, beats);
        seen.doing = Some("collecting servers".to_owned());
    });
    let idle = scene.see(2, |seen| seen.heard = beats);
    let silent = scene.see(3, |_| {});
    let actions = scene.after(11 * 60);
    assert_eq!(fate(&actions, stuck).as_deref(), Some("drain no progress for 660 s, while collecting servers"));
    assert_eq!(fate(&actions, idle), None);
    assert_eq!(fate(&actions, silent).as_deref(), Some("kill it said nothing for 45 s, while idle"));
}

#[test]
fn too_much_memory_is_replaced_and_far_too_much_is_killed() {
    let mut scene = Scene::new();
    scene.want(1, 1).want(2, 1).want(3, 1).want(4, 1);
    let large = scene.see(1, |seen| seen.rss = 101 << 20);
    let huge = scene.see(2, |seen| seen.rss = 151 << 20);
    let leaving = scene.see(3, |seen| (seen.rss, seen.stage) = (101 << 20, Stage::Draining));
    let told = scene.see(4, |seen| (seen.rss, seen.retiring) = (101 << 20, true));
    let actions = scene.after(1);
    assert_eq!(fate(&actions, told), None, "it is asked once, and finishes its job");
    assert_eq!(fate(&actions, large).as_deref(), Some("retire it took 101 MiB of memory, more than 100, while idle"));
    assert_eq!(fate(&actions, huge).as_deref(), Some("kill it took 151 MiB of memory, more than 150, while idle"));
    assert_eq!(fate(&actions, leaving), None);
}

#[test]
fn of_two_in_one_place_one_leaves() {
    let mut scene = Scene::new();
    scene.want(1, 1);
    let (first, second) = (scene.see(1, |_| {}), scene.see(1, |_| {}));
    let actions = scene.after(1);
    assert_eq!(fate(&actions, first), None);
    assert_eq!(fate(&actions, second).as_deref(), Some("drain another worker has its place"));
}
