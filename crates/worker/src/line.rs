//! What a worker tells its server: one line of JSON on standard output, whenever something changes and as a heartbeat.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerStage {
    #[default]
    Starting,
    Running,
    Draining,
    /// The last line of a worker that gives up; `doing` says why.
    Failed,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StatusLine {
    pub stage: WorkerStage,
    /// The job at work, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<i64>,
    /// In words: `collecting servers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doing: Option<String>,
    /// In numbers, as the job's kind has it: `{"servers": 1200}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<serde_json::Value>,
    /// Grows whenever the worker gets anywhere. Lines that come while it stands still are a heartbeat, not progress.
    pub ticks: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let line = StatusLine {
            stage: WorkerStage::Running,
            job: Some(7),
            doing: Some("collecting servers".to_owned()),
            progress: Some(serde_json::json!({"servers": 12})),
            ticks: 40,
        };
        let text = serde_json::to_string(&line).expect("a line");
        assert!(!text.contains('\n'));
        assert_eq!(serde_json::from_str::<StatusLine>(&text).expect("the same"), line);
        let idle: StatusLine = serde_json::from_str(r#"{"stage":"starting","ticks":0}"#).expect("the least");
        assert_eq!(idle, StatusLine::default());
    }
}
