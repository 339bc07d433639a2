//! A collector of traces: takes OTLP as JSON over HTTP and keeps the spans, or refuses them.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) trace: String,
    pub(crate) id: String,
    /// Empty: a trace begins here.
    pub(crate) parent: String,
    pub(crate) name: String,
    pub(crate) attributes: BTreeMap<String, Value>,
    /// Of the process it comes from.
    pub(crate) of: BTreeMap<String, Value>,
    /// Traces it is linked to.
    pub(crate) links: Vec<String>,
}

#[derive(Debug, Default)]
struct Kept {
    spans: Vec<Span>,
    /// Everything as it came, heads of requests included.
    raw: Vec<String>,
}

pub(crate) struct Sink {
    pub(crate) url: String,
    kept: Arc<Mutex<Kept>>,
    task: JoinHandle<()>,
}

impl Sink {
    /// `status`: what every request is answered with.
    pub(crate) async fn start(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kept: Arc<Mutex<Kept>> = Arc::default();
        let into = Arc::clone(&kept);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, status, Arc::clone(&into)));
            }
        });
        Self { url, kept, task }
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        self.kept.lock().unwrap().spans.clone()
    }

    /// Everything that was sent, as text.
    pub(crate) fn raw(&self) -> Vec<String> {
        self.kept.lock().unwrap().raw.clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, status: u16, kept: Arc<Mutex<Kept>>) {
    let mut stream = BufReader::new(stream);
    while let Ok(Some((head, body))) = request(&mut stream).await {
        {
            let mut kept = kept.lock().unwrap();
            kept.spans.extend(spans(&serde_json::from_slice(&body).unwrap_or_default()));
            kept.raw.extend([head, String::from_utf8_lossy(&body).into_owned()]);
        }
        let answer = format!("HTTP/1.1 {status} as told\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Head and body; none when the other side has closed.
async fn request(stream: &mut BufReader<TcpStream>) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Ok(None);
        }
    }
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    Ok(Some((head, body)))
}

fn spans(body: &Value) -> Vec<Span> {
    let mut found = Vec::new();
    for of_process in list(&body["resourceSpans"]) {
        let of = attributes(&of_process["resource"]);
        for span in list(&of_process["scopeSpans"]).iter().flat_map(|scope| list(&scope["spans"])) {
            found.push(Span {
                trace: text(&span["traceId"]),
                id: text(&span["spanId"]),
                parent: text(&span["parentSpanId"]),
                name: text(&span["name"]),
                attributes: attributes(span),
                of: of.clone(),
                links: list(&span["links"]).iter().map(|link| text(&link["traceId"])).collect(),
            });
        }
    }
    found
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// `{"key": …, "value": {"stringValue": …}}`, each.
fn attributes(of: &Value) -> BTreeMap<String, Value> {
    let value = |pair: &Value| pair["value"].as_object().and_then(|value| value.values().next().cloned());
    list(&of["attributes"]).iter().filter_map(|pair| Some((text(&pair["key"]), value(pair)?))).collect()
}
