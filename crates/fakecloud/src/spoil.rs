//! What a fault does to a reply: pure, from reply to reply. Knows no sockets and not when it happens.

use serde_json::{Map, Value};

use crate::fault::{Cut, Fault, Malformed};
use crate::wire::{JSON, Reply, Request, Service};

/// The reply a service gives instead of a good one; `None` for faults that spoil a good one.
pub(crate) fn refusal(fault: Fault, service: Service, identity_url: &str) -> Option<Reply> {
    Some(match fault {
        Fault::Unauthorized401 => Reply::unauthorized(identity_url),
        Fault::Forbidden403 => error(service, 403),
        Fault::NotFound404 => error(service, 404),
        Fault::TooMany429 { retry_after } => {
            let reply = Reply::fault(429, "overLimit", "This request was rate-limited.");
            match retry_after {
                Some(seconds) => reply.with("Retry-After", seconds.to_string()),
                None => reply,
            }
        }
        Fault::ServerError(500) => error(service, 500),
        Fault::ServerError(status) => html(status, "No server is available to handle this request."),
        Fault::HtmlBody => html(200, "<form action=\"/login\"><input name=\"user\"></form>"),
        Fault::EmptyBody => Reply::new(200, Vec::new()),
        _ => return None,
    })
}

fn html(status: u16, text: &str) -> Reply {
    let body = format!("<html><body><h1>{status}</h1>\n{text}\n</body></html>\n");
    Reply { content_type: "text/html", ..Reply::new(status, body.into_bytes()) }
}

fn error(service: Service, status: u16) -> Reply {
    let (name, title, message) = match status {
        403 => ("forbidden", "Forbidden", "Policy doesn't allow this action to be performed."),
        404 => ("itemNotFound", "Not Found", "The resource could not be found."),
        _ => ("computeFault", "Internal Server Error", "Unexpected API Error."),
    };
    match service {
        Service::Identity => Reply::keystone(status, title, message),
        Service::Network => Reply::neutron(status, &format!("HTTP{}", title.replace(' ', "")), message),
        Service::Image => Reply::glance(status, title, message),
        _ => Reply::fault(status, name, message),
    }
}

/// Spoils a good reply; errors and replies that are no page stay as they are.
pub(crate) fn spoil(fault: Fault, request: &Request, url: &str, reply: Reply) -> Reply {
    if !matches!(reply.status, 200 | 201) || reply.content_type != JSON {
        return reply;
    }
    if fault == Fault::TruncatedBody(Cut::Json) {
        let half = reply.body.len() / 2;
        return Reply { body: reply.body[..half].to_vec(), ..reply };
    }
    let Ok(Value::Object(mut page)) = serde_json::from_slice::<Value>(&reply.body) else { return reply };
    // A single object is not for these faults; glance gives an image bare, with lists of its own.
    if page.contains_key("id") {
        return reply;
    }
    // The list is the one that is no list of links.
    let key = page.iter().find(|(k, v)| v.is_array() && !k.ends_with("links")).map(|(k, _)| k.clone());
    let Some(key) = key else { return reply };
    if let Fault::WrongTypes(Malformed::ArrayPage) = fault {
        let rows = page.remove(&key).unwrap_or_default();
        return Reply { body: rows.to_string().into_bytes(), ..reply };
    }
    match fault {
        Fault::EmptyPage { next_link } => {
            page.insert(key, Value::Array(Vec::new()));
            if !next_link {
                page.retain(|k, _| !k.ends_with("_links") && k != "next");
            } else if !has_next(&page) {
                link_to_itself(&mut page, request, url);
            }
        }
        Fault::RepeatedMarker => link_to_itself(&mut page, request, url),
        Fault::WrongTypes(Malformed::NullList) => {
            page.insert(key, Value::Null);
        }
        Fault::WrongTypes(Malformed::MissingList) => {
            page.remove(&key);
        }
        _ => {
            if let Some(rows) = page.get_mut(&key).and_then(Value::as_array_mut) {
                spoil_rows(fault, rows);
            }
        }
    }
    Reply { body: Value::Object(page).to_string().into_bytes(), ..reply }
}

fn spoil_rows(fault: Fault, rows: &mut Vec<Value>) {
    match fault {
        Fault::DuplicateRecord => {
            let again = rows.first().cloned();
            rows.extend(again);
        }
        Fault::ShrunkPage => {
            let half = rows.len().div_ceil(2);
            let repeated: Vec<Value> = rows.iter().take(rows.len() - half).cloned().collect();
            rows.truncate(half);
            rows.extend(repeated);
        }
        Fault::WrongTypes(how) => {
            let middle = rows.len() / 2;
            if let Some(row) = rows.get_mut(middle) {
                spoil_record(how, row);
            }
        }
        _ => {}
    }
}

fn spoil_record(how: Malformed, row: &mut Value) {
    match how {
        Malformed::NullRecord => return *row = Value::Null,
        Malformed::TextRecord => return *row = Value::from("record"),
        _ => {}
    }
    let Value::Object(fields) = row else { return };
    match how {
        Malformed::MissingId => {
            fields.remove("id");
        }
        Malformed::BlankId => {
            fields.insert("id".to_owned(), Value::from(""));
        }
        Malformed::NullId => {
            fields.insert("id".to_owned(), Value::Null);
        }
        Malformed::NumberForString => {
            fields.insert("name".to_owned(), Value::from(17));
        }
        _ => {
            let number = fields.values_mut().find(|v| v.is_number());
            if let Some(value) = number {
                *value = Value::from("not a number");
            } else if let Some(value) = fields.values_mut().find(|v| v.is_boolean()) {
                *value = Value::from("perhaps");
            }
        }
    }
}

fn has_next(page: &Map<String, Value>) -> bool {
    let is_next = |link: &Value| link["rel"] == "next";
    page.contains_key("next")
        || page.iter().any(|(k, v)| k.ends_with("links") && v.as_array().is_some_and(|l| l.iter().any(is_next)))
}

/// Replaces (or adds) the next link by one to the page itself.
fn link_to_itself(page: &mut Map<String, Value>, request: &Request, url: &str) {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(&request.query).finish();
    let path = &request.path;
    if page.contains_key("first") {
        let relative = path.strip_prefix("/image").unwrap_or(path);
        page.insert("next".to_owned(), Value::from(format!("{relative}?{query}")));
        return;
    }
    let list = page.iter().find(|(k, v)| v.is_array() && !k.ends_with("links")).map(|(k, _)| k.clone());
    let key = match list {
        Some(list) if list != "stacks" => format!("{list}_links"),
        _ => "links".to_owned(),
    };
    let link = serde_json::json!([{"rel": "next", "href": format!("{url}{path}?{query}")}]);
    page.insert(key, link);
}
