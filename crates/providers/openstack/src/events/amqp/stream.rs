//! What comes out of our queue, and the acknowledgement once it is stored. Nothing is acknowledged before.

use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use lapin::message::Delivery;
use lapin::options::BasicAckOptions;
use lapin::{Channel, Consumer};
use stocktake_provider::{Begin, BoxFuture, Caught, ErrorKind, EventStream, ProviderError};
use tokio::time::timeout;

use super::error::{at_work, failed};
use super::link::Link;
use crate::events::decode::decode;

/// After so long without a message the source says that it lives.
const IDLE: Duration = Duration::from_secs(10);

pub(super) struct Stream {
    begin: Begin,
    queue: String,
    consumer: Consumer,
    channel: Channel,
    /// The delivery that was given last, and is not acknowledged.
    given: Option<u64>,
    link: Link,
}

impl Stream {
    pub(super) fn new(begin: Begin, link: Link, channel: Channel, consumer: Consumer, queue: String) -> Self {
        Self { begin, queue, consumer, channel, given: None, link }
    }

    fn call(&self) -> String {
        format!("listen to queue {} on broker {}", self.queue, self.link.broker)
    }

    fn take(&mut self, delivered: Option<lapin::Result<Delivery>>, caught: &mut Caught) -> Result<(), ProviderError> {
        let delivery = match delivered {
            Some(Ok(delivery)) => delivery,
            Some(Err(error)) => return Err(at_work(&self.call(), &error)),
            None => {
                let message = "the broker ended it: the queue was deleted";
                return Err(failed(&self.call(), ErrorKind::Server, message, "it is made anew, and what it held is lost"));
            }
        };
        self.given = Some(delivery.delivery_tag);
        match decode(format!("{} {}", delivery.exchange, delivery.routing_key), &delivery.data) {
            Ok(event) => caught.events.push(event),
            Err(poison) => caught.poison.push(poison),
        }
        Ok(())
    }
}

impl EventStream for Stream {
    fn begin(&self) -> Begin {
        self.begin.clone()
    }

    fn next(&mut self, most: usize) -> BoxFuture<'_, Result<Caught, ProviderError>> {
        Box::pin(async move {
            let mut caught = Caught::default();
            // The only place to wait: whoever is dropped here has taken nothing.
            let Ok(first) = timeout(IDLE, self.consumer.next()).await else { return Ok(caught) };
            self.take(first, &mut caught)?;
            while caught.events.len() + caught.poison.len() < most {
                let Some(more) = self.consumer.next().now_or_never() else { break };
                self.take(more, &mut caught)?;
            }
            Ok(caught)
        })
    }

    fn stored(&mut self) -> BoxFuture<'_, Result<(), ProviderError>> {
        Box::pin(async move {
            let Some(tag) = self.given.take() else { return Ok(()) };
            let all = BasicAckOptions { multiple: true };
            self.link.within("acknowledge", self.channel.basic_ack(tag, all)).await
        })
    }
}
