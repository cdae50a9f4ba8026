//! HTTPS: the certificate and its key, from two files that are read again when they change.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_rustls::TlsAcceptor;

use crate::{app::App, config::TlsConfig};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Why HTTPS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[error("{setting} names {path}, which cannot be read: {source}")]
    File { setting: &'static str, path: PathBuf, source: io::Error },
    #[error("{setting} names {path}, which does not hold {what} in PEM form")]
    NotPem { setting: &'static str, path: PathBuf, what: &'static str },
    #[error(
        "the key that SKILLSWAP_TLS_KEY names cannot be used with the certificate that SKILLSWAP_TLS_CERT names: {0}"
    )]
    Mismatch(rustls::Error),
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
}

/// The two files, and what was last read of them.
#[derive(Debug)]
pub(super) struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
}

/// When the files were last written.
type Written = [SystemTime; 2];

impl Certificate {
    /// Reads the files if the settings name any.
    ///
    /// # Errors
    /// If they cannot be used.
    pub(super) fn read(config: &TlsConfig) -> Result<Option<Arc<Self>>, TlsError> {
        let (Some(cert), Some(key)) = (config.tls_cert.clone(), config.tls_key.clone()) else {
            return Ok(None);
        };
        let provider = Arc::new(ring::default_provider());
        let current = RwLock::new(Arc::new(load(&cert, &key, &provider)?));
        Ok(Some(Arc::new(Self { cert, key, provider, current })))
    }

    /// What encrypts connections.
    ///
    /// # Errors
    /// If the library refuses.
    pub(super) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, TlsError> {
        let versions = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Setup)?;
        let own: Arc<dyn ResolvesServerCert> = Arc::<Self>::clone(self);
        let mut config = versions.with_no_client_auth().with_cert_resolver(own);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Takes the files anew whenever they have changed; those that cannot be used leave the last ones in force.
    pub(super) async fn follow(self: Arc<Self>, app: App) {
        let mut taken = self.written();
        let mut complained = None;
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = app.stopped() => return,
            }
            let written = self.written();
            if written == taken {
                continue;
            }
            match load(&self.cert, &self.key, &self.provider) {
                Ok(new) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                    taken = written;
                    tracing::info!("the certificate was read again");
                }
                // One of the two may be on its way: said once, tried again.
                Err(error) if complained != Some(written) => {
                    complained = Some(written);
                    tracing::warn!(%error, "the changed certificate is not used");
                }
                Err(_) => {}
            }
        }
    }

    fn written(&self) -> Option<Written> {
        let of = |path: &PathBuf| std::fs::metadata(path).and_then(|file| file.modified()).ok();
        Some([of(&self.cert)?, of(&self.key)?])
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn load(cert: &PathBuf, key: &PathBuf, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let unusable = |setting, path: &PathBuf, what| {
        let path = path.clone();
        move |error| match error {
            pem::Error::Io(source) => TlsError::File { setting, path, source },
            _ => TlsError::NotPem { setting, path, what },
        }
    };
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .and_then(|chain| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) })
        .map_err(unusable("SKILLSWAP_TLS_CERT", cert, "a certificate"))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(unusable(
        "SKILLSWAP_TLS_KEY",
        key,
        "a private key without password",
    ))?;
    CertifiedKey::from_der(chain, key, provider).map_err(TlsError::Mismatch)
}
