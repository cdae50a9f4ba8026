//! Files in S3, or in a service that speaks it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use object_store::{
    ClientOptions,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path,
    signer::{Method, SignedUrlOptions, Signer},
};
use sha2::{Digest, Sha256};

use super::{PutLink, Served};
use crate::config::StorageConfig;

/// How long one request may take: a file that is looked at is read whole.
const PATIENCE: Duration = Duration::from_mins(2);

/// The bucket that the settings name.
pub(super) fn open(config: &StorageConfig) -> Result<AmazonS3, object_store::Error> {
    let set = |value: &Option<String>| value.clone().unwrap_or_default();
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(set(&config.s3_bucket))
        .with_region(config.s3_region.clone())
        .with_access_key_id(set(&config.s3_access_key_id))
        .with_secret_access_key(set(&config.s3_secret_access_key))
        .with_client_options(ClientOptions::new().with_timeout(PATIENCE));
    if let Some(endpoint) = &config.s3_endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    builder.build()
}

/// A link that takes exactly so many bytes of that type. Both are part of the signature, which is made here because the
/// library signs no length. As [Amazon describes it](https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html).
pub(super) fn put_link(
    config: &StorageConfig,
    key: &str,
    (mime, bytes): (&str, i64),
    (now, lasting): (DateTime<Utc>, Duration),
) -> PutLink {
    let set = |value: &Option<String>| value.clone().unwrap_or_default();
    let region = &config.s3_region;
    let endpoint = config.s3_endpoint.clone().unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
    let host = endpoint.split("://").nth(1).unwrap_or_default();
    let path = format!("/{}/{key}", set(&config.s3_bucket));
    let (day, time) = (now.format("%Y%m%d").to_string(), now.format("%Y%m%dT%H%M%SZ").to_string());
    let scope = format!("{day}/{region}/s3/aws4_request");
    let query = format!(
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}%2F{}&X-Amz-Date={time}&X-Amz-Expires={}\
         &X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost",
        set(&config.s3_access_key_id),
        scope.replace('/', "%2F"),
        lasting.as_secs()
    );
    let request = format!(
        "PUT\n{path}\n{query}\ncontent-length:{bytes}\ncontent-type:{mime}\nhost:{host}\n\n\
         content-length;content-type;host\nUNSIGNED-PAYLOAD"
    );
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(request)));
    let secret = format!("AWS4{}", set(&config.s3_secret_access_key));
    let signing_key = [day.as_str(), region, "s3", "aws4_request"]
        .into_iter()
        .fold(secret.into_bytes(), |key, part| mac(&key, part.as_bytes()));
    let signature = hex(&mac(&signing_key, to_sign.as_bytes()));
    PutLink {
        url: format!("{endpoint}{path}?{query}&X-Amz-Signature={signature}"),
        headers: vec![("content-type", mime.to_owned())],
    }
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A link that hands a file out as what it was found to be, whatever type it was put there with.
pub(super) async fn get_link(
    s3: &AmazonS3,
    key: &Path,
    served: &Served,
    lasting: Duration,
) -> Result<String, object_store::Error> {
    let options = SignedUrlOptions::default().with_query([
        ("response-content-type", served.mime.as_str()),
        ("response-content-disposition", served.disposition.as_str()),
    ]);
    Ok(s3.signed_url_opts(Method::GET, key, lasting, &options).await?.into())
}
