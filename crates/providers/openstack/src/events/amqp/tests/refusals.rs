//! Who is not let in is told which setting is wrong, or which right is missing.

use std::net::TcpListener;

use lapin::ExchangeKind;
use lapin::options::ExchangeDeclareOptions;
use lapin::types::FieldTable;
use stocktake_provider::{Begin, CheckStatus, Configuration, ErrorKind, Secret};
use stocktake_testkit::broker::{OUTSIDER, READER, USER, shared};

use super::support::{Services, again, end, first, keys, refused, source_of, take};
use crate::config::OpenStackConfig;
use crate::events::amqp::{Brokers, check};

async fn refusal(c: &Configuration) -> (ErrorKind, String) {
    let error = refused(source_of(c).connect(None).await);
    (error.kind, error.to_string())
}

fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

#[tokio::test]
async fn each_has_its_kind_and_says_what_to_do() {
    let address = shared();
    let services = Services::at(&address).await;
    services.declare("nova", false).await;

    let mut wrong_password = services.settings(&[]);
    wrong_password.secrets.insert("amqp_password".to_owned(), Secret::from("wrong"));
    let (kind, text) = refusal(&wrong_password).await;
    assert_eq!(kind, ErrorKind::Unauthorized, "{text}");
    assert!(text.contains("check the user in amqp_url, and amqp_password") && !text.contains("wrong"), "{text}");

    let at = |user: &str, path: &str| format!("amqp://{user}@localhost:{}{path}", address.port);
    for (url, expected, words) in [
        (at(USER, "/nowhere"), ErrorKind::Configuration, "check the vhost in amqp_url"),
        (at(OUTSIDER, ""), ErrorKind::Forbidden, "permissions"),
        (format!("amqp://{USER}@localhost:{}", closed_port()), ErrorKind::Connect, "whether the broker runs"),
        (format!("amqp://{USER}@nowhere.invalid"), ErrorKind::Dns, "'nowhere.invalid'"),
        (format!("amqps://{USER}@localhost:{}", address.port), ErrorKind::Tls, "check that amqps is the right scheme"),
    ] {
        let (kind, text) = refusal(&services.settings(&[("amqp_url", &url)])).await;
        assert_eq!(kind, expected, "{url}: {text}");
        assert!(text.contains(words), "{url}: {text}");
    }
}

/// The rights that the documentation asks for are enough, also in a cloud where a service never told anything; what it tells
/// once it does is not missed.
#[tokio::test]
async fn a_reader_with_few_rights_listens_to_what_is_there_and_to_the_rest_once_it_comes() {
    let address = shared();
    let services = Services::at(&address).await;
    services.declare("nova", true).await;
    let url = format!("amqp://{READER}@localhost:{}", address.port);
    let (nova, heat) = (services.named("nova"), services.named("heat"));
    let exchanges = format!("{nova},{heat}");
    let source = services.source(&[("amqp_url", &url), ("amqp_exchanges", &exchanges)]);
    let (mut stream, position) = first(&*source).await;
    assert!(position.0.ends_with(&format!(" without {heat}")), "{position:?}");
    services.notify("nova", "notifications.info", "a").await;
    assert_eq!(keys(&take(&mut *stream, 1).await), ["a"]);
    stream.stored().await.expect("acknowledged");
    drop(stream);
    let mut stream = again(&*source, &position).await;
    assert_eq!(stream.begin(), Begin::Resumed, "it is missing still");

    services.declare("heat", true).await;
    let error = end(&mut *stream).await;
    assert!(error.to_string().contains(&format!("there is an exchange {heat} now")), "{error}");
    drop(stream);
    // Another process: the position alone tells.
    let source = services.source(&[("amqp_url", &url), ("amqp_exchanges", &exchanges)]);
    let mut stream = again(&*source, &position).await;
    let Begin::Gap { why, position } = stream.begin() else { panic!("{:?}", stream.begin()) };
    assert!(why.contains(&heat) && !position.0.contains(&heat), "{why} {position:?}");
    services.notify("heat", "notifications.info", "b").await;
    assert_eq!(keys(&take(&mut *stream, 1).await), ["b"]);
}

/// One made with other properties than its service wants would keep that from notifying.
#[tokio::test]
async fn no_exchange_is_made_where_none_shows_how_they_are() {
    let services = Services::at(&shared()).await;
    let exchanges = format!("{},{}", services.named("nova"), services.named("heat"));
    let source = services.source(&[("amqp_exchanges", &exchanges)]);
    let (_stream, position) = first(&*source).await;
    assert!(position.0.ends_with(&format!(" without {exchanges}")), "{position:?}");

    // Not durable, but otherwise not as usual: refused with the code that a durable one is refused with.
    let options = ExchangeDeclareOptions { auto_delete: true, ..ExchangeDeclareOptions::default() };
    let nova = services.named("nova").as_str().into();
    services.channel.exchange_declare(nova, ExchangeKind::Topic, options, FieldTable::default()).await.expect("an exchange");
    let source = services.source(&[("amqp_exchanges", &exchanges)]);
    let (_stream, position) = first(&*source).await;
    assert!(position.0.ends_with(&format!(" without {}", services.named("heat"))), "{position:?}");
}

/// A service that wants its exchange durable could not notify through one of ours that is not.
#[tokio::test]
async fn an_exchange_is_made_as_the_others_of_the_cloud_are() {
    let services = Services::at(&shared()).await;
    services.declare("nova", true).await;
    let exchanges = format!("{},{}", services.named("nova"), services.named("cinder"));
    let (mut stream, _) = first(&*services.source(&[("amqp_exchanges", &exchanges)])).await;
    // Would be refused if it were not durable.
    services.declare("cinder", true).await;
    services.notify("cinder", "notifications.info", "a").await;
    assert_eq!(keys(&take(&mut *stream, 1).await), ["a"]);
}

#[tokio::test]
async fn the_next_broker_serves_when_the_first_is_dead() {
    let address = shared();
    let services = Services::at(&address).await;
    services.declare("nova", false).await;
    let both = format!("amqp://{USER}@localhost:{},localhost:{}", closed_port(), address.port);
    let (mut stream, _) = first(&*services.source(&[("amqp_url", &both)])).await;
    services.notify("nova", "notifications.info", "a").await;
    assert_eq!(keys(&take(&mut *stream, 1).await), ["a"]);

    let none = format!("amqp://{USER}@localhost:{},localhost:{}", closed_port(), closed_port());
    let (kind, text) = refusal(&services.settings(&[("amqp_url", &none)])).await;
    assert_eq!(kind, ErrorKind::Connect);
    assert!(text.starts_with("connect to one of 2 brokers"), "{text}");
}

/// Something that takes connections and never says a word.
#[tokio::test]
async fn a_broker_that_is_silent_does_not_hang_us() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let services = Services::at(&shared()).await;
    let url = format!("amqps://{USER}@localhost:{}", silent.local_addr().expect("an address").port());
    let (kind, text) = refusal(&services.settings(&[("amqp_url", &url), ("connect_timeout", "0.3")])).await;
    assert_eq!(kind, ErrorKind::Timeout, "{text}");
}

#[tokio::test]
async fn a_test_names_the_step_that_fails_and_leaves_nothing_behind() {
    let address = shared();
    let services = Services::at(&address).await;
    services.declare("nova", false).await;
    let steps = async |c: Configuration| {
        let config = OpenStackConfig::read(&c).expect("settings");
        let crate::config::Events::Amqp(amqp) = &config.events else { panic!("no broker") };
        let steps = check(&Brokers::new(&config, amqp).expect("brokers")).await;
        let line = |(name, found): (&str, Result<String, _>)| {
            let status = if found.is_ok() { CheckStatus::Ok } else { CheckStatus::Failed };
            format!("{name} {status:?}: {}", found.unwrap_or_else(|e: stocktake_provider::ProviderError| e.to_string()))
        };
        steps.into_iter().map(line).collect::<Vec<_>>()
    };
    let exchanges = format!("{},{}", services.named("nova"), services.named("heat"));
    let good = steps(services.settings(&[("amqp_exchanges", &exchanges)])).await;
    assert_eq!(good[0], format!("broker connection Ok: localhost:{} answers", address.port));
    assert_eq!(good[1], format!("broker sign-in Ok: signed in as {USER} to vhost /"));
    let (nova, heat) = (services.named("nova"), services.named("heat"));
    assert_eq!(good[2], format!("broker queue Ok: may have a queue; exchanges {nova}; not there yet: {heat}"));

    let at = |user: &str, port: u16| services.settings(&[("amqp_url", &format!("amqp://{user}@localhost:{port}"))]);
    assert!(steps(at(USER, closed_port())).await[0].starts_with("broker connection Failed: connect to broker"));
    assert!(steps(at(OUTSIDER, address.port)).await[1].starts_with("broker sign-in Failed: sign in to broker"));
}
