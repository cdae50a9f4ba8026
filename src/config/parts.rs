//! Settings that belong together: HTTPS, outside identities, limits, payouts, invoices, files.

use std::path::PathBuf;

use clap::Args;

use super::http_url;

/// The certificate with which the server speaks HTTPS itself, in two PEM files that are read again when they change. Without
/// one it speaks HTTP, for a proxy in front that has the certificate.
#[derive(Clone, Debug, Default, Args)]
pub struct TlsConfig {
    /// Certificate of the server, followed by those that signed it.
    #[arg(long, env = "SKILLSWAP_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Its private key.
    #[arg(long, env = "SKILLSWAP_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

/// Who may sign members in for us. A provider without its client id is off.
#[derive(Clone, Debug, Default, Args)]
pub struct IdentityConfig {
    /// Addresses that providers may send members back to, comma separated, exact: pages and app links such as
    /// `skillswap://oauth`. Register the same ones at the providers.
    #[arg(long, env = "SKILLSWAP_OAUTH_REDIRECTS", value_delimiter = ',')]
    pub oauth_redirects: Vec<String>,
    /// Client id at Google.
    #[arg(long, env = "GOOGLE_CLIENT_ID")]
    pub google_client_id: Option<String>,
    /// Client secret at Google.
    #[arg(long, env = "GOOGLE_CLIENT_SECRET", hide_env_values = true)]
    pub google_client_secret: Option<String>,
    /// Google's issuer.
    #[arg(long, env = "GOOGLE_ISSUER", default_value = "https://accounts.google.com", value_parser = safe_url)]
    pub google_issuer: String,
    /// App id at Facebook.
    #[arg(long, env = "FACEBOOK_CLIENT_ID")]
    pub facebook_client_id: Option<String>,
    /// App secret at Facebook.
    #[arg(long, env = "FACEBOOK_CLIENT_SECRET", hide_env_values = true)]
    pub facebook_client_secret: Option<String>,
    /// Facebook's sign-in page.
    #[arg(long, env = "FACEBOOK_DIALOG_URL", default_value = "https://www.facebook.com/v23.0/dialog/oauth", value_parser = safe_url)]
    pub facebook_dialog_url: String,
    /// Facebook's API.
    #[arg(long, env = "FACEBOOK_GRAPH_URL", default_value = "https://graph.facebook.com/v23.0", value_parser = safe_url)]
    pub facebook_graph_url: String,
    /// Issuer of any other provider (Clerk, Auth0, …), found by discovery.
    #[arg(long, env = "OIDC_ISSUER", value_parser = safe_url)]
    pub oidc_issuer: Option<String>,
    /// Client id there.
    #[arg(long, env = "OIDC_CLIENT_ID")]
    pub oidc_client_id: Option<String>,
    /// Client secret there; none for public clients.
    #[arg(long, env = "OIDC_CLIENT_SECRET", hide_env_values = true)]
    pub oidc_client_secret: Option<String>,
    /// Whom access tokens of that issuer are for, comma separated: its tokens are taken as they are if their `aud`, or without
    /// one their `azp`, is among these (Auth0: the API's identifier; Clerk: the web app's origin). None: they are refused.
    #[arg(long, env = "OIDC_AUDIENCES", value_delimiter = ',', requires = "oidc_issuer")]
    pub oidc_audiences: Vec<String>,
    /// Secret of that issuer's webhooks about its people (`POST /webhooks/identity`, signed as Svix does): `whsec_…`.
    #[arg(long, env = "OIDC_WEBHOOK_SECRET", hide_env_values = true, requires = "oidc_issuer")]
    pub oidc_webhook_secret: Option<String>,
}

/// How much callers may ask for in a quarter of an hour, and in one request.
#[derive(Clone, Copy, Debug, Args)]
pub struct LimitsConfig {
    /// Requests of anonymous callers from one place in 15 minutes, and mutations from there that need no signing in; 0 = any
    /// number. By default 100 in production, else 10000.
    #[arg(long, env = "SKILLSWAP_ANONYMOUS_REQUESTS")]
    pub anonymous_requests: Option<u32>,
    /// Points of a signed-in member in 15 minutes; 0 = any number. By default 200000 in production, else 1000000.
    #[arg(long, env = "SKILLSWAP_MEMBER_POINTS")]
    pub member_points: Option<u32>,
    /// Sockets and event streams that one place may keep open without signing in; 0 = any number. By default 200 in
    /// production, else 15000.
    #[arg(long, env = "SKILLSWAP_SOCKETS_PER_PLACE")]
    pub sockets_per_place: Option<u32>,
    /// Sockets and event streams that a signed-in member may keep open; 0 = any number. By default 50 in production,
    /// else 15000.
    #[arg(long, env = "SKILLSWAP_SOCKETS_PER_MEMBER")]
    pub sockets_per_member: Option<u32>,
    /// Seconds after which a socket without a token, on which nothing runs, is closed.
    #[arg(long, env = "SKILLSWAP_IDLE_SOCKET_SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    pub idle_socket_seconds: u32,
    /// Points that one request of an anonymous caller may cost.
    #[arg(long, env = "SKILLSWAP_ANONYMOUS_COST", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub anonymous_cost: u32,
    /// Points that one request of a signed-in member may cost.
    #[arg(long, env = "SKILLSWAP_MEMBER_COST", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub member_cost: u32,
}

/// How earnings become money.
#[derive(Clone, Debug, Args)]
pub struct PayoutConfig {
    /// Currency of payouts, a code of ISO 4217.
    #[arg(long, env = "SKILLSWAP_PAYOUT_CURRENCY", default_value = "USD", value_parser = currency)]
    pub payout_currency: String,
    /// What 100 credits are paid out as, in minor units of that currency (1000 of USD = 10.00 USD).
    #[arg(long, env = "SKILLSWAP_PAYOUT_PER_100_CREDITS", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    pub payout_per_100_credits: u32,
    /// The least that is paid out, in whole credits.
    #[arg(long, env = "SKILLSWAP_PAYOUT_MINIMUM_CREDITS", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub payout_minimum_credits: u32,
}

/// Who sells credits, as invoices say it. A change holds for the invoices that are made after it.
#[derive(Clone, Debug, Args)]
pub struct InvoiceConfig {
    /// Name of the seller.
    #[arg(long, env = "SKILLSWAP_SELLER_NAME", default_value = "SkillSwap", value_parser = line)]
    pub seller_name: String,
    /// Postal address of the seller; commas separate its lines.
    #[arg(long, env = "SKILLSWAP_SELLER_ADDRESS", value_delimiter = ',', value_parser = line)]
    pub seller_address: Vec<String>,
    /// Tax number of the seller.
    #[arg(long, env = "SKILLSWAP_SELLER_TAX_ID", value_parser = line)]
    pub seller_tax_id: Option<String>,
}

/// Where files are kept: in a bucket, or else in the data folder.
#[derive(Clone, Debug, Default, Args)]
pub struct StorageConfig {
    /// Bucket for the files, in S3 or a service that speaks it. Without one they are in the data folder, which several
    /// processes must then share.
    #[arg(long, env = "S3_BUCKET", requires_all = ["s3_access_key_id", "s3_secret_access_key"])]
    pub s3_bucket: Option<String>,
    /// Its region.
    #[arg(long, env = "S3_REGION", default_value = "us-east-1")]
    pub s3_region: String,
    /// Address of the service, if it is not Amazon's. Clients go there too.
    #[arg(long, env = "S3_ENDPOINT", value_parser = safe_url)]
    pub s3_endpoint: Option<String>,
    /// Key to the bucket: its name.
    #[arg(long, env = "S3_ACCESS_KEY_ID")]
    pub s3_access_key_id: Option<String>,
    /// Key to the bucket: its secret.
    #[arg(long, env = "S3_SECRET_ACCESS_KEY", hide_env_values = true)]
    pub s3_secret_access_key: Option<String>,
}

/// Providers of payments: each is on if all its settings are there. Outside production there is the sandbox too.
#[derive(Clone, Debug, Default, Args)]
pub struct PaymentsConfig {
    /// Secret key of Stripe's API: `sk_…` or `rk_…`.
    #[arg(long, env = "STRIPE_SECRET_KEY", hide_env_values = true, requires = "stripe_webhook_secret")]
    pub stripe_secret_key: Option<String>,
    /// Secret of Stripe's webhooks (`POST /webhooks/stripe`): `whsec_…`.
    #[arg(long, env = "STRIPE_WEBHOOK_SECRET", hide_env_values = true, requires = "stripe_secret_key")]
    pub stripe_webhook_secret: Option<String>,
    /// Address of a server that stands in for Stripe.
    #[arg(long, env = "STRIPE_API_URL", value_parser = safe_url)]
    pub stripe_api_url: Option<String>,
    /// Key of Razorpay's API: its id, `rzp_…`.
    #[arg(long, env = "RAZORPAY_KEY_ID", requires_all = ["razorpay_key_secret", "razorpay_webhook_secret"])]
    pub razorpay_key_id: Option<String>,
    /// Key of Razorpay's API: its secret.
    #[arg(long, env = "RAZORPAY_KEY_SECRET", hide_env_values = true)]
    pub razorpay_key_secret: Option<String>,
    /// Secret of Razorpay's webhooks (`POST /webhooks/razorpay`).
    #[arg(long, env = "RAZORPAY_WEBHOOK_SECRET", hide_env_values = true)]
    pub razorpay_webhook_secret: Option<String>,
    /// Address of Razorpay's API.
    #[arg(long, env = "RAZORPAY_API_URL", default_value = "https://api.razorpay.com", value_parser = safe_url)]
    pub razorpay_api_url: String,
    /// Client of PayPal's API: its id.
    #[arg(long, env = "PAYPAL_CLIENT_ID", requires_all = ["paypal_client_secret", "paypal_webhook_id"])]
    pub paypal_client_id: Option<String>,
    /// Client of PayPal's API: its secret.
    #[arg(long, env = "PAYPAL_CLIENT_SECRET", hide_env_values = true)]
    pub paypal_client_secret: Option<String>,
    /// Id of the webhook at PayPal that leads to `POST /webhooks/paypal`.
    #[arg(long, env = "PAYPAL_WEBHOOK_ID")]
    pub paypal_webhook_id: Option<String>,
    /// Address of PayPal's API; `https://api-m.sandbox.paypal.com` for its test accounts.
    #[arg(long, env = "PAYPAL_API_URL", default_value = "https://api-m.paypal.com", value_parser = safe_url)]
    pub paypal_api_url: String,
}

fn currency(text: &str) -> Result<String, String> {
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Ok(text.to_owned())
    } else {
        Err("give a code of ISO 4217 such as EUR".to_owned())
    }
}

fn line(text: &str) -> Result<String, String> {
    let text = text.trim();
    if (1..=80).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err("give 1 to 80 characters on one line".to_owned())
    }
}

/// Secrets go there: encrypted, or to this machine only.
fn safe_url(text: &str) -> Result<String, String> {
    let url = http_url(text)?;
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"].into_iter().any(|origin| {
        url.strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    });
    if url.starts_with("https://") || local {
        Ok(url)
    } else {
        Err("give an address that starts with https://".to_owned())
    }
}
