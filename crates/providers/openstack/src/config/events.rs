//! Where events come from, as it is set: the brokers' address, who signs in there, what is listened to, and what our queue
//! may cost the broker.

use std::time::Duration;

use stocktake_provider::{Configuration, ConnectError, Secret};

use super::polling;
use super::read::{missing, number, wrong};

/// Which way events come.
#[derive(Debug, Clone)]
pub enum Events {
    Off,
    Amqp(Box<Amqp>),
    /// What changed is asked for, so often.
    Polling {
        every: Duration,
    },
}

/// A message broker, or several of one cluster, that OpenStack's services notify through.
#[derive(Debug, Clone)]
pub struct Amqp {
    /// Tried in this order.
    pub brokers: Vec<Broker>,
    pub tls: bool,
    pub vhost: String,
    pub user: String,
    pub password: Secret,
    pub exchanges: Vec<String>,
    /// Without their level: `notifications` stands for `notifications.info`, `notifications.error`, …
    pub topics: Vec<String>,
    pub heartbeat: Duration,
    /// Messages that were delivered and are not stored yet.
    pub prefetch: u16,
    /// How long our queue stays while nobody listens.
    pub queue_expires: Duration,
    /// Messages that our queue keeps at most. In messages and not in bytes: whether any were lost can be seen only so.
    pub queue_length: u32,
}

/// Host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broker {
    pub host: String,
    pub port: u16,
}

impl std::fmt::Display for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl Events {
    pub(super) fn read(c: &Configuration) -> Result<Self, ConnectError> {
        let url = c.setting("amqp_url");
        match (c.setting("events"), url) {
            (Some("off"), _) | (None, None) => Ok(Self::Off),
            (Some("amqp") | None, Some(url)) => Amqp::read(c, url).map(Box::new).map(Self::Amqp),
            (Some("amqp"), None) => Err(missing("amqp_url", "give the broker's address: amqp://user@host:5672/vhost")),
            (Some("polling"), _) => Ok(Self::Polling { every: polling::every(c)? }),
            (Some(other), _) => Err(wrong("events", other, "use amqp, polling or off")),
        }
    }
}

impl Amqp {
    fn read(c: &Configuration, url: &str) -> Result<Self, ConnectError> {
        let address = Address::parse(url.trim())?;
        let user =
            address.user.ok_or_else(|| wrong("amqp_url", url, "it names no user; give amqp://user@host:5672/vhost"))?;
        let password = c.secret("amqp_password").cloned();
        Ok(Self {
            brokers: address.brokers,
            tls: address.tls,
            vhost: address.vhost,
            user,
            password: password.ok_or_else(|| missing("amqp_password", "give the password of the user in amqp_url"))?,
            exchanges: words(c, "amqp_exchanges", "nova,neutron,cinder,glance,keystone,heat")?,
            topics: words(c, "amqp_topics", "notifications,versioned_notifications")?,
            heartbeat: Duration::from_secs(number(c, "amqp_heartbeat", 1..=600)?.unwrap_or(30).into()),
            prefetch: number(c, "amqp_prefetch", 1..=50_000)?.unwrap_or(200) as u16,
            queue_expires: Duration::from_secs(number(c, "amqp_queue_expires", 60..=604_800)?.unwrap_or(3_600).into()),
            queue_length: number(c, "amqp_queue_length", 1_000..=10_000_000)?.unwrap_or(100_000),
        })
    }
}

/// Names, separated by commas.
fn words(c: &Configuration, field: &str, usual: &str) -> Result<Vec<String>, ConnectError> {
    let text = c.setting(field).unwrap_or(usual);
    let words: Vec<_> = text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    // Longer names do not fit into the protocol.
    if words.is_empty() || words.iter().any(|word| word.len() > 100 || word.contains(char::is_whitespace)) {
        return Err(wrong(field, text, &format!("give names separated by commas, such as {usual}")));
    }
    Ok(words)
}

#[derive(Debug)]
struct Address {
    tls: bool,
    user: Option<String>,
    brokers: Vec<Broker>,
    vhost: String,
}

impl Address {
    /// Several hosts in one address are no URL that a parser of URLs knows; oslo.messaging and kombu write them so.
    fn parse(url: &str) -> Result<Self, ConnectError> {
        const SHAPE: &str = "give an address such as amqp://user@host1:5672,host2:5672/vhost";
        // Never quoted whole: somebody may have written a password into it.
        let refused = |what: &str| ConnectError { field: "amqp_url".to_owned(), message: format!("{what}; {SHAPE}") };
        let (scheme, rest) = url.split_once("://").ok_or_else(|| refused("has no scheme"))?;
        let mut tls = match scheme {
            "amqp" | "rabbit" | "kombu+rabbit" => false,
            "amqps" => true,
            _ => return Err(refused(&format!("'{scheme}' is no scheme that is known: amqp, amqps or rabbit"))),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        for word in query.split('&').filter(|word| !word.is_empty()) {
            match word {
                "ssl=1" | "ssl=true" | "ssl=True" => tls = true,
                "ssl=0" | "ssl=false" | "ssl=False" => {}
                _ => return Err(refused("has a query that is not known; only ssl=1 is")),
            }
        }
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (mut user, mut brokers) = (None, Vec::new());
        for host in hosts.split(',') {
            let (who, host) = host.rsplit_once('@').map_or((None, host), |(who, host)| (Some(who), host));
            if let Some(who) = who {
                if who.contains(':') {
                    return Err(refused("holds a password; give that as amqp_password"));
                }
                let who = decoded(who).filter(|who| !who.is_empty()).ok_or_else(|| refused("has an unreadable user"))?;
                if user.get_or_insert_with(|| who.clone()) != &who {
                    return Err(refused("names several users; one must do for all brokers"));
                }
            }
            brokers.push(broker(host, tls).ok_or_else(|| refused(&format!("'{host}' is no host and port")))?);
        }
        // As oslo.messaging has it: nothing and a slash are the vhost `/`.
        let vhost = decoded(path).ok_or_else(|| refused("has an unreadable vhost"))?;
        let vhost = if vhost.is_empty() { "/".to_owned() } else { vhost };
        Ok(Self { tls, user, brokers, vhost })
    }
}

fn broker(text: &str, tls: bool) -> Option<Broker> {
    let usual = if tls { 5671 } else { 5672 };
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, port.strip_prefix(':').or_else(|| port.is_empty().then_some("")))
        }
        None => text.rsplit_once(':').map_or((text, Some("")), |(host, port)| (host, Some(port))),
    };
    let port = match port? {
        "" if !text.ends_with(':') => usual,
        port => port.parse().ok().filter(|port| *port != 0)?,
    };
    let good = !host.is_empty() && !host.contains([' ', '/', '@', '?', '#']);
    good.then(|| Broker { host: host.to_owned(), port })
}

/// `%2F` and its like.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(pairs: &[(&str, &str)]) -> Configuration {
        let mut c = Configuration::default();
        for (name, value) in pairs {
            if *name == "amqp_password" {
                c.secrets.insert((*name).to_owned(), Secret::from(*value));
            } else {
                c.settings.insert((*name).to_owned(), (*value).to_owned());
            }
        }
        c
    }

    fn read(pairs: &[(&str, &str)]) -> Result<Events, String> {
        Events::read(&configuration(pairs)).map_err(|e| e.to_string())
    }

    fn amqp(url: &str) -> Amqp {
        match read(&[("amqp_url", url), ("amqp_password", "s3cr3t")]) {
            Ok(Events::Amqp(amqp)) => *amqp,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn off_unless_there_is_a_broker() {
        assert!(matches!(read(&[]), Ok(Events::Off)));
        assert!(matches!(read(&[("events", "off"), ("amqp_url", "nonsense")]), Ok(Events::Off)));
        assert!(matches!(read(&[("events", "off"), ("events_poll_every", "never")]), Ok(Events::Off)));
        assert!(matches!(read(&[("events", "polling"), ("amqp_url", "nonsense")]), Ok(Events::Polling { .. })));
        assert!(matches!(read(&[("amqp_url", "amqp://a@h"), ("amqp_password", "p")]), Ok(Events::Amqp(_))));
    }

    #[test]
    fn addresses_as_oslo_and_others_write_them() {
        let plain = amqp("amqp://stock%40take@h");
        assert_eq!((plain.user.as_str(), plain.vhost.as_str(), plain.tls), ("stock@take", "/", false));
        assert_eq!(plain.brokers, [Broker { host: "h".to_owned(), port: 5672 }]);
        assert_eq!((plain.prefetch, plain.queue_length, plain.exchanges.len()), (200, 100_000, 6));

        let several = amqp("rabbit://a@h1:5673,a@h2,[fd00::1]:5674,[fd00::2]//openstack");
        let shown: Vec<_> = several.brokers.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["h1:5673", "h2:5672", "[fd00::1]:5674", "[fd00::2]:5672"]);
        assert_eq!(several.vhost, "/openstack");

        assert_eq!(amqp("amqps://a@h/x").brokers[0].port, 5671);
        assert!(amqp("rabbit://a@h/x?ssl=1").tls);
        for (path, vhost) in [("", "/"), ("/", "/"), ("//", "/"), ("/%2F", "/"), ("/nova", "nova"), ("/a%20b", "a b")] {
            assert_eq!(amqp(&format!("amqp://a@h{path}")).vhost, vhost, "{path}");
        }
    }

    #[test]
    fn refusals_name_the_field_and_show_no_password() {
        let with = |url: &'static str| vec![("amqp_url", url), ("amqp_password", "p")];
        let more = |name: &'static str, value: &'static str| [with("amqp://a@h"), vec![(name, value)]].concat();
        for (pairs, expected) in [
            (vec![("events", "amqp")], "amqp_url: missing; give the broker's address"),
            (vec![("events", "sometimes")], "events: 'sometimes' cannot be used; use amqp, polling or off"),
            (vec![("amqp_url", "amqp://a@h")], "amqp_password: missing; give the password"),
            (with("h:5672"), "amqp_url: has no scheme; give an address such as amqp://user@host1"),
            (with("http://a@h"), "amqp_url: 'http' is no scheme that is known"),
            (with("amqp://a:s3cr3t@h"), "amqp_url: holds a password; give that as amqp_password"),
            (with("amqp://h"), "amqp_url: 'amqp://h' cannot be used; it names no user"),
            (with("amqp://a@h1,b@h2"), "amqp_url: names several users"),
            (with("amqp://a@h:port"), "amqp_url: 'h:port' is no host and port"),
            (with("amqp://a@h:"), "amqp_url: 'h:' is no host and port"),
            (with("amqp://a@h1,,h2"), "amqp_url: '' is no host and port"),
            (with("amqp://a@h/x?heartbeat=1"), "amqp_url: has a query that is not known"),
            (with("amqp://a@h/%zz"), "amqp_url: has an unreadable vhost"),
            (more("amqp_exchanges", " , "), "amqp_exchanges: ' , ' cannot be used; give names separated by commas"),
            (more("amqp_topics", "a b"), "amqp_topics: 'a b' cannot be used"),
            (more("amqp_heartbeat", "0"), "amqp_heartbeat: '0' cannot be used; give a whole number from 1 to 600"),
            (more("amqp_queue_length", "9"), "amqp_queue_length: '9' cannot be used"),
        ] {
            let refusal = read(&pairs).unwrap_err();
            assert!(refusal.starts_with(expected), "{refusal}");
            assert!(!refusal.contains("s3cr3t"), "{refusal}");
        }
        assert!(!format!("{:?}", amqp("amqp://a@h")).contains("s3cr3t"));
    }
}
