//! Passwords and addresses.

use async_graphql::{InputObject, SimpleObject};

use crate::{domains::user_error::UserError, payloads};

/// Proves an address.
#[derive(Clone, Debug, InputObject)]
pub struct VerifyEmailInput {
    /// The token of the mailed link.
    pub token: String,
}

/// What `verifyEmail` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct VerifyEmailPayload {
    /// Whether the address is proven now.
    pub email_verified: bool,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

/// Asks for the link of `verifyEmail` again.
#[derive(Clone, Debug, InputObject)]
pub struct RequestEmailVerificationInput {
    /// Returned as it is, for clients that match answers to requests.
    pub client_mutation_id: Option<String>,
}

/// What `requestEmailVerification` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct RequestEmailVerificationPayload {
    /// As in the input.
    pub client_mutation_id: Option<String>,
    /// Whether it was accepted.
    pub accepted: bool,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

/// Asks for a link to a new password.
#[derive(Clone, Debug, InputObject)]
pub struct RequestPasswordResetInput {
    /// The address of the account.
    pub email: String,
}

/// What `requestPasswordReset` did. It is the same whether or not the address has an account.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct RequestPasswordResetPayload {
    /// Whether the request was accepted.
    pub accepted: bool,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

/// Sets a new password by a mailed token.
#[derive(Clone, Debug, InputObject)]
pub struct ResetPasswordInput {
    /// The token of the mailed link.
    pub token: String,
    /// 8 to 128 characters, any; not one of those that everybody tries first.
    pub new_password: String,
}

/// What `resetPassword` did. All devices were signed out: sign in with `logIn`.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct ResetPasswordPayload {
    /// Whether the new password is set.
    pub accepted: bool,
    /// Give it to `logIn` on this device: whoever tried wrong passwords cannot keep it from signing in. `null` for a web page whose
    /// tokens travel in cookies.
    pub device_token: Option<String>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

/// Changes the caller's password.
#[derive(Clone, Debug, InputObject)]
pub struct ChangePasswordInput {
    /// The present one.
    pub current_password: String,
    /// 8 to 128 characters, any; not one of those that everybody tries first.
    pub new_password: String,
}

/// What `changePassword` did. The other devices were signed out; the calling one stays.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct ChangePasswordPayload {
    /// Whether the new password is set.
    pub accepted: bool,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

/// Asks for a new address to sign in with.
#[derive(Clone, Debug, InputObject)]
pub struct RequestEmailChangeInput {
    /// The new address.
    pub new_email: String,
    /// The caller's password.
    pub password: String,
}

/// What `requestEmailChange` did. It is the same whether or not the address has an account. Nothing changes before
/// `confirmEmailChange`.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct RequestEmailChangePayload {
    /// Whether the request was accepted.
    pub accepted: bool,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

/// Makes a new address the account's.
#[derive(Clone, Debug, InputObject)]
pub struct ConfirmEmailChangeInput {
    /// The token of the mailed link.
    pub token: String,
}

/// What `confirmEmailChange` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct ConfirmEmailChangePayload {
    /// Whether the new address is the account's now.
    pub accepted: bool,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

payloads!(
    VerifyEmailPayload,
    RequestEmailVerificationPayload,
    RequestPasswordResetPayload,
    ResetPasswordPayload,
    ChangePasswordPayload,
    RequestEmailChangePayload,
    ConfirmEmailChangePayload,
);
