//! A cloud's side of a broker: services that notify, each test under names of its own.

use std::time::{Duration, Instant};

use lapin::options::{
    BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
    QueueDeleteOptions, QueuePurgeOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, ExchangeKind};
use serde_json::json;
use stocktake_provider::{Begin, Caught, Configuration, EventSource, EventStream, Position, ProviderError, Secret};
use stocktake_testkit::broker::{Address, PASSWORD, USER};

use crate::events::source;

/// Longer than anything takes; a test that waits so long has failed.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// Services of one cloud at one broker.
pub(super) struct Services {
    pub(super) channel: Channel,
    /// Before every exchange's name: tests share a broker.
    pub(super) prefix: String,
    address: Address,
    _connection: Connection,
}

impl Services {
    pub(super) async fn at(address: &Address) -> Self {
        let url = format!("amqp://{USER}:{PASSWORD}@localhost:{}/%2F", address.port);
        let connection = Connection::connect(&url, ConnectionProperties::default()).await.expect("a connection");
        let channel = connection.create_channel().await.expect("a channel");
        channel.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms");
        let prefix = format!("t{}-", uuid::Uuid::now_v7().simple());
        Self { channel, prefix, address: address.clone(), _connection: connection }
    }

    /// The same services, whose broker was restarted.
    pub(super) async fn reconnected(self) -> Self {
        Self { prefix: self.prefix, ..Self::at(&self.address).await }
    }

    pub(super) fn named(&self, exchange: &str) -> String {
        format!("{}{exchange}", self.prefix)
    }

    /// As a service does at its first notification.
    pub(super) async fn declare(&self, exchange: &str, durable: bool) {
        let options = ExchangeDeclareOptions { durable, ..ExchangeDeclareOptions::default() };
        let name = self.named(exchange).as_str().into();
        self.channel.exchange_declare(name, ExchangeKind::Topic, options, FieldTable::default()).await.expect("an exchange");
    }

    /// In an envelope, as oslo.messaging sends it. Returns when the broker has it.
    pub(super) async fn notify(&self, exchange: &str, key: &str, id: &str) {
        let inner = json!({"message_id": id, "event_type": "compute.instance.update", "priority": "INFO",
            "publisher_id": "compute.a", "timestamp": "2026-11-22 07:38:04.014853", "payload": {"instance_id": id},
            "_context_auth_token": "hidden"});
        let envelope = json!({"oslo.version": "2.0", "oslo.message": inner.to_string()});
        self.send(exchange, key, envelope.to_string().as_bytes()).await;
    }

    pub(super) async fn send(&self, exchange: &str, key: &str, body: &[u8]) {
        let exchange = self.named(exchange).as_str().into();
        let options = BasicPublishOptions::default();
        let sent = self.channel.basic_publish(exchange, key.into(), options, body, BasicProperties::default()).await;
        sent.expect("a message is sent").await.expect("the broker has it");
    }

    /// Another consumer's queue, of which nothing may be missing.
    pub(super) async fn others_queue(&self, exchange: &str) -> String {
        let queue = self.named("ceilometer");
        let options = QueueDeclareOptions { auto_delete: true, ..QueueDeclareOptions::default() };
        self.channel.queue_declare(queue.as_str().into(), options, FieldTable::default()).await.expect("a queue");
        let (exchange, key) = (self.named(exchange), "notifications.info");
        let bound = self.channel.queue_bind(
            queue.as_str().into(),
            exchange.as_str().into(),
            key.into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        );
        bound.await.expect("a binding");
        queue
    }

    /// Messages that wait in it; those under way do not count.
    pub(super) async fn waiting(&self, queue: &str) -> u32 {
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let found = self.channel.queue_declare(queue.into(), passive, FieldTable::default()).await;
        found.expect("the queue is there").message_count()
    }

    pub(super) async fn delete(&self, queue: &str) {
        self.channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.expect("the queue is deleted");
    }

    pub(super) async fn purge(&self, queue: &str) {
        self.channel.queue_purge(queue.into(), QueuePurgeOptions::default()).await.expect("the queue is emptied");
    }

    pub(super) fn settings(&self, more: &[(&str, &str)]) -> Configuration {
        let mut c = Configuration::default();
        let (url, exchanges) = (format!("amqp://{USER}@localhost:{}", self.address.port), self.named("nova"));
        let usual =
            [("auth_url", "http://127.0.0.1:1"), ("username", "a"), ("amqp_url", &url), ("amqp_exchanges", &exchanges)];
        for (name, value) in usual.iter().chain(more) {
            c.settings.insert((*name).to_owned(), (*value).to_owned());
        }
        c.secrets.insert("password".to_owned(), Secret::from("a"));
        c.secrets.insert("amqp_password".to_owned(), Secret::from(PASSWORD));
        c
    }

    pub(super) fn source(&self, more: &[(&str, &str)]) -> std::sync::Arc<dyn EventSource> {
        source_of(&self.settings(more))
    }
}

pub(super) fn source_of(c: &Configuration) -> std::sync::Arc<dyn EventSource> {
    source(c).expect("a source").expect("events are wanted")
}

/// Connected for the first time, with its position.
pub(super) async fn first(source: &dyn EventSource) -> (Box<dyn EventStream>, Position) {
    let stream = source.connect(None).await.expect("a stream");
    match stream.begin() {
        Begin::First(position) => (stream, position),
        other => panic!("{other:?}"),
    }
}

pub(super) fn refused(connected: Result<Box<dyn EventStream>, ProviderError>) -> ProviderError {
    match connected {
        Ok(stream) => panic!("connected: {:?}", stream.begin()),
        Err(error) => error,
    }
}

/// Takes until so many came.
pub(super) async fn take(stream: &mut dyn EventStream, count: usize) -> Caught {
    let mut all = Caught::default();
    let begun = Instant::now();
    while all.events.len() + all.poison.len() < count {
        assert!(begun.elapsed() < DEADLINE, "{} came of {count}", all.events.len() + all.poison.len());
        let caught = stream.next(count).await.expect("events");
        all.events.extend(caught.events);
        all.poison.extend(caught.poison);
    }
    all
}

pub(super) fn keys(caught: &Caught) -> Vec<&str> {
    caught.events.iter().map(|event| event.key.as_str()).collect()
}

/// The error that ends a stream.
pub(super) async fn end(stream: &mut dyn EventStream) -> ProviderError {
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < DEADLINE, "the stream does not end");
        if let Err(error) = stream.next(100).await {
            return error;
        }
    }
}

/// A stream once the broker has seen that the last connection is gone.
pub(super) async fn again(source: &dyn EventSource, position: &Position) -> Box<dyn EventStream> {
    let begun = Instant::now();
    loop {
        match source.connect(Some(position)).await {
            Ok(stream) => return stream,
            Err(error) => assert!(begun.elapsed() < DEADLINE, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
