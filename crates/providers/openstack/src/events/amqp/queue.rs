//! Our queue and what leads into it. Exchanges belong to OpenStack's services: one that is there is never touched, whatever
//! its properties.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};
use stocktake_provider::{ErrorKind, ProviderError};

use super::link::{Link, name};
use crate::config::Amqp;

/// How many messages are in a queue. None: there is no such queue.
pub(super) async fn find(link: &Link, queue: &str) -> Result<Option<u32>, ProviderError> {
    let channel = link.channel().await?;
    let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    let what = format!("look for queue {queue}");
    match link.within(&what, channel.queue_declare(name(queue), passive, FieldTable::default())).await {
        Ok(found) => Ok(Some(found.message_count())),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes it. Transient, so that its bindings cannot be half gone after a restart; not exclusive and not deleted with its
/// consumer, so that it waits for us.
pub(super) async fn declare(link: &Link, amqp: &Amqp, queue: &str) -> Result<(), ProviderError> {
    let mut arguments = FieldTable::default();
    arguments.insert(name("x-expires"), AMQPValue::LongLongInt(amqp.queue_expires.as_millis() as i64));
    arguments.insert(name("x-max-length"), AMQPValue::LongLongInt(amqp.queue_length.into()));
    // Waiting messages lie on the broker's disk, not in its memory.
    arguments.insert(name("x-queue-mode"), AMQPValue::LongString("lazy".into()));
    let channel = link.channel().await?;
    let what = format!("declare queue {queue}");
    link.within(&what, channel.queue_declare(name(queue), QueueDeclareOptions::default(), arguments)).await?;
    Ok(())
}

/// Lets the notifications of all exchanges into a queue; what is bound already stays so.
pub(super) async fn bind(link: &Link, amqp: &Amqp, queue: &str) -> Result<(), ProviderError> {
    let (there, missing) = exchanges(link, amqp).await?;
    if let [_, ..] = missing[..] {
        let durable = match there.first() {
            Some(exchange) => is_durable(link, exchange).await?,
            None => false,
        };
        for exchange in &missing {
            make(link, exchange, durable).await?;
        }
    }
    let channel = link.channel().await?;
    for exchange in &amqp.exchanges {
        bind_to(link, &channel, amqp, queue, exchange).await?;
    }
    Ok(())
}

pub(super) async fn bind_to(
    link: &Link,
    channel: &Channel,
    amqp: &Amqp,
    queue: &str,
    exchange: &str,
) -> Result<(), ProviderError> {
    for topic in &amqp.topics {
        let key = name(&format!("{topic}.*"));
        let what = format!("bind queue {queue} to exchange {exchange}");
        let bound = channel.queue_bind(name(queue), name(exchange), key, QueueBindOptions::default(), FieldTable::default());
        link.within(&what, bound).await?;
    }
    Ok(())
}

/// Which of them there are, and which not: a service makes its exchange when it first has something to tell.
pub(super) async fn exchanges<'a>(link: &Link, amqp: &'a Amqp) -> Result<(Vec<&'a str>, Vec<&'a str>), ProviderError> {
    let (mut there, mut missing) = (Vec::new(), Vec::new());
    let passive = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
    for exchange in &amqp.exchanges {
        match declared(link, exchange, passive).await {
            Ok(()) => there.push(exchange.as_str()),
            Err(error) if error.kind == ErrorKind::NotFound => missing.push(exchange.as_str()),
            Err(error) => return Err(error),
        }
    }
    Ok((there, missing))
}

/// Whether this cloud's exchanges are durable. A service that finds its own with other properties than it wants cannot
/// notify any more: what we make must be as the rest is.
async fn is_durable(link: &Link, exchange: &str) -> Result<bool, ProviderError> {
    match declared(link, exchange, ExchangeDeclareOptions::default()).await {
        Ok(()) => Ok(false),
        Err(error) if error.kind == ErrorKind::Configuration => Ok(true),
        // May not even ask; the making that follows is refused, too, and says so.
        Err(error) if error.kind == ErrorKind::Forbidden => Ok(false),
        Err(error) => Err(error),
    }
}

async fn make(link: &Link, exchange: &str, durable: bool) -> Result<(), ProviderError> {
    let made = declared(link, exchange, ExchangeDeclareOptions { durable, ..ExchangeDeclareOptions::default() }).await;
    made.map_err(|error| match error.kind {
        ErrorKind::Forbidden => ProviderError {
            message: format!("there is none yet, and it may not be made: {}", error.message),
            hint: Some(format!("let the user configure {exchange}, or leave it out of amqp_exchanges")),
            ..error
        },
        _ => error,
    })
}

/// On a channel of its own, since a refusal closes it.
async fn declared(link: &Link, exchange: &str, options: ExchangeDeclareOptions) -> Result<(), ProviderError> {
    let channel = link.channel().await?;
    let what = format!("{} exchange {exchange}", if options.passive { "look for" } else { "declare" });
    link.within(&what, channel.exchange_declare(name(exchange), ExchangeKind::Topic, options, FieldTable::default())).await
}
