//! Our own links to files: whoever has one may do what it says until it expires, and nothing else.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Signs and checks links.
pub struct Links {
    key: [u8; 32],
    public_url: String,
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Links").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

/// What a link carries beside the name of the file.
#[derive(Clone, Debug, Deserialize)]
pub struct Signed {
    /// Bytes to put; 0 in a link to read.
    #[serde(default)]
    pub bytes: i64,
    /// When it ends, in seconds since 1970.
    pub expires: i64,
    /// Over the rest.
    pub signature: String,
}

/// What a link allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allows {
    /// To put the file.
    Put,
    /// To read it.
    Get,
}

impl Links {
    /// Links of this installation.
    #[must_use]
    pub fn new(secret: &str, public_url: &str) -> Self {
        let key = Sha256::new().chain_update("skillswap links to files 1").chain_update(secret).finalize();
        Self { key: key.into(), public_url: public_url.to_owned() }
    }

    /// A link to put a file of so many bytes.
    #[must_use]
    pub fn put(&self, id: &str, bytes: i64, until: DateTime<Utc>) -> String {
        let expires = until.timestamp();
        let signature = URL_SAFE_NO_PAD.encode(self.mac(Allows::Put, id, bytes, expires));
        format!("{}/files/{id}?bytes={bytes}&expires={expires}&signature={signature}", self.public_url)
    }

    /// A link to read a file.
    #[must_use]
    pub fn get(&self, id: &str, until: DateTime<Utc>) -> String {
        let expires = until.timestamp();
        let signature = URL_SAFE_NO_PAD.encode(self.mac(Allows::Get, id, 0, expires));
        format!("{}/files/{id}?expires={expires}&signature={signature}", self.public_url)
    }

    /// Whether a link is ours, for this file and purpose, and not over.
    #[must_use]
    pub fn allow(&self, allows: Allows, id: &str, signed: &Signed, now: DateTime<Utc>) -> bool {
        let Ok(given) = URL_SAFE_NO_PAD.decode(&signed.signature) else { return false };
        let wanted = self.mac(allows, id, signed.bytes, signed.expires);
        let same = given.len() == wanted.len()
            && given.iter().zip(&wanted).fold(0, |differs, (one, other)| differs | (one ^ other)) == 0;
        same && now.timestamp() < signed.expires
    }

    fn mac(&self, allows: Allows, id: &str, bytes: i64, expires: i64) -> Vec<u8> {
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return Vec::new() };
        mac.update(match allows {
            Allows::Put => b"PUT",
            Allows::Get => b"GET",
        });
        mac.update(&bytes.to_be_bytes());
        mac.update(&expires.to_be_bytes());
        mac.update(id.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(link: &str) -> Signed {
        let query = link.split_once('?').unwrap().1;
        let part = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
        Signed {
            bytes: part("bytes").map_or(0, |bytes| bytes.parse().unwrap()),
            expires: part("expires").unwrap().parse().unwrap(),
            signature: part("signature").unwrap().to_owned(),
        }
    }

    #[test]
    fn a_link_allows_one_thing_with_one_file_for_a_time() {
        let links = Links::new("secret", "http://here");
        let (now, until) =
            (DateTime::from_timestamp(100, 0).unwrap(), DateTime::from_timestamp(200, 0).unwrap());
        let (put, get) = (signed(&links.put("a", 5, until)), signed(&links.get("a", until)));
        assert!(links.allow(Allows::Put, "a", &put, now) && links.allow(Allows::Get, "a", &get, now));
        assert!(!links.allow(Allows::Get, "a", &put, now) && !links.allow(Allows::Put, "a", &get, now));
        assert!(!links.allow(Allows::Put, "b", &put, now), "another file");
        assert!(!links.allow(Allows::Put, "a", &put, until), "over");
        for changed in [
            Signed { bytes: 6, ..put.clone() },
            Signed { expires: 300, ..put.clone() },
            Signed { signature: String::new(), ..put.clone() },
            Signed { signature: "?".to_owned(), ..put.clone() },
        ] {
            assert!(!links.allow(Allows::Put, "a", &changed, now), "{changed:?}");
        }
        assert!(
            !Links::new("other", "http://here").allow(Allows::Put, "a", &put, now),
            "another installation"
        );
    }
}
