//! Why a socket ends.

/// A close code with the reason that goes with it, at most 123 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Close {
    pub(super) code: u16,
    pub(super) reason: &'static str,
}

macro_rules! closes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $reason:literal;)*) => {
        impl Close {
            $($(#[$doc])* pub(super) const $name: Self = Self { code: $code, reason: $reason };)*
        }
    };
}

closes! {
    /// Nobody in particular, who wants nothing: one who does connects again.
    IDLE = 1000, "Idle: connect again when you need it, or sign in to stay";
    /// The server stops.
    GOING_AWAY = 1001, "The server is going away: connect again";
    /// RFC 6455 was broken.
    PROTOCOL_ERROR = 1002, "Protocol error";
    /// A text that is none.
    NOT_UTF8 = 1007, "Text must be UTF-8";
    /// A message over the limit.
    TOO_LARGE = 1009, "Message too large: at most 64 KiB";
    /// The token cannot be checked at the moment.
    TRY_LATER = 1013, "Try again later: the access token cannot be checked";
    /// A frame that is no message of the protocol.
    BINARY = 4400, "Invalid message: send text";
    /// Not JSON.
    NOT_JSON = 4400, "Invalid message: not a JSON object with `type`";
    /// A type that clients do not send.
    UNKNOWN_TYPE = 4400, "Invalid message: unknown `type`";
    /// Something wrong inside.
    BAD_FIELDS = 4400, "Invalid message: a field is missing or has a wrong type";
    /// Subscribing comes after the acknowledgement.
    UNAUTHORIZED = 4401, "Unauthorized: wait for `connection_ack` first";
    /// The token ended while the socket was open.
    EXPIRED = 4401, "Unauthorized: the access token has expired";
    /// The token was taken back while the socket was open.
    REVOKED = 4401, "Unauthorized: signed out";
    /// The token is not valid.
    FORBIDDEN = 4403, "Forbidden: the access token is invalid or has expired";
    /// No `connection_init` came.
    INIT_TIMEOUT = 4408, "Connection initialisation timeout";
    /// The id of a running operation was used again.
    DUPLICATE = 4409, "Subscriber for this id already exists";
    /// A second `connection_init` came.
    SECOND_INIT = 4429, "Too many initialisation requests";
    /// The member has as many connections as are allowed.
    CROWDED = 4429, "Too many connections of yours are open: close some";
    /// Messages come faster than anybody could mean them.
    FLOOD = 4429, "Too many messages: at most 1000 in 10 seconds";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_fit_into_a_frame() {
        for close in [
            Close::IDLE,
            Close::CROWDED,
            Close::GOING_AWAY,
            Close::BAD_FIELDS,
            Close::UNAUTHORIZED,
            Close::FORBIDDEN,
            Close::NOT_JSON,
        ] {
            assert!(close.reason.len() <= 123, "{}", close.reason);
        }
    }
}
