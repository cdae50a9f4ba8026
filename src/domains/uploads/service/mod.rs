//! Use-cases of uploads: `request`, `receive` and `finalize` are an upload's way; `serve` hands a file out; `avatar` shows
//! one; `sweep` throws away.

pub mod avatar;
pub mod finalize;
pub mod receive;
pub mod request;
pub mod serve;
pub mod sweep;
