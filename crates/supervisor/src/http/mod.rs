//! What is served over HTTP: `/livez`, `/readyz` and `/metrics`. It asks for no password and tells no secret; who may reach
//! it is decided by the address it listens on.
//!
//! Answers from the loop's [`Health`] and from the database. Decides nothing, and nothing waits for it.

mod event_metrics;
mod exposition;
mod metrics;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use stocktake_queue::Queue;
use stocktake_store::Store;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::error::SupervisorError;
use crate::health::Health;

/// Metrics are read from the database at most so often, however many ask.
const KEPT: Duration = Duration::from_secs(3);
/// Whoever asks gives up soon after; an answer that says why is better than none.
const PATIENCE: Duration = Duration::from_secs(5);

/// A listener for them. A port that is taken is an error now, not a silence later.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, SupervisorError> {
    TcpListener::bind(address).await.map_err(|source| SupervisorError::Listen { address, source })
}

/// Serves for ever.
pub(crate) async fn serve(listener: TcpListener, endpoints: Endpoints) {
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "serving /livez, /readyz and /metrics");
    }
    let router = Router::new()
        .route("/livez", get(async |State(endpoints): State<Arc<Endpoints>>| verdict(endpoints.health.live())))
        .route("/readyz", get(async |State(endpoints): State<Arc<Endpoints>>| verdict(endpoints.ready().await)))
        .route("/metrics", get(async |State(endpoints): State<Arc<Endpoints>>| page(endpoints.metrics().await)))
        .with_state(Arc::new(endpoints));
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "/livez, /readyz and /metrics are served no more");
    }
}

pub(crate) struct Endpoints {
    store: Store,
    queue: Queue,
    health: Health,
    version: String,
    /// The last page, and when it was read. Locked while one reads, so that the others wait for it instead of reading, too.
    page: Mutex<Option<(Instant, Arc<str>)>>,
}

impl Endpoints {
    pub(crate) fn new(store: Store, queue: Queue, health: Health, version: String) -> Self {
        Self { store, queue, health, version, page: Mutex::default() }
    }

    /// Whether this server does its work; the error says why not.
    async fn ready(&self) -> Result<(), String> {
        self.health.ready()?;
        match timeout(PATIENCE, self.store.check_schema()).await {
            Ok(fits) => fits.map_err(|error| error.to_string()),
            Err(_) => Err(format!("the database did not answer within {} s", PATIENCE.as_secs())),
        }
    }

    async fn metrics(&self) -> Arc<str> {
        let mut kept = self.page.lock().await;
        if let Some((read, page)) = &*kept
            && read.elapsed() < KEPT
        {
            return Arc::clone(page);
        }
        let numbers = match timeout(PATIENCE, metrics::read(&self.store, &self.queue)).await {
            Ok(Ok(numbers)) => Some(numbers),
            Ok(Err(error)) => {
                tracing::warn!(%error, "metrics cannot be read from the database");
                None
            }
            Err(_) => None,
        };
        let page: Arc<str> = metrics::page(&self.version, numbers.as_ref()).into();
        *kept = Some((Instant::now(), Arc::clone(&page)));
        page
    }
}

fn verdict(well: Result<(), String>) -> Response {
    match well {
        Ok(()) => (StatusCode::OK, "ok\n").into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

fn page(page: Arc<str>) -> Response {
    ([(CONTENT_TYPE, exposition::CONTENT_TYPE)], page.to_string()).into_response()
}
