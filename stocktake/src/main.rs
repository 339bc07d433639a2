//! The one binary: names the providers there are and hands over to the command line.

use std::process::ExitCode;
use std::sync::Arc;

use stocktake_cli::{Imported, Kind};
use stocktake_openstack::OpenStack;
use stocktake_openstack::config::{Environment, find_cloud};

fn main() -> ExitCode {
    // One TLS implementation for everything, chosen before anybody connects. It fails only if another was chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let kinds = vec![Kind { provider: Arc::new(OpenStack), import: Some(openstack_settings) }];
    let code = runtime.block_on(stocktake_cli::run(kinds));
    // What still waits (a name resolution, a connection that hangs) must not keep the program from ending.
    runtime.shutdown_background();
    code
}

/// Settings of a cloud where other OpenStack clients find them.
fn openstack_settings(cloud: Option<&str>) -> Result<Imported, String> {
    let found = find_cloud(&Environment::of_process(), cloud).map_err(|error| error.to_string())?;
    let source = match (&found.name, &found.file) {
        (Some(name), Some(file)) => format!("cloud '{name}' in {}", file.display()),
        _ => "the environment's OS_ variables".to_owned(),
    };
    Ok(Imported { configuration: found.configuration, source })
}
