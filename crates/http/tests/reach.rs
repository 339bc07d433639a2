//! Getting through at all: names, ports, certificates, redirects, and what is said when it fails.

mod support;

use std::net::TcpListener;

use stocktake_http::testing::{Reply, Server, tls};
use stocktake_http::{Call, Http, Options};
use stocktake_provider::{ErrorKind, Traffic};
use support::{get, http, options};

#[tokio::test]
async fn a_closed_port_refuses() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/things").parse().unwrap();
    let error = http(options()).send(&Call::get("things", url)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connect);
    assert!(error.message.contains(&format!("127.0.0.1:{port} refuses the connection")), "{error}");
    assert!(error.hint.as_ref().unwrap().contains("check the port"), "{error}");
}

#[tokio::test]
async fn an_unknown_name_is_said_to_be_one() {
    let url = "http://nowhere.invalid/things".parse().unwrap();
    let error = http(options()).send(&Call::get("things", url)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Dns, "{error}");
    assert!(error.message.contains("nowhere.invalid:80 cannot be resolved"), "{error}");
}

struct Authority {
    pem: String,
    server: Server,
}

/// A TLS server for `localhost` and the authority that signed it.
fn tls_server(name: &str) -> Authority {
    let mut params = rcgen::CertificateParams::new([]).expect("no names");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_key = rcgen::KeyPair::generate().expect("made for the test");
    let ca = params.self_signed(&ca_key).expect("made for the test");
    let issuer = rcgen::Issuer::new(params, ca_key);
    let key = rcgen::KeyPair::generate().expect("made for the test");
    let leaf = rcgen::CertificateParams::new([name.to_owned()])
        .expect("made for the test")
        .signed_by(&key, &issuer)
        .expect("made for the test");
    let config = tls(vec![leaf.der().to_vec()], key.serialize_der());
    let server = Server::start_tls(config, |_| Reply::json(200, "{}"));
    Authority { pem: ca.pem(), server }
}

#[tokio::test]
async fn a_certificate_counts_when_its_authority_is_given_or_all_are_trusted() {
    let Authority { pem, server } = tls_server("localhost");
    let error = get(&http(options()), &server, "/things").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Tls, "{error}");
    assert!(error.message.contains("authority that is not trusted"), "{error}");
    assert!(error.hint.as_ref().unwrap().contains("cacert"), "{error}");

    let with_ca = http(Options { ca_pem: pem.into_bytes(), ..options() });
    assert_eq!(get(&with_ca, &server, "/things").await.unwrap().status, 200);
    let insecure = http(Options { insecure: true, ..options() });
    assert_eq!(get(&insecure, &server, "/things").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let Authority { pem, server } = tls_server("elsewhere.example");
    let error = get(&http(Options { ca_pem: pem.into_bytes(), ..options() }), &server, "/things").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Tls);
    assert!(error.message.contains("for another name"), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_is_known() {
    let server = Server::start(|_| Reply::json(200, "{}"));
    let mut url = server.url("/things");
    url.set_scheme("https").unwrap();
    let error = http(options()).send(&Call::get("things", url)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Tls, "{error}");
    assert!(error.hint.as_ref().unwrap().contains("http://"), "{error}");
}

#[test]
fn a_wrong_ca_text_is_refused_at_once() {
    let made = |pem: &str| Http::new(Options { ca_pem: pem.into(), ..options() }, Traffic::Live).unwrap_err().to_string();
    assert!(made("hello").contains("holds no certificate"));
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(made(broken).contains("certificate 1 of the CA text cannot be read"));
}

#[tokio::test]
async fn redirects_are_followed_at_home_and_not_abroad() {
    let server = Server::start(|r| match r.path.as_str() {
        "/things" => Reply::json(302, "").with("Location", "/things/"),
        "/abroad" => Reply::json(302, "").with("Location", "http://elsewhere.invalid/things"),
        _ => Reply::json(200, "{}"),
    });
    let http = http(options());
    assert_eq!(get(&http, &server, "/things").await.unwrap().status, 200);
    let answer = get(&http, &server, "/abroad").await.unwrap();
    let error = answer.ok("GET things /abroad").unwrap_err();
    assert!(error.message.contains("answered 302, redirecting to http://elsewhere.invalid/things"), "{error}");
}
