//! Serves a simulated cloud: `cargo run -p stocktake-fakecloud --example serve -- SERVERS PORT`, both optional.

use stocktake_fakecloud::{CloudSpec, FakeCloud, serve};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let spec = arguments.next().and_then(|n| n.parse().ok()).map_or_else(CloudSpec::demo, CloudSpec::scale);
    let port = arguments.next().and_then(|p| p.parse().ok()).unwrap_or(0);
    let builder = FakeCloud::builder(spec).port(port);
    serve(builder, |cloud| eprintln!("{} (admin / secret)", cloud.auth_url()), std::future::pending()).await
}
