//! Where to begin: in the queue that was ours, or in a new one.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};
use stocktake_provider::{Begin, BoxFuture, ErrorKind, EventSource, EventStream, Position, ProviderError};
use uuid::Uuid;

use super::link::{Link, name};
use super::stream::Stream;
use super::{Brokers, queue};

/// Notifications of one cloud.
#[derive(Debug)]
pub(crate) struct Source {
    brokers: Brokers,
    /// The queue that was made last, until somebody comes back for it. Who could not keep its position comes without, and
    /// gets it once more: a queue for each attempt would fill the broker.
    made: Mutex<Option<String>>,
}

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
        Self { brokers, made: Mutex::default() }
    }

    async fn stream(&self, from: Option<&Position>) -> Result<Stream, ProviderError> {
        let amqp = &self.brokers.amqp;
        self.is_kept(from);
        let link = self.brokers.link().await?;
        let (begin, queue) = match from {
            None => {
                let queue = self.made_before();
                (Begin::First(Position(queue.clone())), queue)
            }
            Some(position) => match queue::find(&link, &position.0).await? {
                Some(waiting) if waiting >= amqp.queue_length => {
                    let why = format!("the queue {} was full ({waiting} messages): the oldest were dropped", position.0);
                    (Begin::Gap { why, position: position.clone() }, position.0.clone())
                }
                Some(_) => (Begin::Resumed, position.0.clone()),
                None => {
                    let why = format!(
                        "the broker does not have the queue {} any more: it was restarted, or nobody listened for {:?}",
                        position.0, amqp.queue_expires
                    );
                    let queue = self.made_before();
                    (Begin::Gap { why, position: Position(queue.clone()) }, queue)
                }
            },
        };
        if from.is_none_or(|position| position.0 != queue) {
            queue::declare(&link, amqp, &queue).await?;
        }
        // Also of a queue that was there: the settings may name other exchanges now.
        queue::bind(&link, amqp, &queue).await?;
        let (channel, consumer) = consume(&link, &queue, amqp.prefetch).await?;
        Ok(Stream::new(begin, link, channel, consumer, queue))
    }

    fn is_kept(&self, from: Option<&Position>) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.take_if(|made| from.is_some_and(|position| position.0 == *made));
    }

    fn made_before(&self) -> String {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.get_or_insert_with(|| format!("stocktake.{}", Uuid::now_v7())).clone()
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
