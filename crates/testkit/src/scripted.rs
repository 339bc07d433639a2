//! A source of events in memory that does as it is told: it tells, tells again, loses its queue, fails in each way, and keeps
//! count of what was acknowledged. What it promises is what a broker with a queue of our own promises.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use stocktake_provider::{
    Begin, BoxFuture, Caught, ErrorKind, EventSource, EventStream, Poison, Position, ProviderError, RawEvent,
};
use tokio::sync::Notify;

/// What a call does instead of its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Fails(ErrorKind),
    /// It never answers: for those who are to be killed while they wait for it.
    Hangs,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Event(RawEvent),
    Poison(Poison),
}

/// Cheap to clone; all clones are one broker.
#[derive(Debug, Clone, Default)]
pub struct ScriptedSource {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    broker: Mutex<Broker>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Broker {
    /// Everything told since the queue was made, in its order.
    items: Vec<Item>,
    /// So many of them were acknowledged, and never come again.
    acknowledged: usize,
    /// Queues made so far; the position names the last one and how far it was read.
    queues: u64,
    lost: Option<String>,
    connects: VecDeque<Fault>,
    nexts: VecDeque<Fault>,
    storeds: VecDeque<Fault>,
    /// Where it was asked to go on, each time.
    asked: Vec<Option<Position>>,
    /// An empty answer to be given.
    quiet: bool,
}

impl ScriptedSource {
    pub fn event(n: usize) -> RawEvent {
        let body = format!(r#"{{"event_type":"compute.instance.update","payload":{{"instance_id":"{n}"}}}}"#);
        RawEvent { key: format!("message-{n}"), via: "test".to_owned(), body: Bytes::from(body) }
    }

    pub fn tell(&self, event: RawEvent) {
        self.change(|broker| broker.items.push(Item::Event(event)));
    }

    pub fn tell_all(&self, numbers: std::ops::Range<usize>) {
        self.change(|broker| broker.items.extend(numbers.map(|n| Item::Event(Self::event(n)))));
    }

    /// Something that is no event.
    pub fn poison(&self, reason: &str, body: Vec<u8>) {
        let poison = Poison { via: "test".to_owned(), reason: reason.to_owned(), body: Bytes::from(body) };
        self.change(|broker| broker.items.push(Item::Poison(poison)));
    }

    /// It says that it lives.
    pub fn be_quiet(&self) {
        self.change(|broker| broker.quiet = true);
    }

    /// Whether that it lives is still to be said.
    pub fn is_about_to_answer(&self) -> bool {
        self.broker().quiet
    }

    /// The queue is gone with all that was in it: whoever connects next is told, and why.
    pub fn lose_queue(&self, why: &str) {
        self.change(|broker| {
            broker.lost = Some(why.to_owned());
            broker.items.clear();
            broker.acknowledged = 0;
        });
    }

    pub fn on_connect(&self, fault: Fault) {
        self.change(|broker| broker.connects.push_back(fault));
    }

    pub fn on_next(&self, fault: Fault) {
        self.change(|broker| broker.nexts.push_back(fault));
    }

    pub fn on_stored(&self, fault: Fault) {
        self.change(|broker| broker.storeds.push_back(fault));
    }

    /// How many events and pieces of poison it has forgotten because they are said to be stored.
    pub fn acknowledged(&self) -> usize {
        self.broker().acknowledged
    }

    /// Faults that nobody met yet.
    pub fn faults_left(&self) -> usize {
        let broker = self.broker();
        broker.connects.len() + broker.nexts.len() + broker.storeds.len()
    }

    /// Where it was asked to go on, each time somebody connected.
    pub fn asked(&self) -> Vec<Option<Position>> {
        self.broker().asked.clone()
    }

    fn broker(&self) -> MutexGuard<'_, Broker> {
        self.shared.broker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Broker)) {
        change(&mut self.broker());
        self.shared.changed.notify_waiters();
    }
}

impl EventSource for ScriptedSource {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn connect<'a>(&'a self, from: Option<&'a Position>) -> BoxFuture<'a, Result<Box<dyn EventStream>, ProviderError>> {
        Box::pin(async move {
            let fault = {
                let mut broker = self.broker();
                broker.asked.push(from.cloned());
                broker.connects.pop_front()
            };
            suffer(fault, "connect").await?;
            let mut broker = self.broker();
            let begin = match (from, broker.lost.take()) {
                (None, _) => Begin::First(made(&mut broker)),
                (Some(_), Some(why)) => Begin::Gap { why, position: made(&mut broker) },
                (Some(position), None) => {
                    let read = read(position, broker.queues);
                    // As no real broker would notice: it was told to forget what nobody has.
                    assert!(broker.acknowledged <= read, "acknowledged {} and stored {read}", broker.acknowledged);
                    Begin::Resumed
                }
            };
            // All that was not acknowledged comes again.
            let given = broker.acknowledged;
            Ok(Box::new(Stream { source: self.clone(), begin, given, queue: broker.queues }) as Box<dyn EventStream>)
        })
    }
}

fn made(broker: &mut Broker) -> Position {
    broker.queues += 1;
    at(broker.queues, 0)
}

fn at(queue: u64, read: usize) -> Position {
    Position(format!("{queue}:{read}"))
}

/// How far the queue was read. Panics when the position is not one of the queue that there is.
fn read(position: &Position, queue: u64) -> usize {
    let (of, read) = position.0.split_once(':').expect("a position of this source");
    assert_eq!(of, queue.to_string(), "the queue is still there, but another was read");
    read.parse().expect("a number")
}

async fn suffer(fault: Option<Fault>, call: &str) -> Result<(), ProviderError> {
    match fault {
        None => Ok(()),
        Some(Fault::Hangs) => pending().await,
        Some(Fault::Fails(kind)) => Err(ProviderError {
            kind,
            call: call.to_owned(),
            message: "it does not work".to_owned(),
            hint: Some("look at the broker".to_owned()),
        }),
    }
}

struct Stream {
    source: ScriptedSource,
    begin: Begin,
    /// So many items were given by this or earlier streams.
    given: usize,
    queue: u64,
}

impl EventStream for Stream {
    fn begin(&self) -> Begin {
        self.begin.clone()
    }

    fn next(&mut self, most: usize) -> BoxFuture<'_, Result<Caught, ProviderError>> {
        Box::pin(async move {
            loop {
                let shared = Arc::clone(&self.source.shared);
                // Before looking: what is told in between is not missed.
                let mut changed = std::pin::pin!(shared.changed.notified());
                changed.as_mut().enable();
                let fault = self.source.broker().nexts.pop_front();
                suffer(fault, "next").await?;
                if let Some(caught) = self.take(most) {
                    return Ok(caught);
                }
                changed.await;
            }
        })
    }

    fn stored(&mut self) -> BoxFuture<'_, Result<(), ProviderError>> {
        Box::pin(async move {
            let fault = self.source.broker().storeds.pop_front();
            suffer(fault, "stored").await?;
            let mut broker = self.source.broker();
            // The queue may be another by now.
            if broker.queues == self.queue && broker.lost.is_none() {
                broker.acknowledged = self.given;
            }
            Ok(())
        })
    }
}

impl Stream {
    fn take(&mut self, most: usize) -> Option<Caught> {
        let mut broker = self.source.broker();
        let mut caught = Caught::default();
        if std::mem::take(&mut broker.quiet) {
            return Some(caught);
        }
        if self.given >= broker.items.len() {
            return None;
        }
        let until = broker.items.len().min(self.given + most);
        for item in &broker.items[self.given..until] {
            match item {
                Item::Event(event) => caught.events.push(event.clone()),
                Item::Poison(poison) => caught.poison.push(poison.clone()),
            }
        }
        self.given = until;
        caught.position = Some(at(self.queue, until));
        Some(caught)
    }
}
