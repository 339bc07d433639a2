//! Starting and stopping a cloud: one listener on 127.0.0.1, one task, gone when the handle is dropped.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::control::Control;
use crate::shell::{Cloud, handle};
use crate::socket::{Line, Sockets};
use crate::spec::{CloudSpec, Minor, Options};
use crate::world::World;

/// A running cloud; it stops when this is dropped.
#[derive(Debug)]
pub struct FakeCloud {
    cloud: Arc<Cloud>,
}

impl FakeCloud {
    /// Starts a cloud with the usual behaviour on a free port.
    pub async fn start(spec: CloudSpec) -> io::Result<Self> {
        Self::builder(spec).start().await
    }

    pub fn builder(spec: CloudSpec) -> Builder {
        Builder { spec, options: Options::default() }
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.cloud.world.url
    }

    /// What a client calls `OS_AUTH_URL`.
    pub fn auth_url(&self) -> String {
        format!("{}/identity", self.url())
    }

    /// Changes and watches the cloud; cheap to clone, may outlive the cloud.
    pub fn control(&self) -> Control {
        Control::new(Arc::clone(&self.cloud))
    }
}

impl Drop for FakeCloud {
    fn drop(&mut self) {
        self.cloud.stop.send_replace(true);
    }
}

/// How a cloud is to be set up.
#[derive(Clone, Debug)]
pub struct Builder {
    spec: CloudSpec,
    options: Options,
}

impl Builder {
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    pub fn token_ttl(mut self, ttl: Duration) -> Self {
        self.options.token_ttl = ttl;
        self
    }

    /// The newest compute microversion, 53 for 2.53: an old cloud.
    pub fn compute_max(mut self, minor: Minor) -> Self {
        self.options.compute_max = minor;
        self
    }

    /// The newest volume microversion, 27 for 3.27.
    pub fn volume_max(mut self, minor: Minor) -> Self {
        self.options.volume_max = minor;
        self
    }

    pub fn without_orchestration(mut self) -> Self {
        self.options.orchestration = false;
        self
    }

    /// Deny heat's `global_tenant` even to an admin, as many clouds do.
    pub fn without_global_orchestration(mut self) -> Self {
        self.options.orchestration_global = false;
        self
    }

    /// The most rows any page may have, network included.
    pub fn page_max(mut self, rows: usize) -> Self {
        self.options.page_max = rows.max(1);
        self.options.network_page_max = Some(rows.max(1));
        self
    }

    /// Let heartbeats of services and agents move with the clock.
    pub fn heartbeats(mut self) -> Self {
        self.options.heartbeats = true;
        self
    }

    /// Take "now" from a clock that begins at this second and moves on one second per change.
    pub fn stepping_clock(mut self, start: u64) -> Self {
        self.options.clock = Some(start);
        self
    }

    /// Let the cloud's clock be so many seconds ahead of the machine's, or behind it.
    pub fn clock_ahead(mut self, seconds: i64) -> Self {
        self.options.ahead = seconds;
        self
    }

    /// Listen on this port instead of a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.options.port = port;
        self
    }

    pub async fn start(self) -> io::Result<FakeCloud> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.options.port)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let cloud = Arc::new(Cloud {
            world: World::new(self.spec, self.options, url),
            tokens: crate::auth::Tokens::default(),
            faults: crate::fault::Faults::default(),
            log: crate::requests::Log::default(),
            stop: watch::Sender::new(false),
        });
        let stopped = cloud.stop.subscribe();
        let app = Router::new().fallback(handle).with_state(Arc::clone(&cloud));
        tokio::spawn(run(Sockets(listener), app, stopped));
        Ok(FakeCloud { cloud })
    }
}

async fn run(listener: Sockets, app: Router, mut stopped: watch::Receiver<bool>) {
    let until = async move {
        // An error means the handle is gone, which is the same as being told to stop.
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    if let Err(error) =
        axum::serve(listener, app.into_make_service_with_connect_info::<Line>()).with_graceful_shutdown(until).await
    {
        tracing::error!(%error, "simulated cloud stopped listening");
    }
}

/// Serves a cloud until the future is dropped or `until` resolves, for a process that does nothing else.
///
/// `ready` is called with the running cloud, to print where it listens.
pub async fn serve(builder: Builder, ready: impl FnOnce(&FakeCloud), until: impl Future<Output = ()>) -> io::Result<()> {
    let cloud = builder.start().await?;
    ready(&cloud);
    until.await;
    Ok(())
}
