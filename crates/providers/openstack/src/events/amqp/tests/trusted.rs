//! TLS to the broker, with the authority that is set for the cloud.

use stocktake_provider::ErrorKind;
use stocktake_testkit::broker::{USER, shared};

use super::support::{Services, first, keys, refused, take};

#[tokio::test]
async fn a_certificate_of_the_set_authority_is_trusted_and_no_other() {
    let address = shared();
    let services = Services::at(&address).await;
    services.declare("nova", false).await;
    let url = format!("amqps://{USER}@localhost:{}", address.tls_port);
    let (mut stream, _) = first(&*services.source(&[("amqp_url", &url), ("cacert", &address.ca_pem)])).await;
    services.notify("nova", "notifications.info", "a").await;
    assert_eq!(keys(&take(&mut *stream, 1).await), ["a"]);
    stream.stored().await.expect("acknowledged");

    let stranger = refused(services.source(&[("amqp_url", &url)]).connect(None).await);
    assert_eq!(stranger.kind, ErrorKind::Tls, "{stranger}");
    assert!(stranger.to_string().contains("cacert"), "{stranger}");
    let (_stream, _) = first(&*services.source(&[("amqp_url", &url), ("insecure", "true")])).await;
}
