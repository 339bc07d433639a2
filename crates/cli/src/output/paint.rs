//! Colours, for terminals only.

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Strong,
    Faint,
    Good,
    Warn,
    Bad,
    Name,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    pub(crate) const fn new(on: bool) -> Self {
        Self { on }
    }

    pub(crate) fn tone(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Strong => "1",
            Tone::Faint => "2",
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "31",
            Tone::Name => "36",
        };
        if self.on && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(crate) fn strong(self, text: &str) -> String {
        self.tone(Tone::Strong, text)
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.tone(Tone::Faint, text)
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.tone(Tone::Good, text)
    }

    pub(crate) fn warn(self, text: &str) -> String {
        self.tone(Tone::Warn, text)
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.tone(Tone::Bad, text)
    }
}

/// The tone of a state, whoever names it so: `ok`, `ERROR`, `partial`.
pub(crate) fn tone_of(state: &str) -> Tone {
    match state.to_ascii_lowercase().as_str() {
        "ok" | "complete" | "active" | "on" | "up" | "available" | "in-use" | "enabled" | "running" | "valid" => Tone::Good,
        "partial" | "warning" | "held" | "suspended" | "paused" | "unreachable" | "shutoff" | "not asked" => Tone::Warn,
        "failed" | "error" | "down" | "crashed" | "unreadable" | "invalid" | "incomplete" => Tone::Bad,
        _ => Tone::Plain,
    }
}
