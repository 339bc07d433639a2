//! The control over HTTP, for a cloud in a process of its own.
//!
//! `POST /_control/VERB` with a JSON body does what the method of that name on [`Control`] does; `GET /_control/requests`,
//! `/faults`, `/spec` and `/ids/KIND` read. No token is asked for: it listens on 127.0.0.1 and guards nothing.

use axum::http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::control::{Control, ControlError, NewServer, NewVolume};
use crate::fault::FaultRule;
use crate::ids::Kind;
use crate::overlay::Status;
use crate::wire::{Reply, Request};

pub(crate) const ROOT: &str = "_control";

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Command {
    Churn { fraction: f64, seed: u64 },
    Delete { id: String },
    Restore { id: String },
    Update { id: String, patch: Value },
    Rename { id: String, name: String },
    SetStatus { id: String, status: Status },
    ResizeServer { id: String, flavor: u32 },
    MigrateServer { id: String, host: u32 },
    ResizeVolume { id: String, size: u32 },
    CreateServer(NewServer),
    CreateVolume(NewVolume),
    Reset {},
    RevokeTokens {},
    AddFault(FaultRule),
    RemoveFault { id: u64 },
    ClearFaults {},
    ResetRequests {},
}

pub(crate) fn answer(control: &Control, request: &Request) -> Reply {
    let path = request.segments();
    let done = match (&request.method, path.get(1..).unwrap_or_default()) {
        (&Method::GET, ["requests"]) => Ok(json!(control.requests())),
        (&Method::GET, ["faults"]) => Ok(json!(control.faults())),
        (&Method::GET, ["spec"]) => Ok(json!(control.spec())),
        (&Method::GET, ["ids", kind]) => {
            serde_json::from_value::<Kind>(json!(kind)).map(|kind| json!(control.ids(kind))).map_err(malformed)
        }
        (&Method::POST, [verb]) => command(verb, &request.body).and_then(|c| run(control, c)),
        _ => Err(ControlError::Malformed("no such verb".to_owned())),
    };
    match done {
        Ok(value) => Reply::new(200, value.to_string().into_bytes()),
        Err(error) => {
            let status = if matches!(error, ControlError::Unknown(_)) { 404 } else { 400 };
            Reply::new(status, json!({"error": error.to_string()}).to_string().into_bytes())
        }
    }
}

fn malformed(error: serde_json::Error) -> ControlError {
    ControlError::Malformed(error.to_string())
}

fn command(verb: &str, body: &[u8]) -> Result<Command, ControlError> {
    let body = if body.is_empty() { json!({}) } else { serde_json::from_slice(body).map_err(malformed)? };
    serde_json::from_value(json!({ verb: body })).map_err(malformed)
}

fn run(control: &Control, command: Command) -> Result<Value, ControlError> {
    let nothing = |()| json!({});
    match command {
        Command::Churn { fraction, seed } => Ok(json!(control.churn(fraction, seed))),
        Command::Delete { id } => control.delete(&id).map(nothing),
        Command::Restore { id } => control.restore(&id).map(nothing),
        Command::Update { id, patch } => control.update(&id, &patch).map(nothing),
        Command::Rename { id, name } => control.rename(&id, &name).map(nothing),
        Command::SetStatus { id, status } => control.set_status(&id, status).map(nothing),
        Command::ResizeServer { id, flavor } => control.resize_server(&id, flavor).map(nothing),
        Command::MigrateServer { id, host } => control.migrate_server(&id, host).map(nothing),
        Command::ResizeVolume { id, size } => control.resize_volume(&id, size).map(nothing),
        Command::CreateServer(new) => control.create_server(new).map(|id| json!({ "id": id })),
        Command::CreateVolume(new) => control.create_volume(new).map(|id| json!({ "id": id })),
        Command::Reset {} => {
            control.reset();
            Ok(json!({}))
        }
        Command::RevokeTokens {} => Ok(json!({ "revoked": control.revoke_tokens() })),
        Command::AddFault(rule) => Ok(json!({ "id": control.add_fault(rule) })),
        Command::RemoveFault { id } => Ok(json!({ "removed": control.remove_fault(id) })),
        Command::ClearFaults {} => {
            control.clear_faults();
            Ok(json!({}))
        }
        Command::ResetRequests {} => {
            control.reset_requests();
            Ok(json!({}))
        }
    }
}
