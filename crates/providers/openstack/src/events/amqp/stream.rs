//! What comes out of our queue, and the acknowledgement once it is stored. Nothing is acknowledged before.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use futures_util::{FutureExt as _, StreamExt as _};
use lapin::message::Delivery;
use lapin::options::BasicAckOptions;
use lapin::{Channel, Consumer};
use stocktake_provider::{Begin, BoxFuture, Caught, ErrorKind, EventStream, ProviderError};
use tokio::time::timeout;

use super::error::{at_work, failed};
use super::link::Link;
use super::position::Place;
use super::queue;
use super::source::Lost;
use super::watch::Fullness;
use crate::events::decode::decode;

/// After so long without a message the source says that it lives.
const IDLE: Duration = Duration::from_secs(10);

/// After so long exchanges that are missing are looked for, at first and at most. After a broker's restart they come back
/// within seconds; one that the cloud does not have would only fill the broker's log.
const MISSING: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(1));

pub(super) struct Stream {
    begin: Begin,
    /// How it begins, to whoever listens.
    told: bool,
    place: Place,
    fullness: Fullness,
    /// When exchanges that are missing were last looked for.
    looked: Instant,
    pause: Duration,
    /// Shared with the source, which outlives us.
    lost: Lost,
    consumer: Consumer,
    channel: Channel,
    /// The delivery that was given last, and is not acknowledged.
    given: Option<u64>,
    link: Link,
}

impl Stream {
    /// `length`: what the queue keeps.
    pub(super) fn new(
        begin: Begin,
        link: Link,
        channel: Channel,
        consumer: Consumer,
        place: Place,
        length: u32,
        lost: Lost,
    ) -> Self {
        let now = Instant::now();
        let told = (begin != Begin::Resumed).then_some(now);
        let fullness = Fullness::new(length, told);
        Self {
            begin,
            told: false,
            place,
            fullness,
            looked: now,
            pause: MISSING.0,
            lost,
            consumer,
            channel,
            given: None,
            link,
        }
    }

    fn call(&self) -> String {
        format!("listen to queue {} on broker {}", self.place.queue, self.link.broker)
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

    /// Ends the session once the broker dropped messages of ours.
    async fn look_whether_full(&mut self) -> Result<(), ProviderError> {
        if !self.fullness.is_due(Instant::now()) {
            return Ok(());
        }
        // One that is gone is told by the consumer.
        let Some(waiting) = queue::find(&self.link, &self.place.queue).await? else { return Ok(()) };
        let ends = self.fullness.lost(waiting, Instant::now());
        let queue = &self.place.queue;
        let why = format!("the queue {queue} ran over while it was read ({waiting} messages wait): the oldest were dropped");
        if ends || self.fullness.is_full() {
            // Whatever ends the session, the next one knows.
            *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.clone());
        }
        if ends { Err(failed(&self.call(), ErrorKind::Server, why, "a full refresh follows")) } else { Ok(()) }
    }

    /// Ends the session once there is an exchange that was missing: the next one binds it.
    async fn look_for_exchanges(&mut self) -> Result<(), ProviderError> {
        if self.place.without.is_empty() || self.looked.elapsed() < self.pause {
            return Ok(());
        }
        let (came, _) = queue::exchanges(&self.link, &self.place.without).await?;
        if let [_, ..] = came[..] {
            // Its position says that it was without them.
            let came = came.join(", ");
            return Err(failed(
                &self.call(),
                ErrorKind::Server,
                format!("there is an exchange {came} now"),
                "it is bound at once",
            ));
        }
        self.looked = Instant::now();
        self.pause = (self.pause * 2).min(MISSING.1);
        Ok(())
    }

    /// Whoever listens has kept how we begin.
    fn is_told(&mut self) {
        if !std::mem::replace(&mut self.told, true) && self.begin != Begin::Resumed {
            self.lost.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }
}

impl EventStream for Stream {
    fn begin(&self) -> Begin {
        self.begin.clone()
    }

    fn next(&mut self, most: usize) -> BoxFuture<'_, Result<Caught, ProviderError>> {
        Box::pin(async move {
            self.is_told();
            self.look_for_exchanges().await?;
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
            // Before the acknowledgement, which makes room. What was stored is acknowledged all the same.
            let looked = self.look_whether_full().await;
            let all = BasicAckOptions { multiple: true };
            self.link.within("acknowledge", self.channel.basic_ack(tag, all)).await?;
            looked
        })
    }
}
