//! What webhooks and commands are told of an event. Each job holds its own copy, so what one transaction holds of them is
//! bounded: a batch times the rules times a large payload is more than a handler's memory.

use serde_json::{Value, json};

use super::{Cause, Known};

/// Bytes of all that the jobs of one batch are told.
const MOST: usize = 16 << 20;

#[derive(Debug)]
pub(super) struct Bodies {
    left: usize,
}

impl Bodies {
    pub(super) const fn new() -> Self {
        Self { left: MOST }
    }

    /// Everything as long as there is room; then without what is large, and it says so. No action is lost.
    pub(super) fn of(&mut self, cause: &Cause, known: &Known, at: usize) -> Value {
        let mut body = json!({"id": cause.delivery, "rule": cause.rule});
        if let (Value::Object(body), Value::Object(told)) = (&mut body, known.told(at)) {
            body.extend(told);
        }
        let size = body.to_string().len();
        if let Some(left) = self.left.checked_sub(size) {
            self.left = left;
        } else {
            body["event"]["payload"] = Value::Null;
            body["objects"] = Value::Null;
            body["left_out"] = json!(["event.payload", "objects"]);
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use stocktake_events::handle::{NewEvent, Whose};
    use stocktake_provider::Event;
    use stocktake_store::ProviderId;

    use super::*;

    #[test]
    fn what_does_not_fit_any_more_is_told_without_payload_and_says_so() {
        let whose = Whose { id: ProviderId(1), name: "cloud1".to_owned(), kind: "test".to_owned() };
        let event = NewEvent {
            key: "k".to_owned(),
            via: "test".to_owned(),
            received_on: 0,
            event: Event { kind: "compute.x".to_owned(), payload: json!({"a": "x".repeat(1_000)}), ..Event::default() },
            route: None,
            targets: Vec::new(),
        };
        let known = Known::new(&whose, [&event]);
        let (rule, delivery) = ("r".to_owned(), "d".to_owned());
        let cause = Cause { provider: whose.id, event: event.key.clone(), rule, delivery };
        let mut bodies = Bodies { left: 2_500 };
        let (first, second) = (bodies.of(&cause, &known, 0), bodies.of(&cause, &known, 0));
        assert_eq!((&first["event"]["payload"], &first["left_out"]), (&event.event.payload, &Value::Null));
        assert_eq!(second["event"]["payload"], Value::Null);
        assert_eq!(second["left_out"], json!(["event.payload", "objects"]));
        assert_eq!((&second["id"], &second["event"]["type"]), (&json!("d"), &json!("compute.x")));
    }
}
