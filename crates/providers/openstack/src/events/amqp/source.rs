//! Where to begin: in the queue that was ours, or in a new one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};
use stocktake_provider::{Begin, BoxFuture, ErrorKind, EventSource, EventStream, Position, ProviderError};

use super::link::{Link, name};
use super::position::{Place, length_of, new_queue};
use super::stream::Stream;
use super::{Brokers, queue};

/// Notifications of one cloud.
#[derive(Debug)]
pub(crate) struct Source {
    brokers: Brokers,
    /// The queue that was made last, until somebody comes back for it. Who could not keep its position comes without, and
    /// gets it once more: a queue for each attempt would fill the broker.
    made: Mutex<Option<String>>,
    lost: Lost,
}

/// Why the last session ended with something missing, until the gap is told.
pub(super) type Lost = Arc<Mutex<Option<String>>>;

impl EventSource for Source {
    fn name(&self) -> &'static str {
        "amqp"
    }

    fn connect<'a>(&'a self, from: Option<&'a Position>) -> BoxFuture<'a, Result<Box<dyn EventStream>, ProviderError>> {
        Box::pin(async move {
            let stream = self.stream(from).await?;
            Ok(Box::new(stream) as Box<dyn EventStream>)
        })
    }
}

impl Source {
    pub(crate) fn new(brokers: Brokers) -> Self {
        Self { brokers, made: Mutex::default(), lost: Lost::default() }
    }

    async fn stream(&self, from: Option<&Position>) -> Result<Stream, ProviderError> {
        let amqp = &self.brokers.amqp;
        let from = from.map(Place::read);
        self.is_kept(from.as_ref());
        let link = self.brokers.link().await?;
        let (mut why, queue) = match &from {
            None => (None, self.made_before()),
            Some(place) => {
                if let Some(waiting) = queue::find(&link, &place.queue).await? {
                    (self.missing_in(&place.queue, waiting), place.queue.clone())
                } else {
                    let why = format!(
                        "the broker does not have the queue {} any more: it was restarted, or nobody listened for {:?}",
                        place.queue, amqp.queue_expires
                    );
                    (Some(why), self.made_before())
                }
            }
        };
        if from.as_ref().is_none_or(|place| place.queue != queue) {
            queue::declare(&link, amqp, &queue).await?;
        }
        // Also of a queue that was there: the settings may name other exchanges now.
        let place = Place { without: queue::bind(&link, amqp, &queue).await?, queue };
        if let Some(from) = &from {
            why = why.or_else(|| exchanges_since(from, &place));
        }
        let begin = match (&from, why) {
            (None, _) => Begin::First(place.position()),
            (Some(_), None) => Begin::Resumed,
            (Some(_), Some(why)) => Begin::Gap { why, position: place.position() },
        };
        let (channel, consumer) = consume(&link, &place.queue, amqp.prefetch).await?;
        let length = length_of(&place.queue).unwrap_or(amqp.queue_length);
        Ok(Stream::new(begin, link, channel, consumer, place, length, Arc::clone(&self.lost)))
    }

    /// Why something is missing in a queue that is there.
    fn missing_in(&self, queue: &str, waiting: u32) -> Option<String> {
        let full = waiting >= length_of(queue).unwrap_or(self.brokers.amqp.queue_length);
        let full = full.then(|| format!("the queue {queue} was full ({waiting} messages): the oldest were dropped"));
        full.or_else(|| self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn is_kept(&self, from: Option<&Place>) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.take_if(|made| from.is_some_and(|place| place.queue == *made));
    }

    fn made_before(&self) -> String {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.get_or_insert_with(|| new_queue(self.brokers.amqp.queue_length)).clone()
    }
}

/// Why something is missing of an exchange: one came after we were last there, or went.
fn exchanges_since(then: &Place, now: &Place) -> Option<String> {
    let not_in = |some: &[String], others: &[String]| {
        some.iter().filter(|name| !others.contains(name)).cloned().collect::<Vec<_>>().join(", ")
    };
    let (came, went) = (not_in(&then.without, &now.without), not_in(&now.without, &then.without));
    match (came.as_str(), went.as_str()) {
        ("", "") => None,
        ("", went) => Some(format!("there is no exchange {went}, which was there or was not asked for before")),
        (came, _) => Some(format!("the exchange {came} is bound now: what was told through it before was not heard")),
    }
}

/// Alone: two that read one queue would tear the order apart. The broker may take a moment to see that our last connection
/// is gone.
async fn consume(link: &Link, queue: &str, prefetch: u16) -> Result<(Channel, Consumer), ProviderError> {
    const TRIES: u32 = 10;
    const PAUSE: Duration = Duration::from_millis(200);
    let mut tries = 0;
    loop {
        let channel = link.channel().await?;
        link.within("limit what is under way", channel.basic_qos(prefetch, BasicQosOptions::default())).await?;
        let options = BasicConsumeOptions { exclusive: true, ..BasicConsumeOptions::default() };
        let what = format!("listen to queue {queue}");
        let consumer = channel.basic_consume(name(queue), name("stocktake"), options, FieldTable::default());
        match link.within(&what, consumer).await {
            Ok(consumer) => return Ok((channel, consumer)),
            Err(error) if error.kind == ErrorKind::Server && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
}
