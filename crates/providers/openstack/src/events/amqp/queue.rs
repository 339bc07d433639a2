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

/// Lets the notifications of all exchanges into a queue; what is bound already stays so. Gives those that are not there and
/// cannot be made: a service that never told anything, or one that this cloud does not have.
pub(super) async fn bind(link: &Link, amqp: &Amqp, queue: &str) -> Result<Vec<String>, ProviderError> {
    let (there, missing) = exchanges(link, &amqp.exchanges).await?;
    let durable = if missing.is_empty() { None } else { durability(link, &there).await? };
    let channel = link.channel().await?;
    for exchange in there {
        bind_to(link, &channel, amqp, queue, exchange).await?;
    }
    let mut left_out = Vec::new();
    for exchange in missing {
        if let Some(durable) = durable
            && is_declared(link, exchange, durable).await?
        {
            bind_to(link, &channel, amqp, queue, exchange).await?;
        } else {
            left_out.push(exchange.to_owned());
        }
    }
    if !left_out.is_empty() {
        tracing::warn!(exchanges = left_out.join(","), "not there yet; bound once their services have made them");
    }
    Ok(left_out)
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
pub(super) async fn exchanges<'a>(link: &Link, names: &'a [String]) -> Result<(Vec<&'a str>, Vec<&'a str>), ProviderError> {
    let (mut there, mut missing) = (Vec::new(), Vec::new());
    let passive = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
    for exchange in names {
        match declared(link, exchange, passive).await {
            Ok(()) => there.push(exchange.as_str()),
            Err(error) if error.kind == ErrorKind::NotFound => missing.push(exchange.as_str()),
            Err(error) => return Err(error),
        }
    }
    Ok((there, missing))
}

/// Whether this cloud's exchanges are durable. A service that finds its own with other properties than it wants cannot
/// notify any more: what we make must be as the rest is, to the last property, which only a declaration that another
/// accepts can prove. None: nobody could say.
async fn durability(link: &Link, there: &[&str]) -> Result<Option<bool>, ProviderError> {
    for exchange in there {
        for durable in [false, true] {
            if is_declared(link, exchange, durable).await? {
                return Ok(Some(durable));
            }
        }
    }
    Ok(None)
}

/// Whether there is an exchange with these properties, now at the latest. Not so if the broker has another, or if the user
/// may not configure it.
async fn is_declared(link: &Link, exchange: &str, durable: bool) -> Result<bool, ProviderError> {
    match declared(link, exchange, ExchangeDeclareOptions { durable, ..ExchangeDeclareOptions::default() }).await {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.kind, ErrorKind::Configuration | ErrorKind::Forbidden) => Ok(false),
        Err(error) => Err(error),
    }
}

/// On a channel of its own, since a refusal closes it.
async fn declared(link: &Link, exchange: &str, options: ExchangeDeclareOptions) -> Result<(), ProviderError> {
    let channel = link.channel().await?;
    let what = format!("{} exchange {exchange}", if options.passive { "look for" } else { "declare" });
    link.within(&what, channel.exchange_declare(name(exchange), ExchangeKind::Topic, options, FieldTable::default())).await
}
