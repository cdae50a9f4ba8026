mod booking;
mod cancellation;
mod lifecycle;
mod lists;
mod price_quotes;
mod privacy;
