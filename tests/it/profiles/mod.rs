mod endorsements;
mod profile;
