//! The store of files: the local disk, or any service that speaks S3.
//!
//! Clients write and read files by links that are signed, and that expire. With S3 the links lead there; for the local
//! disk they lead to our own `/files`. A key is made of ids of ours, never of what a client sent.

pub mod link;
mod local;
pub mod puts;
mod s3;

use std::{ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream::BoxStream};
use object_store::{
    GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, aws::AmazonS3, path::Path,
};

use self::link::Links;
use crate::config::{Config, StorageConfig};

/// What is written at once: small pieces are gathered to about this many bytes.
const PIECE: usize = 256 * 1024;

/// The store failed, or cannot be reached.
#[derive(Debug, thiserror::Error)]
#[error("the store of files")]
pub struct StorageError(#[from] object_store::Error);

/// The store of files.
#[derive(Debug)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    place: Place,
    /// What is being put through this process.
    pub puts: puts::Puts,
}

#[derive(Debug)]
enum Place {
    Disk { links: Links, folder: std::path::PathBuf },
    S3 { signer: Arc<AmazonS3>, config: StorageConfig },
}

/// A link by which a client puts a file into the store.
#[derive(Clone, Debug)]
pub struct PutLink {
    /// Where.
    pub url: String,
    /// Headers to send along.
    pub headers: Vec<(&'static str, String)>,
}

/// How a file is handed out.
#[derive(Clone, Debug)]
pub struct Served {
    /// Its media type.
    pub mime: String,
    /// The value of `Content-Disposition`.
    pub disposition: String,
}

/// A stream of a file's bytes.
pub type Pieces = BoxStream<'static, Result<Bytes, object_store::Error>>;

impl Storage {
    /// The store that the settings name.
    ///
    /// # Errors
    /// If the settings do not name one.
    pub fn new(config: &Config, secret: &str, public_url: &str) -> Result<Self, StorageError> {
        if config.storage.s3_bucket.is_some() {
            let signer = Arc::new(s3::open(&config.storage)?);
            let store: Arc<dyn ObjectStore> = signer.clone();
            return Ok(Self {
                store,
                place: Place::S3 { signer, config: config.storage.clone() },
                puts: puts::Puts::default(),
            });
        }
        let (store, folder) = local::open(&config.data_dir)?;
        let links = Links::new(secret, public_url);
        Ok(Self { store, place: Place::Disk { links, folder }, puts: puts::Puts::default() })
    }

    /// The signer of our own links. `None` if clients go to S3.
    #[must_use]
    pub const fn own_links(&self) -> Option<&Links> {
        match &self.place {
            Place::Disk { links, .. } => Some(links),
            Place::S3 { .. } => None,
        }
    }

    /// A link to put a file of exactly so many bytes under a key, good until `until`. `id` names it in our own links.
    #[must_use]
    pub fn put_link(
        &self,
        id: &str,
        key: &str,
        (mime, bytes): (&str, i64),
        (now, until): (DateTime<Utc>, DateTime<Utc>),
    ) -> PutLink {
        match &self.place {
            Place::Disk { links, .. } => {
                PutLink { url: links.put(id, bytes, until), headers: vec![("content-type", mime.to_owned())] }
            }
            Place::S3 { config, .. } => s3::put_link(config, key, (mime, bytes), (now, lasting(now, until))),
        }
    }

    /// A link to read the file under a key, good until `until`. `id` names it in our own links.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub async fn get_link(
        &self,
        id: &str,
        key: &str,
        served: &Served,
        (now, until): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<String, StorageError> {
        match &self.place {
            Place::Disk { links, .. } => Ok(links.get(id, until)),
            Place::S3 { signer, .. } => {
                Ok(s3::get_link(signer, &Path::from(key), served, lasting(now, until)).await?)
            }
        }
    }

    /// Begins to write a file. It is there once it is finished, and whole.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn write(&self, key: &str) -> Result<Writing, StorageError> {
        let upload = self.store.put_multipart(&Path::from(key)).await?;
        Ok(Writing { upload, pieces: Vec::new(), gathered: 0 })
    }

    /// How many bytes are under a key. `None` if there is nothing.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn size(&self, key: &str) -> Result<Option<u64>, StorageError> {
        match self.store.head(&Path::from(key)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The bytes under a key, or some of them.
    ///
    /// # Errors
    /// If there is nothing, or the store fails.
    pub async fn read(&self, key: &str, range: Option<Range<u64>>) -> Result<Pieces, StorageError> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        Ok(self.store.get_opts(&Path::from(key), options).await?.into_stream())
    }

    /// Copies what is under a key as it is now: writing there later changes the copy no more. `false` if there is nothing.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn copy(&self, from: &str, to: &str) -> Result<bool, StorageError> {
        match self.store.copy(&Path::from(from), &Path::from(to)).await {
            Ok(()) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes what is under a key, if there is something.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn delete(&self, key: &str) -> Result<(), StorageError> {
        match self.store.delete(&Path::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes what a crash left half written before `before`. S3 does that by itself.
    ///
    /// # Errors
    /// If the disk fails.
    pub async fn forget_unfinished(&self, before: DateTime<Utc>) -> std::io::Result<()> {
        let Place::Disk { folder, .. } = &self.place else { return Ok(()) };
        let folder = folder.clone();
        tokio::task::spawn_blocking(move || local::forget_unfinished(&folder, before.into()))
            .await
            .map_err(std::io::Error::other)?
    }
}

fn lasting(now: DateTime<Utc>, until: DateTime<Utc>) -> Duration {
    (until - now).to_std().unwrap_or_default()
}

/// A file on its way into the store. Dropped before it is finished, it leaves nothing behind.
#[derive(Debug)]
pub struct Writing {
    upload: Box<dyn MultipartUpload>,
    pieces: Vec<Bytes>,
    gathered: usize,
}

impl Writing {
    /// Adds bytes at the end.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn add(&mut self, piece: Bytes) -> Result<(), StorageError> {
        self.gathered += piece.len();
        self.pieces.push(piece);
        if self.gathered >= PIECE { self.hand_over().await } else { Ok(()) }
    }

    /// Makes the file durable, and seen under its key instead of what was there before.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn finish(mut self) -> Result<(), StorageError> {
        self.hand_over().await?;
        self.upload.complete().await?;
        Ok(())
    }

    async fn hand_over(&mut self) -> Result<(), StorageError> {
        self.gathered = 0;
        let pieces = std::mem::take(&mut self.pieces);
        if pieces.is_empty() {
            return Ok(());
        }
        Ok(self.upload.put_part(PutPayload::from_iter(pieces)).await?)
    }
}

/// The pieces of a file as errors of ours.
pub fn pieces(pieces: Pieces) -> impl futures_util::Stream<Item = Result<Bytes, StorageError>> + Unpin {
    pieces.map(|piece| piece.map_err(StorageError::from))
}
