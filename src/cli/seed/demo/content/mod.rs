//! What the demo data are made of: people, skills and sentences.

pub(super) mod people;
pub(super) mod skills;
pub(super) mod texts;
