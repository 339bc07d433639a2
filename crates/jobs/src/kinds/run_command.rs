//! Runs a program of the administrator's because of an event. No shell reads what events say; the event comes on standard
//! input.

use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stocktake_queue::Lane;
use stocktake_worker::{Doing, Ended};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use crate::context::Context;
use crate::job::Job;
use crate::lanes;
use crate::rules::Cause;

/// What is kept of each of its outputs. It may say more; that is read and forgotten.
const OUTPUT: usize = 8 * 1024;

/// What it is given of our environment. Not the rest: our settings are there, and the database's address with them.
const ENVIRONMENT: &[&str] = &["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"];

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunCommand {
    pub cause: Cause,
    /// The program first.
    pub arguments: Vec<String>,
    pub timeout_ms: u64,
    pub body: Value,
}

impl Job for RunCommand {
    const KIND: &'static str = "run_command";

    fn lane(&self) -> Lane {
        Lane::shared(lanes::ACTIONS)
    }

    fn merge_key(&self) -> Option<String> {
        None
    }

    async fn run(self, _context: &Context, doing: &Doing) -> Ended {
        let Some((program, arguments)) = self.arguments.split_first() else {
            return Ended::Never("it names no program".to_owned());
        };
        doing.report.doing(format!("{program}, command of rule {}", self.cause.rule));
        let child = match spawn(program, arguments, &self, doing.job.attempt) {
            Ok(child) => child,
            Err(error) => {
                let why = format!("{program} cannot be started: {error}");
                let for_good = matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::PermissionDenied);
                return if for_good { Ended::Never(why) } else { Ended::Again(why) };
            }
        };
        let mut group = Group::new(child);
        let timeout = Duration::from_millis(self.timeout_ms);
        let said = tokio::select! {
            said = hear(&mut group.child, self.body.to_string()) => said,
            () = tokio::time::sleep(timeout) => {
                group.kill();
                return Ended::Again(format!("{program} had not ended after {timeout:?} and was killed, with all it had started"));
            }
            () = doing.stop.asked() => {
                group.kill();
                return Ended::HandBack { why: "it was interrupted and killed; it runs again".to_owned(), after: Duration::ZERO };
            }
        };
        group.ended = true;
        match said {
            Ok(said) if said.code == Some(0) => Ended::Done(Some(json!({"output": said.output, "errors": said.errors}))),
            Ok(said) => {
                let how = said.code.map_or_else(|| "was killed by a signal".to_owned(), |code| format!("ended with {code}"));
                Ended::Again(
                    format!("{program} {how}\n{}\n{}", said.errors.trim_end(), said.output.trim_end()).trim_end().to_owned(),
                )
            }
            Err(error) => Ended::Again(format!("{program}: {error}")),
        }
    }
}

fn spawn(program: &str, arguments: &[String], job: &RunCommand, attempt: u16) -> std::io::Result<Child> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().current_dir("/");
    command.envs(ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    command.env("STOCKTAKE_RULE", &job.cause.rule);
    command.env("STOCKTAKE_DELIVERY", &job.cause.delivery);
    command.env("STOCKTAKE_ATTEMPT", attempt.to_string());
    command.env("STOCKTAKE_PROVIDER", text(job.body.pointer("/provider/name")).replace('\0', ""));
    command.env("STOCKTAKE_EVENT_TYPE", text(job.body.pointer("/event/type")).replace('\0', ""));
    command.env("STOCKTAKE_EVENT_KEY", job.cause.event.replace('\0', ""));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Of its own, so that it can be killed with all it started.
    command.process_group(0).kill_on_drop(true);
    command.spawn()
}

struct Said {
    /// None: killed.
    code: Option<i32>,
    output: String,
    errors: String,
}

/// Until it has ended and nobody writes to its outputs any more: what it left in the background counts as itself. It is waited
/// for last, so that its number is nobody else's as long as its group may be killed.
async fn hear(child: &mut Child, body: String) -> std::io::Result<Said> {
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let tell = async {
        if let Some(mut input) = input {
            // One that does not read what it is told closes the pipe, and that is its business.
            let _ = input.write_all(body.as_bytes()).await;
        }
    };
    let ((), output, errors) = tokio::join!(tell, start_of(output), start_of(errors));
    let status = child.wait().await?;
    Ok(Said { code: status.code(), output, errors })
}

async fn start_of(from: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut from) = from else { return String::new() };
    let (mut start, mut cut, mut piece) = (Vec::new(), false, [0; 4096]);
    while let Ok(read @ 1..) = from.read(&mut piece).await {
        let room = (OUTPUT - start.len()).min(read);
        start.extend_from_slice(&piece[..room]);
        cut |= room < read;
    }
    let mut text = String::from_utf8_lossy(&start).replace('\0', "\u{FFFD}");
    if cut {
        text.push_str("\n… (cut)");
    }
    text
}

/// The program with all it started; killed when nobody waits for it any more.
struct Group {
    child: Child,
    ended: bool,
}

impl Group {
    fn new(child: Child) -> Self {
        Self { child, ended: false }
    }

    fn kill(&mut self) {
        // Not waited for yet, so the number is still its own.
        let number = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(group) = number.filter(|_| !self.ended) {
            // It may have ended this moment.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        self.ended = true;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
