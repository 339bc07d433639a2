//! One trace from who asks for a refresh to the rows it writes; and a collector that is of no use harms nothing.

use std::collections::BTreeSet;

use stocktake_fakecloud::PASSWORD;
use stocktake_queue::State;
use stocktake_refresh::requests::KIND;
use stocktake_store::registry::RunState;
use stocktake_testkit::TestDatabase;

use crate::house::House;
use crate::sink::{Sink, Span};
use crate::wait::{until, until_so};

const TOKEN: &str = "not-to-be-shown";

fn told(sink: &Sink) -> [(&'static str, String); 2] {
    [("STOCKTAKE__TRACES__ENDPOINT", sink.url.clone()), ("STOCKTAKE__TRACES__HEADERS", format!("x-token={TOKEN}"))]
}

/// A refresh that a person asks the server for.
fn refresh(house: &House, variables: &[(&'static str, String)]) {
    let output = house.command(&["refresh", "one", "--wait"]).envs(variables.iter().cloned()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) async fn lead_from_request_to_rows(database: TestDatabase) {
    let (house, sink) = (House::new(database).await, Sink::start(200).await);
    let _cloud = house.cloud("one", 1).await;
    let variables = told(&sink);
    let borrowed: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut server = house.server("a", &borrowed);
    let first = house.served("one").await;
    refresh(&house, &variables);

    // Nobody asked for the first one: its trace begins with the server.
    let spans = trace_of(&sink, "trigger").await;
    assert_eq!(first.trace_id.as_deref(), Some(spans[0].trace.as_str()));

    let spans = trace_of(&sink, "stocktake refresh").await;
    let trace = spans[0].trace.as_str();
    let one = |name: &str| spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no span {name}"));
    let parent = |of: &Span| spans.iter().find(|span| span.id == of.parent).map_or("", |span| span.name.as_str());
    assert_eq!(one("stocktake refresh").parent, "");
    let chain = [("job", "stocktake refresh"), ("run", "job"), ("list servers", "collect")];
    let phases = ["read", "collect", "parse", "plan", "save"].map(|phase| (phase, "run"));
    for (name, of) in chain.into_iter().chain(phases) {
        assert_eq!(parent(one(name)), of, "{name}");
    }
    let call = one("GET compute /compute/v2.1/servers/detail");
    assert_eq!(parent(call), "list servers");
    assert_eq!(call.attributes["http.response.status_code"].as_str().map(str::to_owned), Some("200".to_owned()));
    assert!(spans.iter().all(|span| span.parent.is_empty() || !parent(span).is_empty()), "a parent was not sent");
    let processes: BTreeSet<_> = spans.iter().map(|span| span.of["process.pid"].to_string()).collect();
    assert_eq!(processes.len(), 2, "who asked, and the worker");

    // It can be found from the job and the run, and from log lines.
    let run = &house.runs("one").await[0];
    assert_eq!((run.state, run.trace_id.as_deref()), (RunState::Ok, Some(trace)));
    assert!(house.run(&["run", "show"]).contains(trace));
    let jobs = house.jobs().await;
    let job = jobs.iter().find(|job| job.kind == KIND && job.state == State::Done).unwrap();
    assert!(job.trace_context.as_ref().is_some_and(|context| context.contains(trace)));
    let log = std::fs::read_to_string(&server.log).unwrap();
    assert!(log.lines().any(|line| line.contains("run ended") && line.contains(trace)), "{log}");

    // What is sent at the end is not lost, and secrets never travel but where they belong.
    assert!(server.stop().await.success());
    let raw = sink.raw();
    let heads = raw.iter().filter(|text| text.starts_with("POST /v1/traces "));
    assert!(heads.clone().count() > 0 && heads.clone().all(|head| head.contains(TOKEN)));
    let bodies: Vec<_> = raw.iter().filter(|text| text.starts_with('{')).collect();
    assert!(bodies.iter().all(|body| !body.contains(TOKEN) && !body.contains(PASSWORD) && !body.contains("gAAAA")));
    let shown = house.command(&["doctor", "--settings"]).envs(variables.iter().cloned()).output().unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("x-token=…") && !shown.contains(TOKEN), "{shown}");
}

/// All spans of the trace that begins with this span, as soon as it has been sent to its end.
async fn trace_of(sink: &Sink, root: &str) -> Vec<Span> {
    until(&format!("the trace that begins with '{root}'"), async || {
        let all = sink.spans();
        let root = all.iter().find(|span| span.name == root && span.parent.is_empty())?;
        let of: Vec<_> = all.iter().filter(|span| span.trace == root.trace).cloned().collect();
        of.iter().any(|span| span.name == "job").then_some(of)
    })
    .await
}

/// A wish that is merged into one that waits is served in the trace of the first; its own is linked to that.
pub(crate) async fn of_merged_wishes_are_linked(database: TestDatabase) {
    let (house, sink) = (House::new(database).await, Sink::start(200).await);
    let _cloud = house.cloud("one", 1).await;
    let variables = told(&sink);
    // A server alone: nobody claims what is asked.
    let borrowed: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let alone = [&borrowed[..], &[("STOCKTAKE__REFRESH__ON_START", "false")]].concat();
    let _server = house.server("a", &alone);
    house.served("one").await;
    let debounced = [&variables[..], &[("STOCKTAKE__REFRESH__DEBOUNCE", "5s".to_owned())]].concat();
    for _ in 0..2 {
        let words = ["refresh", "one", "--no-wait"];
        let output = house.command(&words).envs(debounced.iter().cloned()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let asked = |span: &Span| span.name == "stocktake refresh";
    until_so("both wishes to be sent", async || sink.spans().iter().filter(|span| asked(span)).count() == 2).await;
    let wishes: Vec<_> = sink.spans().into_iter().filter(asked).collect();
    let (first, second) = if wishes[0].links.is_empty() { (&wishes[0], &wishes[1]) } else { (&wishes[1], &wishes[0]) };
    assert_eq!((first.links.len(), &second.links), (0, &vec![first.trace.clone()]));
}

pub(crate) async fn that_nobody_takes_harm_nothing(database: TestDatabase) {
    let (house, sink) = (House::new(database).await, Sink::start(500).await);
    let _cloud = house.cloud("one", 1).await;
    let variables = told(&sink);
    let borrowed: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut server = house.server("a", &borrowed);
    house.served("one").await;
    refresh(&house, &variables);
    assert!(!sink.spans().is_empty(), "they were sent, and refused");
    let lost = async || std::fs::read_to_string(&server.log).unwrap().contains("spans were lost");
    until_so("the loss to be told", lost).await;
    drop(sink);
    refresh(&house, &variables);
    house.quiet().await;
    assert!(house.runs("one").await.iter().all(|run| run.state == RunState::Ok));
    assert!(server.stop().await.success());
}
