//! Tells somebody else's program of an event: one signed POST. Nobody answers for the other side, so the queue tries again
//! for hours, and what it refuses is parked for a person.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stocktake_http::{HeaderMap, HeaderName};
use stocktake_queue::Lane;
use stocktake_rules::{HeaderValue, Webhook, WebhookAddress};
use stocktake_worker::{Doing, Ended};

use crate::context::Context;
use crate::job::Job;
use crate::lanes;
use crate::rules::Cause;

/// With the queue's back-off (a quarter of an hour at most) some four hours.
const ATTEMPTS: u16 = 24;

/// What is kept of an answer, to be told.
const ANSWER: usize = 500;

/// A shorter key signs nothing.
const SHORTEST_KEY: usize = 16;

/// What is sent is kept as it was when the event was stored, so that every attempt says the same. The secret is not kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendWebhook {
    pub cause: Cause,
    pub webhook: Webhook,
    pub body: Value,
}

impl Job for SendWebhook {
    const KIND: &'static str = "webhook";
    const MAX_ATTEMPTS: u16 = ATTEMPTS;

    fn lane(&self) -> Lane {
        Lane::shared(lanes::ACTIONS)
    }

    fn merge_key(&self) -> Option<String> {
        None
    }

    async fn run(self, context: &Context, doing: &Doing) -> Ended {
        doing.report.doing(format!("webhook of rule {}", self.cause.rule));
        let prepared = match prepare(&self, now()).await {
            Ok(prepared) => prepared,
            // Files that are missing or open to all: a person mends them and says `queue retry`.
            Err(why) => return Ended::Never(why),
        };
        let client = match context.webhooks() {
            Ok(client) => client,
            Err(error) => return Ended::Again(error.to_string()),
        };
        let request = client.post(&prepared.url).headers(prepared.headers).body(prepared.body).timeout(self.webhook.timeout);
        tokio::select! {
            answer = request.send() => match answer {
                Ok(answer) => ended(answer).await,
                // Without the address: it may be a secret.
                Err(error) => Ended::Again(told(error.without_url(), self.webhook.timeout)),
            },
            () = doing.stop.asked() => Ended::HandBack { why: "it was interrupted".to_owned(), after: Duration::ZERO },
        }
    }
}

struct Prepared {
    url: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// `now` in seconds since 1970.
async fn prepare(job: &SendWebhook, now: i64) -> Result<Prepared, String> {
    let url = match &job.webhook.address {
        WebhookAddress::Url(url) => url.clone(),
        WebhookAddress::File(path) => secret("address", path).await?,
    };
    let body = job.body.to_string().into_bytes();
    let mut headers = HeaderMap::new();
    let mut set = |name: &str, value: &str| {
        let parsed = HeaderName::try_from(name).ok().zip(stocktake_http::HeaderValue::try_from(value).ok());
        let (name, mut value) =
            parsed.ok_or_else(|| format!("the header {name} cannot be sent: its value is no line of text"))?;
        value.set_sensitive(true);
        headers.insert(name, value);
        Ok::<_, String>(())
    };
    for (name, value) in &job.webhook.headers {
        match value {
            HeaderValue::Text(text) => set(name, text)?,
            HeaderValue::File(path) => set(name, &secret(name, path).await?)?,
        }
    }
    set("content-type", "application/json")?;
    set("stocktake-delivery", &job.cause.delivery)?;
    if let Some(path) = &job.webhook.secret_file {
        let key = secret("key", path).await?;
        if key.len() < SHORTEST_KEY {
            return Err(format!("the key in {} is shorter than {SHORTEST_KEY} bytes", path.display()));
        }
        set("stocktake-signature", &signature(key.as_bytes(), now, &body))?;
    }
    Ok(Prepared { url, headers, body })
}

/// `t=SECONDS,v1=HEX`: HMAC-SHA256 over the seconds, a dot and the body, so that an old message cannot be sent again later.
pub(crate) fn signature(key: &[u8], seconds: i64, body: &[u8]) -> String {
    use std::fmt::Write as _;
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
    let mut context = ring::hmac::Context::with_key(&key);
    context.update(format!("{seconds}.").as_bytes());
    context.update(body);
    let mut text = format!("t={seconds},v1=");
    for byte in context.sign().as_ref() {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The text of a file that only its owner can read.
async fn secret(what: &str, path: &Path) -> Result<String, String> {
    let shown = path.display();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let about =
            tokio::fs::metadata(path).await.map_err(|error| format!("the {what} in {shown} cannot be read: {error}"))?;
        if about.permissions().mode() & 0o077 != 0 {
            return Err(format!("the {what} in {shown} can be read by others than its owner; say `chmod 600 {shown}`"));
        }
    }
    let text = tokio::fs::read_to_string(path).await;
    let text = text.map_err(|error| format!("the {what} in {shown} cannot be read: {error}"))?;
    let text = text.trim_end_matches(['\r', '\n']).to_owned();
    if text.is_empty() { Err(format!("{shown} holds no {what}: it is empty")) } else { Ok(text) }
}

async fn ended(mut answer: stocktake_http::Response) -> Ended {
    let status = answer.status();
    if status.is_success() {
        return Ended::Done(Some(json!({"status": status.as_u16()})));
    }
    let mut start = Vec::new();
    while start.len() < ANSWER
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        start.extend_from_slice(&chunk);
    }
    let start: String = String::from_utf8_lossy(&start).chars().take(ANSWER).filter(|c| !c.is_control()).collect();
    let why = format!("it answered {status}: {start}");
    // What may go better next time; all else is the sender's fault, which is ours, and stays it.
    if status.is_server_error() || matches!(status.as_u16(), 408 | 429) {
        Ended::Again(why)
    } else if status.is_redirection() {
        Ended::Never(format!("it answered {status}; redirects are not followed, so write the new address into the rule"))
    } else {
        Ended::Never(why)
    }
}

fn told(error: impl std::error::Error, timeout: Duration) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}\n{error}");
        cause = error.source();
    }
    format!("{text}\n(it may take {timeout:?} in all)")
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

#[cfg(test)]
mod tests {
    use super::signature;

    /// Computed by another program: `printf '1764097200.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef`.
    #[test]
    fn the_signature_is_what_others_compute() {
        let expected = "t=1764097200,v1=94d3f406da0389dbed8faa795a90597065966ac2460fdc9a3a24cb4276d55b17";
        assert_eq!(signature(b"0123456789abcdef", 1_764_097_200, br#"{"a":1}"#), expected);
    }
}
