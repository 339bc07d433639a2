//! Sealing and opening one secret: envelope encryption. Knows neither files nor the database.
//!
//! Each secret has a data key of its own; the key file's key only wraps data keys. The blob:
//!
//! ```text
//! version 1 | key id 8 | nonce 24 | wrapped data key 32+16 | nonce 24 | ciphertext n+16      XChaCha20-Poly1305, twice
//! ```
//!
//! Both encryptions authenticate version, key id and the place the secret belongs to (provider and field): a blob that
//! is copied to another provider or field, or changed in one bit, does not open.

use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::key::{KeyError, KeyId, Keys, random};

const VERSION: u8 = 1;
const NONCE: usize = 24;
const WRAPPED: usize = 32 + 16;
const HEAD: usize = 1 + size_of::<KeyId>();

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum OpenError {
    #[error("it was encrypted by a newer stocktake (format {0}); update stocktake")]
    Version(u8),
    #[error(
        "it was encrypted with another key ({key_id}) than the key file holds; put that key file back, or enter the secret again"
    )]
    WrongKey { key_id: String },
    #[error("it does not belong here or was changed; enter the secret again")]
    Tampered,
}

/// Where a secret belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) provider_id: i64,
    pub(crate) field: &'a str,
}

pub(crate) fn seal(keys: &Keys, place: Place<'_>, secret: &SecretString) -> Result<Vec<u8>, KeyError> {
    let key = keys.current();
    let mut blob = Vec::with_capacity(HEAD + 2 * NONCE + WRAPPED + secret.expose_secret().len() + 16);
    blob.push(VERSION);
    blob.extend_from_slice(&key.id);
    let aad = authenticated(&blob, place);
    let data_key = Zeroizing::new(random::<32>()?);
    encrypt(&mut blob, &key.bytes, &*data_key, &aad)?;
    encrypt(&mut blob, &data_key, secret.expose_secret().as_bytes(), &aad)?;
    Ok(blob)
}

pub(crate) fn open(keys: &Keys, place: Place<'_>, blob: &[u8]) -> Result<SecretString, OpenError> {
    let (head, rest) = blob.split_at_checked(HEAD).ok_or(OpenError::Tampered)?;
    if head[0] != VERSION {
        return Err(OpenError::Version(head[0]));
    }
    let id: KeyId = head[1..].try_into().map_err(|_| OpenError::Tampered)?;
    let key = keys.find(id).ok_or_else(|| OpenError::WrongKey { key_id: hex(&id) })?;
    let aad = authenticated(head, place);
    let (wrapped, sealed) = rest.split_at_checked(NONCE + WRAPPED).ok_or(OpenError::Tampered)?;
    let data_key: Zeroizing<Vec<u8>> = decrypt(&key.bytes, wrapped, &aad)?;
    let data_key: Zeroizing<[u8; 32]> = Zeroizing::new(data_key.as_slice().try_into().map_err(|_| OpenError::Tampered)?);
    let secret = decrypt(&data_key, sealed, &aad)?;
    let text = std::str::from_utf8(&secret).map_err(|_| OpenError::Tampered)?;
    Ok(SecretString::from(text))
}

fn encrypt(blob: &mut Vec<u8>, key: &[u8; 32], plain: &[u8], aad: &[u8]) -> Result<(), KeyError> {
    let nonce = random::<NONCE>()?;
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(&nonce.into(), Payload { msg: plain, aad })
        .map_err(|_| KeyError::Random("the secret is too long to encrypt".to_owned()))?;
    blob.extend_from_slice(&nonce);
    blob.extend_from_slice(&sealed);
    Ok(())
}

fn decrypt(key: &[u8; 32], sealed: &[u8], aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let (nonce, msg) = sealed.split_at_checked(NONCE).ok_or(OpenError::Tampered)?;
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| OpenError::Tampered)?;
    let opened = XChaCha20Poly1305::new(key.into()).decrypt(&nonce.into(), Payload { msg, aad });
    opened.map(Zeroizing::new).map_err(|_| OpenError::Tampered)
}

/// Fixed-width parts first, so that no two places give the same bytes.
fn authenticated(head: &[u8], place: Place<'_>) -> Vec<u8> {
    let mut aad = head.to_vec();
    aad.extend_from_slice(&place.provider_id.to_le_bytes());
    aad.extend_from_slice(place.field.as_bytes());
    aad
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> (tempfile::TempDir, Keys) {
        let dir = tempfile::tempdir().expect("dir");
        let keys = Keys::open_or_create(&dir.path().join("stocktake.key"), false).expect("keys");
        (dir, keys)
    }

    const HERE: Place<'_> = Place { provider_id: 1, field: "password" };

    #[test]
    fn opens_what_it_sealed_and_never_twice_the_same() {
        let (_dir, keys) = keys();
        let secret = SecretString::from("hunter2 ☃");
        let (a, b) = (seal(&keys, HERE, &secret).expect("a"), seal(&keys, HERE, &secret).expect("b"));
        assert_ne!(a, b);
        assert!(!a.windows(7).any(|w| w == b"hunter2"));
        assert_eq!(open(&keys, HERE, &a).expect("opens").expose_secret(), "hunter2 ☃");
        let empty = seal(&keys, HERE, &SecretString::from("")).expect("empty");
        assert_eq!(open(&keys, HERE, &empty).expect("opens").expose_secret(), "");
    }

    #[test]
    fn a_swapped_or_changed_blob_does_not_open() {
        let (_dir, keys) = keys();
        let blob = seal(&keys, HERE, &SecretString::from("hunter2")).expect("sealed");
        for place in [Place { provider_id: 2, ..HERE }, Place { field: "passwor", ..HERE }, Place { field: "token", ..HERE }]
        {
            assert_eq!(open(&keys, place, &blob).unwrap_err(), OpenError::Tampered);
        }
        for at in 0..blob.len() {
            let mut changed = blob.clone();
            changed[at] ^= 1;
            assert!(open(&keys, HERE, &changed).is_err(), "byte {at}");
            assert!(open(&keys, HERE, &blob[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn another_key_is_named_as_the_cause() {
        let ((_a, mine), (_b, other)) = (keys(), keys());
        let blob = seal(&mine, HERE, &SecretString::from("hunter2")).expect("sealed");
        assert_eq!(open(&other, HERE, &blob).unwrap_err(), OpenError::WrongKey { key_id: hex(&mine.current().id) });
    }
}
