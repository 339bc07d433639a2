//! Getting a token and keeping it fresh. However many ask at once, Keystone is asked once: for the token, for its
//! successor, and also when it refuses, since a wrong password tried eight times locks accounts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use stocktake_http::{Answer, Call, Http};
use stocktake_provider::{ErrorKind, ProviderError, Secret};
use tokio::sync::Mutex;

use super::keystone::{self, Granted};
use super::session::Session;
use crate::config::{Method, OpenStackConfig};

#[derive(Debug, Default)]
pub(super) struct SignIn {
    current: RwLock<Option<Arc<Session>>>,
    /// Sign-ins that came to an end, good or bad.
    ended: AtomicU64,
    /// Held while signing in; what the last one met.
    turn: Mutex<Option<ProviderError>>,
}

impl SignIn {
    /// The token in use, or a new one if there is none or it is about to end.
    pub(super) async fn session(&self, http: &Http, config: &OpenStackConfig) -> Result<Arc<Session>, ProviderError> {
        match self.current() {
            Some(session) if http.is_replay() || !session.is_stale() => Ok(session),
            stale => self.renew(http, config, stale.as_ref()).await,
        }
    }

    /// A token got after this was asked: what it says of roles is true now. Within a replay, the recorded one.
    pub(super) async fn anew(&self, http: &Http, config: &OpenStackConfig) -> Result<Arc<Session>, ProviderError> {
        match self.current() {
            Some(session) if http.is_replay() => Ok(session),
            known => self.renew(http, config, known.as_ref()).await,
        }
    }

    /// Another token than `refused`: the one somebody else got meanwhile, or a new one.
    pub(super) async fn renew(
        &self,
        http: &Http,
        config: &OpenStackConfig,
        refused: Option<&Arc<Session>>,
    ) -> Result<Arc<Session>, ProviderError> {
        let ended_before = self.ended.load(Ordering::Acquire);
        let mut failure = self.turn.lock().await;
        let ended = self.ended.load(Ordering::Acquire);
        match (self.current(), &*failure) {
            (Some(current), _) if refused.is_none_or(|r| r.serial != current.serial) => return Ok(current),
            // Somebody tried while we waited for our turn; trying again at once would not end better.
            (_, Some(failure)) if ended != ended_before => return Err(failure.clone()),
            _ => {}
        }
        let outcome = sign_in(http, config, ended + 1).await;
        self.ended.store(ended + 1, Ordering::Release);
        match outcome {
            Ok(session) => {
                *failure = None;
                let session = Arc::new(session);
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&session));
                Ok(session)
            }
            Err(error) => {
                *failure = Some(error.clone());
                Err(error)
            }
        }
    }

    pub(super) fn current(&self) -> Option<Arc<Session>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The call that errors of signing in name.
pub(crate) const SIGN_IN: &str = "sign in with keystone";

async fn sign_in(http: &Http, config: &OpenStackConfig, serial: u64) -> Result<Session, ProviderError> {
    let mut url = keystone::v3(&config.auth_url);
    url.set_path(&format!("{}/auth/tokens", url.path()));
    let body = keystone::request(&config.method, &config.scope);
    let call = Call::post_json("identity", url, body.as_bytes().to_vec()).named(SIGN_IN);
    let answer = http.send(&call).await?;
    if answer.status == 401 {
        let refused = answer.ok(&call.name).err();
        let message = refused.map(|e| e.message).unwrap_or_default();
        return Err(failed(ErrorKind::Unauthorized, &format!("refused, {message}"), Some(advice(&config.method))));
    }
    if answer.status == 404 {
        let message = format!("{} is not there (404)", call.url);
        return Err(failed(ErrorKind::Configuration, &message, Some("check auth_url: it must be Keystone's address")));
    }
    granted(http, answer.ok(&call.name)?, serial)
}

fn granted(http: &Http, answer: Answer, serial: u64) -> Result<Session, ProviderError> {
    let token = answer.header("x-subject-token").filter(|t| !t.is_empty()).map(Secret::from).ok_or_else(|| {
        failed(ErrorKind::BadAnswer, "the answer carries no token", Some("check that auth_url is Keystone's address"))
    })?;
    http.hide(&token);
    let granted: Granted = serde_json::from_slice(&answer.body)
        .map_err(|e| failed(ErrorKind::BadAnswer, &format!("the answer is not what Keystone v3 sends: {e}"), None))?;
    Ok(Session::new(granted.token, token, serial))
}

fn advice(method: &Method) -> &'static str {
    match method {
        Method::Password { .. } => "check user, password, their domains, and that the user has a role in the scope",
        Method::ApplicationCredential { .. } => {
            "check the application credential's id and secret, and that it has not expired"
        }
        Method::Token(_) => "the token is wrong or has expired; give a new one",
    }
}

fn failed(kind: ErrorKind, message: &str, hint: Option<&str>) -> ProviderError {
    ProviderError { kind, call: SIGN_IN.to_owned(), message: message.to_owned(), hint: hint.map(str::to_owned) }
}
