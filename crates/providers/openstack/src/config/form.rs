//! The settings of an OpenStack cloud, as `provider add` asks for them. The one list of their names.

use stocktake_provider::{FieldKind, Form, FormField};

macro_rules! fields {
    ($($name:ident $kind:ident $(($required:ident))?, $help:literal;)*) => {
        &[$(FormField {
            name: stringify!($name),
            kind: FieldKind::$kind,
            required: fields!(@ $($required)?),
            help: $help,
        }),*]
    };
    (@ required) => { true };
    (@) => { false };
}

pub(super) const FIELDS: &[FormField] = fields! {
    auth_url Url (required), "Keystone's address, with or without /v3: https://cloud.example:5000/v3";
    auth_type Text, "password, v3applicationcredential or v3token; guessed from what is given";
    username Text, "User name";
    user_id Text, "User id, instead of the name";
    password Secret, "The user's password";
    user_domain_name Text, "Domain of the user";
    user_domain_id Text, "Id of that domain; 'default' when neither is given";
    project_name Text, "Project to sign in to";
    project_id Text, "Id of that project, instead of the name";
    project_domain_name Text, "Domain of the project";
    project_domain_id Text, "Id of that domain; 'default' when neither is given";
    domain_name Text, "Sign in to a domain instead of a project";
    domain_id Text, "Id of that domain";
    system_scope Text, "'all': sign in to the system; every project is seen by the role admin, by a reader only in part";
    application_credential_id Text, "Application credential, instead of user and password";
    application_credential_name Text, "Its name, with the user it belongs to";
    application_credential_secret Secret, "Its secret";
    token Secret, "A token got elsewhere; ends when it expires";
    projects Text, "auto (default), all or own: whether the credential stands for every project or for its own alone";
    region Text, "Region; needed when the catalogue has several";
    interface Text, "public (default), internal or admin";
    cacert Certificate, "Authority that signed the cloud's certificates: PEM text or a path to it";
    insecure Bool, "true: trust any certificate";
    identity_endpoint Url, "Address to use instead of the catalogue's";
    compute_endpoint Url, "Address to use instead of the catalogue's";
    network_endpoint Url, "Address to use instead of the catalogue's";
    image_endpoint Url, "Address to use instead of the catalogue's";
    volume_endpoint Url, "Address to use instead of the catalogue's";
    orchestration_endpoint Url, "Address to use instead of the catalogue's";
    page_size Text, "Records asked for in one page, 1 to 1000; 200 when not given";
    in_flight Text, "Requests at once, 1 to 64; 8 when not given";
    connect_timeout Text, "Seconds for making a connection; 5 when not given";
    timeout Text, "Seconds for one whole request; 60 when not given";
    attempts Text, "How often a request is made at most; 4 when not given";
    longest_wait Text, "Seconds a request may wait for a busy service in all; 30 when not given";
    events Text, "Where events come from: amqp (default when amqp_url is given), polling, or off (default)";
    events_poll_every Text, "Seconds from one look at what changed to the next, with events=polling; 10 when not given";
    amqp_url Url, "The message brokers: amqp://user@host1:5672,host2:5672/vhost, amqps:// with TLS; rabbit:// as in oslo's transport_url";
    amqp_password Secret, "The password of that user";
    amqp_exchanges Text, "Exchanges to listen to; nova,neutron,cinder,glance,keystone,heat when not given";
    amqp_topics Text, "Notification topics; notifications,versioned_notifications when not given";
    amqp_heartbeat Text, "Seconds between heartbeats of the broker's connection, 1 to 600; 30 when not given";
    amqp_prefetch Text, "Messages held here that are not stored yet, 1 to 50000; 200 when not given";
    amqp_queue_expires Text, "Seconds the broker keeps our queue while nobody listens, 60 to 604800; 3600 when not given";
    amqp_queue_length Text, "Messages it keeps in it, 1000 to 10000000; 100000 when not given. Beyond, the oldest are lost, and a full refresh follows";
};

/// The form.
pub fn form() -> Form {
    Form { fields: FIELDS.to_vec() }
}

pub(super) fn is_secret(name: &str) -> bool {
    FIELDS.iter().any(|f| f.name == name && f.kind == FieldKind::Secret)
}
