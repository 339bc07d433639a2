//! `provider test`: whether a broker answers, lets us in, and lets us have a queue that notifications reach.

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use stocktake_provider::ProviderError;
use uuid::Uuid;

use super::link::{Link, name};
use super::{Brokers, queue};

/// The steps by their names, as far as they were made: what was found, or what failed.
pub(crate) async fn check(brokers: &Brokers) -> Vec<(&'static str, Result<String, ProviderError>)> {
    let mut steps = Vec::new();
    let link = brokers.link().await;
    let link = match link {
        Ok(link) => link,
        Err(error) if error.call.starts_with("connect") => return vec![("broker connection", Err(error))],
        Err(error) => {
            return vec![("broker connection", Ok("a broker answers".to_owned())), ("broker sign-in", Err(error))];
        }
    };
    let tls = if brokers.tls.is_some() { ", with TLS" } else { "" };
    steps.push(("broker connection", Ok(format!("{} answers{tls}", link.broker))));
    steps.push(("broker sign-in", Ok(format!("signed in as {} to vhost {}", brokers.amqp.user, brokers.amqp.vhost))));
    steps.push(("broker queue", with_a_queue(brokers, &link).await));
    steps
}

/// With a queue that goes with the connection, and no exchange made: a test leaves nothing behind.
async fn with_a_queue(brokers: &Brokers, link: &Link) -> Result<String, ProviderError> {
    let (there, missing) = queue::exchanges(link, &brokers.amqp.exchanges).await?;
    let own = format!("stocktake.{}", Uuid::now_v7());
    let channel = link.channel().await?;
    let options = QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
    let what = format!("declare queue {own}");
    link.within(&what, channel.queue_declare(name(&own), options, FieldTable::default())).await?;
    for exchange in &there {
        queue::bind_to(link, &channel, &brokers.amqp, &own, exchange).await?;
    }
    let listened = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
    let silent = if missing.is_empty() { String::new() } else { format!("; not there yet: {}", missing.join(", ")) };
    Ok(format!("may have a queue; exchanges {listened}{silent}"))
}
