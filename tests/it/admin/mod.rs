//! Administration: roles, status, and what they do to what is open.
mod mentorship;
mod policies;
mod rights;
